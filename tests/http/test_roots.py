"""Roots that are away, and what lies in them: nothing but archives comes out."""
import json
import os

import pytest

import releases
from conftest import CURRENT, NEWEST
from harness import IS_ROOT, wait_until

NAME = "windows64tc.zip"


def test_missing_root_warns_and_answers_503_while_others_work(httpd, shared, folder):
    away = folder / "away" / "secret-share"
    server = httpd({"/away": f'CDistRoot "{away}"', "/tc": f'CDistRoot "{shared["plain"]}"'})
    assert str(away) in server.logged("CD0101")[0]
    server.allow("CD0101", "CD0020")
    for url in (f"/away/{NAME}", f"/away/{CURRENT}/{NAME}", f"/away/8.3/{NAME}", "/away/index.json", "/away/"):
        answer = server.get(url)
        assert answer.status == 503, url
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"].isdigit()
        assert "secret-share" not in answer.body.decode() and str(folder) not in answer.body.decode()
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == NEWEST
    releases.add_release(away, CURRENT)
    assert server.get_until(f"/away/{NAME}").headers["1C-Version"] == CURRENT


def test_one_of_two_roots_away_never_makes_an_older_version_newest(httpd, shared, folder):
    server = httpd([shared["plain"], folder / "away"])
    server.allow("CD0101", "CD0020")
    assert server.get(f"/tc/{NAME}").status == 503
    assert server.get(f"/tc/8.3/{NAME}").status == 503
    assert server.get(f"/tc/{CURRENT}/{NAME}").headers["1C-Version"] == CURRENT
    assert server.get(f"/tc/8.3.99.1/{NAME}").status == 503


def test_page_shows_what_the_other_roots_hold_and_which_cannot_be_read(httpd, shared, folder):
    away = folder / "secret-share"
    server = httpd([shared["plain"], away])
    server.allow("CD0101", "CD0020")
    for language, said in (("en", "cannot be read"), ("ru", "Не читаются")):
        answer = server.get("/tc/", {"Accept-Language": language})
        text = answer.body.decode()
        assert answer.status == 200 and f"<h2>{NEWEST}" in text and f"<h2>{CURRENT}" in text
        notes = [line for line in text.splitlines() if "CDistRoot" in line]
        assert len(notes) == 1 and said in notes[0] and ": 2<" in notes[0]
        assert "secret-share" not in text and 'class="mark"' not in text and "conf.cfg" not in text
    for url, accept in (("/tc/index.json", "*/*"), ("/tc/", "application/json")):
        refused = server.get(url, {"Accept": accept})
        assert (refused.status, refused.headers["Content-Type"]) == (503, "application/problem+json")
        assert refused.headers["Retry-After"].isdigit(), "a branch that mirrors it must not take releases for gone"
    away.mkdir()
    server.get_until("/tc/index.json")
    whole = server.get("/tc/")
    assert whole.status == 200 and "CDistRoot" not in whole.body.decode() and 'class="mark"' in whole.body.decode()
    assert whole.headers["ETag"] != answer.headers["ETag"]


def test_page_shows_a_current_version_that_no_root_can_change(httpd, shared, folder):
    server = httpd([folder / "away", shared["plain"]], current=CURRENT)
    server.allow("CD0101", "CD0020")
    text = server.get("/tc/").body.decode()
    assert 'class="mark"' in text and "PublishDistributiveLocationWindows64" in text
    assert [line for line in text.splitlines() if "CDistRoot" in line and ": 1<" in line]
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT
    assert server.get("/tc/index.json").status == 503


def test_unreadable_root_is_503(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    releases.age(folder / "root")
    (folder / "root").chmod(0)
    server = httpd(folder / "root")
    server.allow("CD0101", "CD0020")
    answer = server.get(f"/tc/{NAME}")
    assert answer.status == 503
    assert str(folder) not in answer.body.decode()
    (folder / "root").chmod(0o755)
    assert server.get_until(f"/tc/{NAME}").headers["1C-Version"] == CURRENT


def test_unreadable_root_is_in_the_log_once(httpd, folder):
    server = httpd(folder / "away", process="CDistScanInterval 0\n", mpm="prefork")
    server.allow("CD0101", "CD0020")
    for _ in range(10):
        assert server.get(f"/tc/{NAME}").status == 503
    by_child = {}
    for line in server.logged("CD0020"):
        pid = line.split("[pid ")[1].split("]")[0].split(":")[0]
        by_child[pid] = by_child.get(pid, 0) + 1
    assert set(by_child.values()) == {1}


def test_empty_root_is_404(httpd, folder):
    (folder / "root").mkdir()
    server = httpd(folder / "root")
    server.allow("CD0106")
    answer = server.get(f"/tc/{NAME}")
    assert answer.status == 404
    assert json.loads(answer.body)["available"] == []


def test_location_without_root_is_a_problem_that_says_so(httpd):
    server = httpd({"/tc": ""})
    server.allow("CD0113")
    answer = server.get(f"/tc/{NAME}")
    assert answer.status == 404
    assert "CDistRoot" in json.loads(answer.body)["detail"]


HTACCESS = "DirectoryIndex Setup.ini\nOptions +Indexes\nSetHandler default-handler\n"


@pytest.mark.parametrize("htaccess", ["", HTACCESS])
def test_no_file_of_a_platform_folder_is_ever_exposed(httpd, shared, htaccess):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  Options Indexes\n  AllowOverride All'},
                   modules=["dir", "autoindex"])
    if htaccess:
        (server.published("/tc") / ".htaccess").write_text(htaccess)
    server.allow("AH01276", "AH01797", "AH01630")
    for path in (f"/{CURRENT}/windows64/Setup.ini", f"/{CURRENT}/windows64/setup.exe", f"/{CURRENT}/", f"/{CURRENT}",
                 f"/{CURRENT}/windows64/", f"/{CURRENT}/windows64", "/Setup.ini"):
        answer = server.get("/tc" + path)
        assert answer.status in (403, 404), path
        assert b"ProductVersion" not in answer.body


