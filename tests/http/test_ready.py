"""Ready archives: in <version>/distr/, and copied by hand into the published folder."""
import json
import os
import zipfile

import pytest

import releases
from conftest import CURRENT, NEWEST
from harness import IS_ROOT

NAME = "windows64tc.zip"


def pack(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.read_bytes()


@pytest.mark.parametrize("files, reason", [
    (releases.distribution_files(NEWEST, "windows64", 10_000), "Setup.ini"),
    ({f"setup-thin-{NEWEST}-x86_64.run": b"#!/bin/sh\n"}, f"setup-thin-{NEWEST}-x86_64.run"),
    ({}, "is empty"),
    ({"../evil": b"x"}, "leads out"),
])
def test_ready_archive_that_is_not_what_it_is_offered_as_is_refused(httpd, folder, files, reason):
    pack(folder / "root" / CURRENT / "distr" / NAME, files)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    server.allow("CD0016")
    answer = server.get(f"/tc/{CURRENT}/{NAME}")
    assert answer.status == 503
    assert "damaged" in json.loads(answer.body)["detail"]
    assert reason in server.wait_logged("CD0016")[0]


def test_ready_archive_of_the_right_version_is_served_as_it_is(httpd, folder):
    body = pack(folder / "root" / CURRENT / "distr" / NAME, releases.distribution_files(CURRENT, "windows64", 10_000))
    releases.age(folder / "root")
    answer = httpd(folder / "root").get(f"/tc/{CURRENT}/{NAME}")
    assert (answer.status, answer.body) == (200, body)


def test_pipe_in_the_place_of_a_ready_archive_holds_no_worker(httpd, folder):
    path = folder / "root" / CURRENT / "distr" / NAME
    body = pack(path, releases.distribution_files(CURRENT, "windows64", 10_000))
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistScanInterval 3600\n")
    assert server.get(f"/tc/{CURRENT}/{NAME}").body == body
    path.unlink()
    os.mkfifo(path)
    server.allow("CD0015", "CD0020")
    answers = [server.get(f"/tc/{CURRENT}/{NAME}") for _ in range(3)]
    assert all(answer.status in (404, 503) for answer in answers), answers
    assert answers[0].status == 503 and "Retry-After" in answers[0].headers


def test_archive_published_by_hand_answers_in_any_case_and_has_its_own_manifest(httpd, shared):
    server = httpd(shared["plain"])
    body = pack(server.published("/tc") / NAME, {"setup.exe": b"by hand"})
    answer = server.get_until(f"/tc/{NAME}")
    while answer.body != body:
        answer = server.get_until(f"/tc/{NAME}")
    assert server.get("/tc/Windows64TC.ZIP").body == body
    manifest = json.loads(server.get(f"/tc/{NAME}.manifest").body)
    assert [entry["name"] for entry in manifest["entries"]] == ["setup.exe"]
    assert manifest["archive"]["bytes"] == len(body)
    assert server.get(f"/tc/{CURRENT}/{NAME}").headers["1C-Version"] == CURRENT


@pytest.mark.skipif(not IS_ROOT, reason="skipped: only root serves as another user")
def test_unreadable_archive_published_by_hand_is_never_replaced_by_a_release(httpd, shared):
    server = httpd(shared["plain"])
    pack(server.published("/tc") / NAME, {"setup.exe": b"by hand"})
    os.chmod(server.published("/tc") / NAME, 0o600)
    answer = server.get(f"/tc/{NAME}")
    assert answer.status == 503
    assert "Permission denied" in json.loads(answer.body)["detail"]


def test_link_published_by_hand_is_followed_only_as_httpd_itself_would(httpd, shared, folder):
    body = pack(folder / "elsewhere.zip", {"setup.exe": b"by hand"})
    releases.age(folder)
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  Options -FollowSymLinks'})
    (server.published("/tc") / NAME).symlink_to(folder / "elsewhere.zip")
    server.allow("AH00037")
    assert server.get(f"/tc/{NAME}").status == 403
    for name in (NAME + ".manifest", "Windows64TC.ZIP"):
        answer = server.get(f"/tc/{name}")
        assert (answer.status, answer.headers["1C-Version"]) == (200, NEWEST)
        assert answer.body != body
