"""The table of URLs, as an overview: each form, what it answers, and the headers that caches and clients go by."""
import hashlib
import json
import re

import pytest

from conftest import CURRENT, NEWEST

MPMS = ["event", "worker", "prefork"]
FILE, ABSENT = "windows64tc.zip", "linux-e2k.zip"
STRONG = re.compile(r'"[0-9a-f]{32}(-manifest)?"')
NONE = "0" * 64

# Path below the base, status, the version that is sent; {sha} is the digest of NEWEST's archive. Each row is asked for
# as it stands, and with .manifest.
ARCHIVES = [
    (FILE, 200, NEWEST), ("win64tc.zip", 200, NEWEST), (f"{CURRENT}/{FILE}", 200, CURRENT),
    (f"{NEWEST}/{FILE}", 200, NEWEST), (f"8.3.22/{FILE}", 200, CURRENT), (f"8.3/{FILE}", 200, NEWEST),
    ("8.3/macOS64tc.zip", 200, CURRENT), (f"sha256/{{sha}}/{FILE}", 200, None),
    # NB: bytes are found by their digest alone; the name only says what to call them.
    (f"sha256/{{sha}}/{ABSENT}", 200, None),
    # What is not here: version, slot of a version, mask, digest, anything else.
    (ABSENT, 404, None), ("nothing.zip", 404, None), (f"8.3.99.1/{FILE}", 404, None),
    (f"{CURRENT}/{ABSENT}", 404, None), (f"{CURRENT}/nothing.zip", 404, None), (f"8.3.99/{FILE}", 404, None),
    (f"8.3.22/{ABSENT}", 404, None),
    (f"8.9/{FILE}", 404, None), (f"8.3/{ABSENT}", 404, None), ("8.3/nothing.zip", 404, None),
    (f"sha256/{NONE}/{FILE}", 404, None), ("sha256/{sha}/nothing.zip", 404, None), (f"other/{FILE}", 404, None),
    (f"{CURRENT}/{CURRENT}/{FILE}", 404, None), (f"{CURRENT}/", 404, None),
    # What means nothing.
    (f"{CURRENT}.1/{FILE}", 400, None), (f"8/{FILE}", 400, None), (f"8..3/{FILE}", 400, None),
    (f"8.3.x/{FILE}", 400, None), (f"08.3/{FILE}", 400, None), (f"sha256/12ab/{FILE}", 400, None),
    (f"sha256/{'A' * 64}/{FILE}", 400, None), (f"sha256/{NONE}", 400, None), (f"sha256//{FILE}", 400, None)]
# The URL without a version may carry one in its query.
QUERIES = [(FILE, "?version=" + CURRENT, 200, CURRENT), (FILE, "?version=8.3.22", 200, CURRENT),
           (FILE, "?version=8.3.99.1", 404, None), (FILE, "?version=8", 400, None), (FILE, "?version=", 400, None),
           (ABSENT, "?version=" + CURRENT, 404, None), (f"{NEWEST}/{FILE}", "?version=" + CURRENT, 200, NEWEST)]


def rows(digest):
    """(path, query, status, version) of everything about archives."""
    table = [(path, "", status, version) for path, status, version in ARCHIVES] + QUERIES
    return [(path.replace("{sha}", digest) + suffix, query, status, version)
            for path, query, status, version in table for suffix in ("", ".manifest")]


def is_negotiated(path):
    """Whether headers may have a say: the URL leaves the version open."""
    folder, slash, file = path.rpartition("/")
    return not file.startswith("nothing") and (not slash or re.fullmatch(r"[1-9]\d*\.\d+(\.\d+)?", folder) is not None)


def expected(path, status, version):
    """The headers that an answer must have; None: it must not be there."""
    file = path.rpartition("/")[2].removesuffix(".manifest")
    file, suffix = FILE if file == "win64tc.zip" else file, ".manifest" if path.endswith(".manifest") else ""
    good = status == 200
    kind = "application/zip" if good and not suffix else "application/json" if good else "application/problem+json"
    cache = "no-store" if not good else "max-age=31536000, immutable" if path.startswith("sha256/") else "no-cache"
    return {"Content-Type": kind, "Cache-Control": cache, "Last-Modified": None, "1C-Version": version,
            "Content-Location": f"/tc/{version}/{file}{suffix}" if version else None,
            "Vary": "1C-Version,1C-Arch" if is_negotiated(path) else None,
            "Retry-After": None, "Accept-Ranges": "bytes" if good and not suffix else None,
            "Content-Disposition": f'attachment; filename="{file}"' if good and not suffix else None}


def assert_head(server, path, get):
    """HEAD has the headers of GET and no body."""
    head = server.get(path, method="HEAD")
    assert (head.status, head.body) == (get.status, b""), path
    assert sorted(item for item in head.headers.items() if item[0] != "Date") == \
        sorted(item for item in get.headers.items() if item[0] != "Date"), path


def assert_tag(answer, path, digest):
    """A good answer has a strong tag that starts the digest; a problem has none."""
    tag = answer.headers["ETag"]
    if answer.status != 200:
        assert tag is None, path
        assert json.loads(answer.body)["status"] == answer.status, path
        return
    assert STRONG.fullmatch(tag), (path, tag)
    assert tag.endswith('-manifest"') == path.endswith(".manifest"), (path, tag)
    if answer.headers["1C-Version"] == NEWEST and "win" in path or path.startswith("sha256/"):
        assert tag[1:33] == digest[:32], path


@pytest.mark.parametrize("mpm", MPMS)
def test_every_form_of_url_has_its_status_and_headers(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm)
    digest = hashlib.sha256(server.get("/tc/" + FILE).body).hexdigest()
    wrong = {}
    for path, query, status, version in rows(digest):
        url = f"/tc/{path}{query}"
        answer = server.get(url)
        headers = expected(path, status, version)
        seen = {name: answer.headers[name] for name in headers}
        if (answer.status, seen) != (status, headers):
            wrong[url] = f"{answer.status} {seen}, expected {status} {headers}"
        assert_tag(answer, path, digest)
        assert_head(server, url, answer)
    assert not wrong


@pytest.mark.parametrize("mpm", MPMS)
def test_the_base_and_the_index_are_json_for_who_asks_for_it(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm)
    index = server.get("/tc/index.json")
    assert (index.status, index.headers["Content-Type"]) == (200, "application/json")
    assert STRONG.fullmatch(index.headers["ETag"])
    assert index.headers["Cache-Control"] == "no-cache"
    for name in ("Last-Modified", "1C-Version", "Content-Location"):
        assert name not in index.headers
    assert_head(server, "/tc/index.json", index)
    base = server.get("/tc/", {"Accept": "application/json"})
    assert (base.status, base.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(base.body)["releases"] == json.loads(index.body)["releases"]
    assert "Last-Modified" not in base.headers
    # Without the slash the same, or the way to it.
    bare = server.get("/tc", {"Accept": "application/json"})
    assert (bare.status == 200 and bare.headers["Content-Type"] == "application/json") or \
        (bare.status in (301, 308) and bare.headers["Location"].endswith("/tc/"))
    for path in ("index.json/", "index.json/x", f"{CURRENT}/index.json", "8.3/index.json", "Index.json"):
        answer = server.get("/tc/" + path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json"), path
