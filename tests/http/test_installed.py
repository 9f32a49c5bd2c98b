"""Installed platform directories: handed out whole but for what is private, and only where no installer is."""
import json
import subprocess
import zipfile
from io import BytesIO

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import IS_ROOT, TOOL

NAME = "windows64tc.zip"


def contents(body):
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def index_rows(server, url="/tc"):
    rows = []
    for release in json.loads(server.get(f"{url}/index.json").body)["releases"]:
        rows += [(release["version"], row["slot"], row["source"], row["installable"]) for row in release["slots"]]
    return rows


@pytest.fixture(scope="module")
def places(scratch):
    """Roots that no test changes: installed platforms alone, and beside older and newer installers."""
    roots = {name: scratch / "installed" / name for name in ("alone", "opt", "mixed")}
    releases.add_installed(roots["alone"], OLD)
    releases.add_installed(roots["alone"], CURRENT)
    for slot, arch in (("linux64", "x86_64"), ("linux32", "i386")):
        releases.add_installed(roots["opt"] / arch, CURRENT, slot)
    releases.add_installed(roots["mixed"], NEWEST)
    releases.add_release(roots["mixed"], CURRENT)
    releases.add_release(roots["mixed"], OLD)
    releases.age(*roots.values())
    return roots


@pytest.mark.parametrize("path, version", [(f"{CURRENT}/", CURRENT), (f"{OLD}/", OLD), ("8.3.22/", CURRENT),
                                           ("8.3/", CURRENT), ("", CURRENT)])
def test_installed_platform_is_handed_out_without_what_is_private(httpd, places, path, version):
    answer = httpd(places["alone"]).get(f"/tc/{path}{NAME}")
    assert (answer.status, answer.headers["1C-Version"]) == (200, version)
    assert contents(answer.body) == releases.installed_files(version)
    assert b"secret" not in answer.body


def test_manifest_and_index_tell_nothing_of_what_is_private(httpd, places):
    server = httpd(places["alone"])
    entries = json.loads(server.get(f"/tc/{CURRENT}/{NAME}.manifest").body)["entries"]
    assert {entry["name"] for entry in entries} == set(releases.installed_files(CURRENT))
    assert index_rows(server) == [(CURRENT, "windows64", "installed", False), (OLD, "windows64", "installed", False)]


def test_root_above_the_architectures_is_understood(httpd, places):
    server = httpd(places["opt"])
    assert index_rows(server) == [(CURRENT, "linux32", "installed", False), (CURRENT, "linux64", "installed", False)]
    for name, slot in (("linux64tc.zip", "linux64"), ("linux32tc.zip", "linux32")):
        assert contents(server.get(f"/tc/{name}").body) == releases.installed_files(CURRENT, slot)


def test_older_release_with_an_installer_goes_before_an_installed_one(httpd, places):
    server = httpd(places["mixed"])
    for path, version in (("", CURRENT), ("8.3/", CURRENT), ("8.3.22/", CURRENT), ("8.3.25/", NEWEST),
                          (f"{NEWEST}/", NEWEST)):
        answer = server.get(f"/tc/{path}{NAME}")
        assert (answer.status, answer.headers["1C-Version"]) == (200, version), path
    index = json.loads(server.get("/tc/index.json").body)
    assert index["current"] == CURRENT
    assert [row["version"] for row in index["releases"]] == [NEWEST, CURRENT, OLD]


def test_current_that_is_said_may_be_an_installed_platform(httpd, places):
    server = httpd(places["mixed"], current=NEWEST)
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == NEWEST


def test_each_publication_decides_whether_installed_platforms_count(httpd, places):
    root = f'CDistRoot "{places["mixed"]}"\n  CDistInstalled '
    server = httpd({"/off": root + "Off", "/on": root + "on", "/advertise": root + "advertise"})
    answer = server.get(f"/off/{NEWEST}/{NAME}")
    assert answer.status == 404
    assert NEWEST not in [row["version"] for row in json.loads(answer.body)["available"]]
    assert [row[0] for row in index_rows(server, "/off")] == [CURRENT, OLD]
    for url in ("/on", "/advertise"):
        assert server.get(f"{url}/{NEWEST}/{NAME}").headers["1C-Version"] == NEWEST
        assert server.get(f"{url}/{NAME}").headers["1C-Version"] == CURRENT


