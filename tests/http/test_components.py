"""Components: slots of any name, declared by CDistSource."""
import json
import subprocess
import zipfile
from io import BytesIO

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import IS_ROOT, TOOL

NAME = "windows64tc.zip"


def module_files(version):
    """Whatever somebody keeps for a version, also such as would be left out of a platform."""
    return {"modules/a.epf": releases.binary("a" + version, 9000), "conf/b.lic": b"x", "Setup.ini": b"[Startup]\r\n",
            "windows64tc.zip": b"no archive", ".hidden": b"x"}


def contents(body):
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def slots(server, url, version=CURRENT):
    releases_of = json.loads(server.get(f"{url}/index.json").body)["releases"]
    return {row["slot"]: row for entry in releases_of if entry["version"] == version for row in entry["slots"]}


@pytest.fixture(scope="module")
def place(scratch):
    """A root of three releases, and folders of modules for two of them, in two places."""
    top = scratch / "components"
    for version in (OLD, CURRENT, NEWEST):
        releases.add_release(top / "root", version)
    for version in (OLD, CURRENT):
        releases.write_files(top / "modules" / version, module_files(version))
        releases.write_files(top / "share" / version / "extra", {"b.txt": version.encode()})
    for name in ("modules", "extra"):
        releases.write_files(top / "inside" / CURRENT / name, {"inside.txt": name.encode()})
    releases.add_release(top / "inside", CURRENT)
    releases.add_ready(top / "inside" / CURRENT / "distr" / "tools.zip", "tools")
    releases.age(top)
    return top


def with_modules(place, more=""):
    return f'CDistRoot "{place}/root"\n  CDistSource modules "{place}/modules/%v"\n  {more}'


def test_component_has_every_url_that_a_slot_has(httpd, place):
    server = httpd({"/tc": with_modules(place)})
    answer = server.get(f"/tc/{CURRENT}/modules.zip")
    assert (answer.status, answer.headers["1C-Version"]) == (200, CURRENT)
    assert 'filename="modules.zip"' in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Location"] == f"/tc/{CURRENT}/modules.zip"
    assert contents(answer.body) == module_files(CURRENT)
    assert server.get(f"/tc/{CURRENT}/MODULES.zip").body == answer.body
    assert server.get("/tc/8.3.22/modules.zip").body == answer.body
    manifest = json.loads(server.get(f"/tc/{CURRENT}/modules.zip.manifest").body)
    assert {entry["name"] for entry in manifest["entries"]} == set(module_files(CURRENT))
    hexes = manifest["archive"]["sha256"]
    assert server.get(f"/tc/sha256/{hexes}/modules.zip").body == answer.body
    row = slots(server, "/tc")["modules"]
    assert (row["file"], row["url"], row["source"], row["installable"], row["built"], row["sha256"]) == (
        "modules.zip", f"{CURRENT}/modules.zip", "distribution", False, True, hexes)
    assert "modules" not in slots(server, "/tc", NEWEST)


def test_url_without_a_version_is_the_current_versions_component(httpd, place):
    server = httpd({"/newest": with_modules(place), "/said": with_modules(place, f"CDistCurrent {CURRENT}")})
    answer = server.get("/newest/modules.zip")
    assert answer.status == 404, "the current release has no modules, and another version's are never given"
    assert NEWEST in json.loads(answer.body)["detail"]
    assert server.get("/said/modules.zip").headers["1C-Version"] == CURRENT
    assert server.get("/said/modules.zip.manifest").headers["1C-Version"] == CURRENT


def test_not_found_names_components_among_what_exists(httpd, place):
    server = httpd({"/tc": with_modules(place), "/plain": f'CDistRoot "{place}/root"'})
    problem = json.loads(server.get("/tc/nothing.zip").body)
    assert "modules.zip" in problem["detail"] and "windows64tc.zip" in problem["detail"]
    assert {"version": CURRENT, "slots": ["windows64", "modules"]} in problem["available"]
    problem = json.loads(server.get("/plain/modules.zip").body)
    assert problem["status"] == 404
    assert "modules" not in json.dumps(problem)


