"""CDistLayout: where the files lie in an archive."""
import json
import subprocess
import zipfile
from io import BytesIO

import pytest

import releases
from conftest import CURRENT
from harness import TOOL

SLOTS = {"windows64": "windows64tc.zip", "windows32": "windows32tc.zip", "linux64": "linux64tc.zip",
         "macos64": "macOS64tc.zip"}


def contents(body):
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def run(*args):
    return subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=60)


@pytest.fixture
def server(httpd, shared):
    root = f'CDistRoot "{shared["plain"]}"'
    return httpd({"/flat": root + "\n  CDistLayout flat", "/folder": root + "\n  CDistLayout FOLDER", "/unset": root})


@pytest.mark.parametrize("slot", SLOTS)
def test_every_name_begins_with_slot_and_version(server, slot):
    flat, folder = (contents(server.get(f"/{url}/{CURRENT}/{SLOTS[slot]}").body) for url in ("flat", "folder"))
    assert flat == releases.distribution_files(CURRENT, slot)
    assert folder == {f"{slot}-{CURRENT}/{name}": content for name, content in flat.items()}


def test_layouts_have_archives_tags_and_facts_of_their_own(server):
    url = f"{CURRENT}/windows64tc.zip"
    flat = server.get(f"/flat/{url}")
    assert server.get(f"/unset/{url}").headers["ETag"] == flat.headers["ETag"]

    def built(publication):
        index = json.loads(server.get(f"/{publication}/index.json").body)
        return [row["built"] for release in index["releases"] for row in release["slots"] if row["url"] == url]
    assert (built("flat"), built("unset"), built("folder")) == ([True], [True], [False])
    folder = server.get(f"/folder/{url}")
    assert folder.headers["ETag"] != flat.headers["ETag"]
    assert built("folder") == [True]
    assert server.get(f"/flat/{url}", {"If-None-Match": folder.headers["ETag"]}).status == 200
    assert server.get(f"/folder/{url}", {"If-None-Match": folder.headers["ETag"]}).status == 304
    names = {entry["name"] for entry in json.loads(server.get(f"/folder/{url}.manifest").body)["entries"]}
    assert all(name.startswith(f"windows64-{CURRENT}/") for name in names)
    assert server.get(f"/flat/{url}").body == flat.body


def test_ready_archives_stay_as_they_are(httpd, shared):
    body = (shared["ready"] / CURRENT / "distr" / "windows64tc.zip").read_bytes()
    server = httpd({"/folder": f'CDistRoot "{shared["ready"]}"\n  CDistLayout folder'})
    assert server.get(f"/folder/{CURRENT}/windows64tc.zip").body == body


@pytest.mark.parametrize("slot", SLOTS)
def test_archive_unpacked_under_a_root_is_found_again(server, folder, slot):
    with zipfile.ZipFile(BytesIO(server.get(f"/folder/{CURRENT}/{SLOTS[slot]}").body)) as archive:
        archive.extractall(folder / "root")
    done = run("scan", "--json", folder / "root")
    assert done.returncode == 0, done.stderr
    (row,) = (json.loads(line) for line in done.stdout.splitlines())
    assert (row["version"], row["slot"], row["source"]) == (CURRENT, slot, "distribution")
    assert row["path"] == str(folder / "root" / f"{slot}-{CURRENT}")


@pytest.mark.parametrize("slot", ["windows64", "linux64"])
def test_installed_platform_unpacked_under_a_root_is_found_again(httpd, folder, slot):
    releases.add_installed(folder / "root", CURRENT, slot)
    releases.age(folder / "root")
    server = httpd({"/tc": f'CDistRoot "{folder}/root"\n  CDistLayout folder'})
    with zipfile.ZipFile(BytesIO(server.get(f"/tc/{SLOTS[slot]}").body)) as archive:
        archive.extractall(folder / "again")
    (row,) = (json.loads(line) for line in run("scan", "--json", folder / "again").stdout.splitlines())
    assert (row["version"], row["slot"], row["source"], row["installable"]) == (CURRENT, slot, "installed", False)


@pytest.mark.parametrize("layout", ["flat", "folder"])
def test_tool_builds_the_same_bytes(server, shared, folder, layout):
    done = run("build", shared["plain"], "--version", CURRENT, "--slot", "linux64", "--layout", layout,
               "-o", folder / "a.zip")
    assert done.returncode == 0, done.stderr
    assert (folder / "a.zip").read_bytes() == server.get(f"/{layout}/{CURRENT}/linux64tc.zip").body


def test_tool_refuses_a_layout_that_is_none(shared, folder):
    done = run("build", shared["plain"], "--version", CURRENT, "--slot", "linux64", "--layout", "Deep",
               "-o", folder / "a.zip")
    assert done.returncode == 2
    assert "flat or folder" in done.stderr and not (folder / "a.zip").exists()


def test_inner_layout_replaces_the_outer_one(httpd, shared):
    root = f'CDistRoot "{shared["plain"]}"'
    server = httpd({"/inherits": root, "/own": root + "\n  CDistLayout flat"}, process="CDistLayout folder\n")
    path = f"{CURRENT}/linux64tc.zip"
    assert all(name.startswith("linux64-") for name in contents(server.get(f"/inherits/{path}").body))
    assert not any(name.startswith("linux64-") for name in contents(server.get(f"/own/{path}").body))