def test_installed_off_holds_in_inner_sections_and_may_be_taken_back(httpd, places):
    published = "CDistRoot " + f'"{places["alone"]}"'
    server = httpd({"/inherits": published, "/own": published + "\n  CDistInstalled On"},
                   process="CDistInstalled Off\n")
    server.allow("CD0106")
    assert server.get(f"/inherits/{CURRENT}/{NAME}").status == 404
    assert server.get(f"/own/{CURRENT}/{NAME}").status == 200


def test_client_of_another_version_than_its_folder_is_not_offered(httpd, folder):
    releases.write_files(folder / "root" / NEWEST, releases.installed_files(CURRENT))
    releases.age(folder / "root")
    server = httpd(folder / "root")
    server.allow("CD0020")
    assert server.get(f"/tc/{NEWEST}/{NAME}").status == 503
    (line,) = {line.partition("CD0020:")[2] for line in server.wait_logged("CD0020")}
    assert CURRENT in line and NEWEST in line and "1cv8c.exe" in line


@pytest.mark.skipif(not IS_ROOT, reason="skipped: only root serves as another user")
@pytest.mark.parametrize("closed", ["bin", "bin/1cv8c.exe"])
def test_platform_that_cannot_be_read_is_503_and_recovers(httpd, folder, closed):
    release = releases.add_installed(folder / "root", CURRENT)
    mode = (release / closed).stat().st_mode & 0o777
    (release / closed).chmod(0)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    server.allow("CD0020", "CD0106")
    answer = server.get(f"/tc/{CURRENT}/{NAME}")
    assert answer.status == 503
    assert str(folder).encode() not in answer.body
    (release / closed).chmod(mode)
    assert contents(server.get_until(f"/tc/{CURRENT}/{NAME}").body) == releases.installed_files(CURRENT)


def test_licence_that_appears_does_not_change_the_archive(httpd, folder):
    release = releases.add_installed(folder / "root", CURRENT)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    before = server.get(f"/tc/{CURRENT}/{NAME}")
    (release / "conf" / "new.lic").write_text("secret")
    (release / "Logs" / "tomorrow.txt").write_text("secret")
    for _ in range(5):
        answer = server.get(f"/tc/{CURRENT}/{NAME}")
        assert (answer.status, answer.headers["ETag"]) == (200, before.headers["ETag"])
    assert len(server.archives()) == 1


def test_licence_that_appears_in_bin_takes_nothing_away_after_a_restart(httpd, folder):
    release = releases.add_installed(folder / "root", CURRENT)
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistSettle 0\n")
    before = server.get(f"/tc/{CURRENT}/{NAME}")
    assert before.status == 200
    server.stop()
    (release / "bin" / "20240101.lic").write_text("secret")
    server.process = "CDistSettle 3600\n"
    server.start()
    answer = server.get(f"/tc/{CURRENT}/{NAME}")
    assert (answer.status, answer.headers["ETag"]) == (200, before.headers["ETag"])


def test_tool_lists_and_builds_what_the_module_serves(httpd, places, folder):
    done = subprocess.run([TOOL, "scan", "--json", places["mixed"]], capture_output=True, text=True, timeout=60)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [(row["version"], row["source"], row["installable"]) for row in rows] == [
        (NEWEST, "installed", False), (CURRENT, "distribution", True), (OLD, "distribution", True)]
    subprocess.run([TOOL, "build", places["mixed"], "--version", NEWEST, "--slot", "win64", "-o", folder / "a.zip"],
                   check=True, capture_output=True, timeout=60)
    assert (folder / "a.zip").read_bytes() == httpd(places["mixed"]).get(f"/tc/{NEWEST}/{NAME}").body