def test_release_without_the_required_component_is_not_current(httpd, place):
    server = httpd({"/tc": with_modules(place, "CDistRequire windows64 modules")})
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT
    assert server.get("/tc/modules.zip").headers["1C-Version"] == CURRENT
    assert server.get(f"/tc/{NEWEST}/{NAME}").headers["1C-Version"] == NEWEST
    index = json.loads(server.get("/tc/index.json").body)
    assert [(row["version"], row["complete"]) for row in index["releases"]] == [
        (NEWEST, False), (CURRENT, True), (OLD, True)]


def test_component_is_found_within_the_release_too_and_the_named_place_wins(httpd, place):
    inside = f'CDistRoot "{place}/inside"\n  CDistSource modules "{place}/modules/%v"\n  '
    inside += f'CDistSource tools "{place}/modules/no-%v"\n  CDistSource extra "{place}/share/no-%v"'
    server = httpd({"/tc": inside})
    assert contents(server.get(f"/tc/{CURRENT}/extra.zip").body) == {"inside.txt": b"extra"}
    assert contents(server.get(f"/tc/{CURRENT}/modules.zip").body) == module_files(CURRENT)
    assert slots(server, "/tc")["tools"]["source"] == "ready"
    assert server.get("/tc/tools.zip").body == (place / "inside" / CURRENT / "distr" / "tools.zip").read_bytes()
    assert set(slots(server, "/tc")) == {"windows64", "extra", "modules", "tools"}


def test_ready_archive_of_a_component_may_hold_other_programs_installers(httpd, folder):
    path = folder / "zips" / f"tools-{CURRENT}.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("postgresql-15.4.1.1.run", b"#!/bin/sh")
        archive.writestr("Setup.ini", releases.setup_ini("1.2.3.4", "other.msi"))
    releases.age(folder / "zips")
    server = httpd({"/tc": f'CDistSource tools "{folder}/zips/tools-%v.zip"'})
    answer = server.get(f"/tc/{CURRENT}/tools.zip")
    assert (answer.status, answer.body) == (200, path.read_bytes())


def test_publications_with_different_components_share_nothing(httpd, place):
    root = f'CDistRoot "{place}/inside"\n  '
    server = httpd({"/a": root + f'CDistSource modules "{place}/share/%v/no"',
                    "/b": root + f'CDistSource extra "{place}/share/%v/extra"', "/c": root})
    for _ in range(4):
        modules, extra = server.get(f"/a/{CURRENT}/modules.zip"), server.get(f"/b/{CURRENT}/extra.zip")
        assert contents(modules.body) == {"inside.txt": b"modules"}
        assert contents(extra.body) == {"b.txt": CURRENT.encode()}
        for url in ("/a/{}/extra.zip", "/b/{}/modules.zip", "/c/{}/modules.zip", "/c/{}/extra.zip"):
            assert server.get(url.format(CURRENT)).status == 404
    assert (set(slots(server, "/a")), set(slots(server, "/b")), set(slots(server, "/c"))) == (
        {"windows64", "modules"}, {"windows64", "extra"}, {"windows64"})
    hexes = slots(server, "/a")["modules"]["sha256"]
    assert server.get(f"/b/sha256/{hexes}/modules.zip").status == 404


VHOST = """<VirtualHost *>
  ServerName {name}
  Alias "/tc" "{published}"
  <Directory "{published}">
    Require all granted
    SetHandler 1cdist
    {directives}
  </Directory>
</VirtualHost>
"""


def test_component_named_in_one_virtual_host_is_there_alone(httpd, place, folder):
    text = ""
    for name, directives in (("a.example", f'CDistSource modules "{place}/modules/%v"\n    CDistRequire modules'),
                             ("b.example", "")):
        (folder / name).mkdir()
        text += VHOST.format(name=name, published=folder / name,
                             directives=f'CDistRoot "{place}/inside" "{place}/root"\n    {directives}')
    server = httpd({}, extra=text)

    def get(host, path):
        return server.get(path, {"Host": host})
    assert contents(get("a.example", f"/tc/{CURRENT}/modules.zip").body) == module_files(CURRENT)
    assert get("a.example", f"/tc/{NAME}").headers["1C-Version"] == CURRENT
    assert get("b.example", f"/tc/{NAME}").headers["1C-Version"] == NEWEST
    answer = get("b.example", f"/tc/{CURRENT}/modules.zip")
    assert answer.status == 404 and b"modules.zip" not in answer.body
    assert b'"modules"' not in get("b.example", "/tc/index.json").body