def test_index_modules_do_not_take_the_base_url(httpd, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  Options Indexes\n  DirectoryIndex index.html'},
                   modules=["dir", "autoindex"])
    answer = server.get("/tc/")
    assert answer.status == 200
    assert b"Index of" not in answer.body
    assert CURRENT.encode() in answer.body
    assert server.get(f"/tc/{CURRENT}/{NAME}").status == 200


def test_file_in_the_published_folder_that_is_no_archive_is_not_served(httpd, shared):
    server = httpd(shared["plain"])
    (server.published("/tc") / "notes.txt").write_text("internal")
    assert server.get("/tc/notes.txt").status == 404


def test_compression_does_not_touch_archives(httpd, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  SetOutputFilter DEFLATE'},
                   modules=["filter", "deflate"])
    url = f"/tc/{CURRENT}/{NAME}"
    plain, asked = server.get(url), server.get(url, {"Accept-Encoding": "gzip, deflate, br"})
    assert "Content-Encoding" not in asked.headers
    assert asked.body == plain.body
    assert asked.headers["ETag"] == plain.headers["ETag"]
    assert asked.headers["Content-Length"] == str(len(plain.body))
    part = server.get(url, {"Accept-Encoding": "gzip", "Range": "bytes=10-19", "If-Range": plain.headers["ETag"]})
    assert (part.status, part.body) == (206, plain.body[10:20])
    assert server.get(url, {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["ETag"]}).status == 304


def test_location_instead_of_alias_works(httpd, shared):
    extra = f'<Location "/loc">\n  SetHandler 1cdist\n  CDistRoot "{shared["plain"]}"\n</Location>\n'
    server = httpd({}, extra=extra)
    answer = server.get(f"/loc/{CURRENT}/{NAME}")
    assert answer.status == 200
    assert answer.headers["Content-Location"] == f"/loc/{CURRENT}/{NAME}"


def test_link_out_of_a_release_is_not_followed(httpd, folder):
    release = releases.add_release(folder / "root", CURRENT)
    (folder / "secret.txt").write_text("secret")
    (release / "windows64" / "leak.txt").symlink_to(folder / "secret.txt")
    releases.age(folder / "root")
    server = httpd(folder / "root")
    server.allow("CD0020", "CD0016")
    answer = server.get(f"/tc/{CURRENT}/{NAME}")
    assert answer.status == 503
    assert str(folder).encode() not in answer.body, "where the link leads is for the log only"
    assert wait_until(lambda: "leak.txt" in server.errors(), "the link is in the log")


def test_release_whose_setup_ini_names_another_version_is_not_offered(httpd, folder):
    releases.write_files(folder / "root" / NEWEST / "windows64", releases.distribution_files(CURRENT, "windows64"))
    releases.age(folder / "root")
    server = httpd(folder / "root")
    answer = server.get(f"/tc/{NEWEST}/{NAME}")
    assert answer.status == 503
    server.allow("CD0020")
    (line,) = set(line.partition("CD0020:")[2] for line in server.wait_logged("CD0020"))
    assert CURRENT in line and NEWEST in line and "ProductVersion" in line
    assert server.logged("CD0020")
    server.allow("CD0020")


@pytest.mark.skipif(not IS_ROOT, reason="only root can start children as another user")
def test_children_do_not_run_as_root(httpd, shared):
    server = httpd(shared["plain"])
    # A child that was just made gives up its rights a moment later.
    wait_until(lambda: all(os.stat(f"/proc/{pid}").st_uid != 0 for pid in server.children()), "no child is root")


def test_ready_archive_that_vanished_is_503_without_its_path(httpd, folder):
    archive = folder / "root" / CURRENT / "distr" / "windows64tc.zip"
    releases.add_ready(archive, "by hand")
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistScanInterval 3600\n")
    assert server.get("/tc/index.json").status == 200
    archive.unlink()
    server.allow("CD0015")
    for child_has_scanned in range(20):
        answer = server.get(f"/tc/{CURRENT}/windows64tc.zip")
        assert answer.status in (404, 503)
        assert str(folder).encode() not in answer.body
