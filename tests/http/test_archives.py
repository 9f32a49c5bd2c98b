"""Archives: the right bytes, the right headers, the same everywhere."""
import base64
import hashlib
import json
import os
import subprocess
import zipfile
from io import BytesIO

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import TOOL

WINDOWS64 = f"/tc/{CURRENT}/windows64tc.zip"


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def repr_digest(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def built_by_tool(root, version, slot, out, *options, **environment):
    done = subprocess.run([TOOL, "build", root, "--version", version, "--slot", slot, "-o", out, "--json", *options],
                          capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def contents(body):
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("url, version, slot", [
    ("/tc/windows64tc.zip", NEWEST, "windows64"),
    ("/tc/linux64tc.zip", NEWEST, "linux64"),
    (f"/tc/{OLD}/windows64tc.zip", OLD, "windows64"),
    (f"/tc/{CURRENT}/windows32tc.zip", CURRENT, "windows32"),
    (f"/tc/{CURRENT}/macOS64tc.zip", CURRENT, "macos64"),
    ("/tc/8.3.22/windows64tc.zip", CURRENT, "windows64"),
    ("/tc/8.3/windows64tc.zip", NEWEST, "windows64"),
    ("/tc/8.3/macOS64tc.zip", CURRENT, "macos64"),
])
def test_every_form_of_url_gives_the_files_of_its_version(httpd, shared, url, version, slot):
    answer = httpd(shared["plain"]).get(url)
    assert answer.status == 200
    assert answer.headers["1C-Version"] == version
    size = 3_000_000 if version == NEWEST else 400_000
    assert contents(answer.body) == releases.distribution_files(version, slot, size)


def test_digest_of_module_and_command_line_agree(httpd, shared, folder):
    answer = httpd(shared["plain"]).get(WINDOWS64)
    built = built_by_tool(shared["plain"], CURRENT, "windows64", folder / "out.zip")
    assert (folder / "out.zip").read_bytes() == answer.body
    assert built["sha256"] == sha256(answer.body)
    assert answer.headers["Repr-Digest"] == repr_digest(answer.body)


def test_level_of_module_and_command_line_mean_the_same(httpd, shared, folder):
    answer = httpd(shared["plain"], process="CDistLevel 9").get(WINDOWS64)
    built = built_by_tool(shared["plain"], CURRENT, "windows64", folder / "out.zip", "--level", "9", "--threads", "1")
    assert built["sha256"] == sha256(answer.body)


def test_bytes_by_digest_are_those_bytes_for_ever(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(WINDOWS64).body
    answer = server.get(f"/tc/sha256/{sha256(body)}/windows64tc.zip")
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Cache-Control"] == "max-age=31536000, immutable"
    assert server.get(f"/tc/sha256/{'0' * 64}/windows64tc.zip").status == 404
    assert server.get("/tc/sha256/12ab/windows64tc.zip").status == 400


def test_foreign_readers_accept_the_archive(httpd, shared, folder):
    (folder / "a.zip").write_bytes(httpd(shared["plain"]).get(WINDOWS64).body)
    for command in (["unzip", "-tqq"], ["7zz", "t", "-bd"], ["bsdtar", "-tf"]):
        done = subprocess.run([*command, folder / "a.zip"], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert "data/Описание.txt" in done.stdout


def test_headers_of_an_archive(httpd, shared):
    answer = httpd(shared["plain"]).get("/tc/windows64tc.zip")
    headers = answer.headers
    assert headers["ETag"].startswith(f'"{sha256(answer.body)[:32]}')
    assert headers["Content-Length"] == str(len(answer.body))
    assert headers["Content-Type"] == "application/zip"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["1C-Version"] == NEWEST
    assert headers["Content-Location"] == f"/tc/{NEWEST}/windows64tc.zip"
    assert headers["Content-Disposition"] == 'attachment; filename="windows64tc.zip"'
    assert headers["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in headers


def test_head_has_the_headers_of_get(httpd, shared):
    server = httpd(shared["plain"])
    head, get = server.get(WINDOWS64, method="HEAD"), server.get(WINDOWS64)
    assert (head.status, head.body) == (200, b"")
    assert {k: v for k, v in head.headers.items() if k != "Date"} == \
        {k: v for k, v in get.headers.items() if k != "Date"}
    assert server.cache_counts(WINDOWS64, 1) == {"hit": 1}


def test_head_of_a_problem_has_no_body(httpd, shared):
    head = httpd(shared["plain"]).get("/tc/8.3.99.1/windows64tc.zip", method="HEAD")
    assert (head.status, head.body) == (404, b"")


def test_options_lists_get_and_head(httpd, shared):
    answer = httpd(shared["plain"]).get(WINDOWS64, method="OPTIONS")
    assert answer.status == 200
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.headers["Allow"].split(",")}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(httpd, shared, method):
    server = httpd(shared["plain"])
    answer = server.get(WINDOWS64, method=method, body=b"x" * 1000)
    assert answer.status == 405
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.headers["Allow"].split(",")}
    assert server.get(WINDOWS64).status == 200


@pytest.mark.parametrize("name", ["WINDOWS64TC.ZIP", "win64tc.zip", "Windows-x86_64.zip", "windows_amd64tc.zip",
                                  "win64.zip"])
def test_any_case_and_usual_synonyms_name_the_slot(httpd, shared, name):
    server = httpd(shared["plain"])
    answer = server.get(f"/tc/{CURRENT}/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Location"] == WINDOWS64
    assert answer.body == server.get(WINDOWS64).body


def test_one_tree_has_one_digest_wherever_and_however_it_was_made(folder):
    files = releases.distribution_files(CURRENT, "windows64")
    digests = set()
    for number, (order, zone, mask) in enumerate(((sorted, "UTC", 0o022), (lambda f: sorted(f, reverse=True),
                                                                            "Asia/Kamchatka", 0o077))):
        root = folder / f"root{number}" / ("x" * 10 * number + "r")
        before = os.umask(mask)
        try:
            releases.write_files(root / CURRENT / "windows64", files, order)
        finally:
            os.umask(before)
        os.utime(root / CURRENT / "windows64" / "setup.exe", (1e9 + number, 1e9 + number))
        built = built_by_tool(root, CURRENT, "windows64", folder / f"{number}.zip", TZ=zone, LC_ALL="C")
        digests.add(built["sha256"])
    assert len(digests) == 1


def test_two_servers_with_copies_of_a_tree_serve_one_digest(httpd, shared, folder):
    releases.add_release(folder / "copy", CURRENT)
    releases.age(folder / "copy")
    first, second = httpd(shared["plain"]).get(WINDOWS64), httpd(folder / "copy", mpm="prefork").get(WINDOWS64)
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.body == second.body


def test_ready_archive_is_served_byte_for_byte(httpd, shared):
    body = (shared["ready"] / CURRENT / "distr" / "windows64tc.zip").read_bytes()
    server = httpd(shared["ready"])
    for _ in range(2):
        answer = server.get("/tc/windows64tc.zip")
        assert (answer.status, answer.headers["1C-Version"]) == (200, CURRENT)
        assert answer.body == body
        assert answer.headers["Repr-Digest"] == repr_digest(body)


def test_archive_copied_into_the_published_folder_is_served_byte_for_byte(httpd, shared):
    server = httpd(shared["plain"])
    body = releases.add_ready(server.published("/tc") / "windows64tc.zip", "published by hand")
    answer = server.get_until("/tc/windows64tc.zip")
    assert answer.body == body
    assert "Last-Modified" not in answer.headers
    assert server.get(WINDOWS64).headers["1C-Version"] == CURRENT
    server.allow("CD0015")


def test_damaged_ready_archive_is_not_served(httpd, folder):
    path = folder / "root" / CURRENT / "distr" / "windows64tc.zip"
    body = bytearray(releases.add_ready(path, "damaged"))
    body[500] ^= 0xFF
    path.write_bytes(body)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    answer = server.get("/tc/windows64tc.zip")
    assert answer.status == 503
    assert answer.headers["Retry-After"].isdigit()
    assert server.logged("CD0016")
    server.allow("CD0016")