def test_component_of_the_whole_server_is_known_in_every_publication(httpd, place):
    server = httpd({"/tc": f'CDistRoot "{place}/root"\n  CDistRequire modules',
                    "/own": f'CDistSource extra "{place}/share/%v/extra"'},
                   process=f'CDistSource modules "{place}/modules/%v"\n')
    assert server.get("/tc/modules.zip").headers["1C-Version"] == CURRENT
    assert server.get("/own/extra.zip").headers["1C-Version"] == CURRENT
    assert server.get(f"/own/{CURRENT}/modules.zip").status == 404, "an inner CDistSource replaces the outer ones"


def test_sources_alone_make_a_publication(httpd, place):
    server = httpd({"/tc": f'CDistSource modules "{place}/modules/%v"\n'
                           f'  CDistSource win64 "{place}/root/%v/windows64"'})
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == NEWEST
    assert server.get("/tc/8.3.22/modules.zip").headers["1C-Version"] == CURRENT
    assert contents(server.get(f"/tc/{OLD}/{NAME}").body) == releases.distribution_files(OLD, "windows64")


def test_source_whose_folder_is_away_warns_and_answers_503(httpd, folder):
    server = httpd({"/tc": f'CDistSource modules "{folder}/away/secret/%v"'})
    server.allow("CD0101", "CD0020")
    assert f"{folder}/away/secret" in server.logged("CD0101")[0]
    answer = server.get("/tc/modules.zip")
    assert answer.status == 503 and b"secret" not in answer.body
    releases.write_files(folder / "away" / "secret" / CURRENT, module_files(CURRENT))
    assert server.get_until("/tc/modules.zip").headers["1C-Version"] == CURRENT


@pytest.mark.skipif(not IS_ROOT, reason="skipped: only root serves as another user")
def test_component_that_cannot_be_read_is_503_and_no_link_leads_out(httpd, folder):
    releases.write_files(folder / "m" / OLD / "in", module_files(OLD))
    releases.write_files(folder / "away" / "in", {"secret.txt": b"secret"})
    (folder / "m" / CURRENT).mkdir()
    (folder / "m" / CURRENT / "in").symlink_to(folder / "away" / "in")
    (folder / "m" / NEWEST).mkdir()
    (folder / "m" / NEWEST).chmod(0)
    releases.age(folder / "m")
    server = httpd({"/tc": f'CDistSource modules "{folder}/m/%v/in"'})
    server.allow("CD0020")
    assert server.get(f"/tc/{OLD}/modules.zip").status == 200
    for version in (CURRENT, NEWEST):
        answer = server.get(f"/tc/{version}/modules.zip")
        assert answer.status == 503 and b"secret" not in answer.body
    assert "symbolic link" in server.errors() and "Permission denied" in server.errors()


def test_tool_builds_a_component_of_a_release(httpd, place, folder):
    done = subprocess.run([TOOL, "build", place / "inside", "--version", CURRENT, "--slot", "Extra", "--layout",
                           "folder", "-o", folder / "a.zip", "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["slot"] == "extra"
    assert contents((folder / "a.zip").read_bytes()) == {f"extra-{CURRENT}/inside.txt": b"extra"}
    server = httpd({"/tc": f'CDistRoot "{place}/inside"\n  CDistSource extra "{place}/share/no-%v"\n'
                           "  CDistLayout folder"})
    assert server.get("/tc/extra.zip").body == (folder / "a.zip").read_bytes()


def test_tool_scan_shows_no_component_that_nobody_declared(place):
    done = subprocess.run([TOOL, "scan", "--json", place / "inside"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["slot"] for line in done.stdout.splitlines()] == ["windows64"]
