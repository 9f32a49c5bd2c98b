"""1cdist conf and 1cdist lint: what they print, write and exit with."""
import json
import os
import stat
import subprocess

import pytest
from conftest import CURRENT, NEWEST, OLD
from harness import TOOL
from releases import add_installed, distribution_files, write_files

BASE = "http://server/tc"
KEY = "PublishDistributiveLocation"
NAMESPACE = "http://v8.1c.ru/8.2/virtual-resource-system"


def run(*args):
    return subprocess.run([TOOL, *map(str, args)], capture_output=True, timeout=60)


def conf(root, *options):
    done = run("conf", root, "--base-url", BASE + "/", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_conf_names_the_slots_that_the_release_has(shared):
    done = run("conf", shared["plain"], "--base-url", BASE, "--format", "conf.cfg", "--version", CURRENT)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        f"{KEY}{key}={BASE}/{CURRENT}/{file}" for key, file in (
            ("Windows32", "windows32tc.zip"), ("Windows64", "windows64tc.zip"), ("Linux64", "linux64tc.zip"),
            ("MacOS64", "macOS64tc.zip"))]
    assert done.stderr.decode() == f"1cdist: release {CURRENT} has no linux32: it is not there\n"
    assert f"{BASE}/{NEWEST}/windows64tc.zip" in conf(shared["plain"])
    assert f"{BASE}/{CURRENT}/windows64tc.zip" in conf(shared["plain"], "--version", "8.3.22")
    assert conf(shared["plain"], "--stable").splitlines() == [f"{KEY}Windows64={BASE}/windows64tc.zip",
                                                              f"{KEY}Linux64={BASE}/linux64tc.zip"]


def test_conf_writes_every_form(shared):
    assert conf(shared["plain"], "--format", "vrd", "--version", OLD).splitlines() == [
        f'pubdst64="{BASE}/{OLD}/windows64tc.zip"', f'pubdstlin64="{BASE}/{OLD}/linux64tc.zip"']
    rows = [line.split() for line in conf(shared["plain"], "--format", "dialog", "--version", OLD).splitlines()]
    assert rows == [["Bits", "System", "Address"], ["64", "Windows", f"{BASE}/{OLD}/windows64tc.zip"],
                    ["64", "Linux", f"{BASE}/{OLD}/linux64tc.zip"]]
    assert conf(shared["plain"], "--format", "clientupdate", "--version", OLD, "--update-date", "20261201030000").splitlines() == [
        f"Version={OLD}", "UpdateDate=20261201030000", f"{KEY}Windows64={BASE}/{OLD}/windows64tc.zip",
        f"{KEY}Linux64={BASE}/{OLD}/linux64tc.zip"]
    rows = [json.loads(line) for line in conf(shared["plain"], "--json", "--version", OLD).splitlines()]
    assert [set(row) for row in rows] == [{"version", "slot", "key", "attribute", "bits", "system", "url"}] * 2
    assert rows[0]["slot"] == "windows64" and rows[0]["url"] == f"{BASE}/{OLD}/windows64tc.zip"


def test_conf_merges_and_keeps_all_else(shared, folder):
    old = ("\ufeffSystemLanguage=System\r\npublishdistributivelocationWINDOWS64=http://old/x.zip\r\n"
           f"{KEY}Linux32=http://old/y.zip\r\nDisableUnsafeActionProtection=.*=x").encode()
    (folder / "conf.cfg").write_bytes(old)
    done = run("conf", shared["plain"], "--base-url", BASE, "--stable", "--version", OLD, "--merge", folder / "conf.cfg")
    assert done.returncode == 0 and (folder / "conf.cfg").read_bytes() == old
    assert done.stdout.decode() == (
        f"\ufeffSystemLanguage=System\r\npublishdistributivelocationWINDOWS64={BASE}/windows64tc.zip\r\n"
        f"{KEY}Linux32=http://old/y.zip\r\nDisableUnsafeActionProtection=.*=x\r\n{KEY}Linux64={BASE}/linux64tc.zip")
    assert b"linux32" in done.stderr


def test_conf_merges_into_a_descriptor_in_place_and_keeps_its_rights(shared, folder):
    place = folder / "default.vrd"
    place.write_text(f'<?xml version="1.0"?>\n<point xmlns="{NAMESPACE}"\n\tib="Srvr=h;Usr=u;Pwd=hidden;">\n</point>\n')
    place.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(place, 33, 33)
    done = run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "--format", "vrd", "--merge", place, "-o", place)
    assert done.returncode == 0 and not done.stdout and b"hidden" not in done.stderr
    assert place.read_text() == (
        f'<?xml version="1.0"?>\n<point xmlns="{NAMESPACE}"\n\tib="Srvr=h;Usr=u;Pwd=hidden;"\n'
        f'\tpubdst64="{BASE}/{OLD}/windows64tc.zip"\n\tpubdstlin64="{BASE}/{OLD}/linux64tc.zip">\n</point>\n')
    info = place.stat()
    assert stat.S_IMODE(info.st_mode) == 0o640
    if os.geteuid() == 0:
        assert (info.st_uid, info.st_gid) == (33, 33)
    assert sorted(path.name for path in folder.iterdir()) == ["default.vrd"]


def test_conf_never_spoils_what_it_cannot_merge(shared, folder):
    for name, content in (("bad.vrd", b"<point>"), ("bom.cfg", b"A\0=\0b\0"), ("cp1251.cfg", b"A=\xe9\n")):
        (folder / name).write_bytes(content)
        form = "vrd" if name.endswith("vrd") else "conf.cfg"
        done = run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "--format", form, "--merge", folder / name,
                   "-o", folder / name)
        assert done.returncode == 1 and f"1cdist: {folder / name}:".encode() in done.stderr
        assert (folder / name).read_bytes() == content
    assert run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "--merge", folder / "none").returncode == 1
    (folder / "link").symlink_to(folder / "target")
    assert run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "-o", folder / "link").returncode == 1
    assert not (folder / "target").exists()


LIST = '[One]\nConnect=File="a";\n'
DESCRIPTOR = f'<point xmlns="{NAMESPACE}" base="/b"/>'


@pytest.mark.parametrize("name, content, form, hint", [
    ("default.vrd", DESCRIPTOR, "conf.cfg", "--format vrd"), ("default.vrd", "", "conf.cfg", "--format vrd"),
    ("new", DESCRIPTOR, "conf.cfg", "--format vrd"), ("conf.cfg", DESCRIPTOR, "conf.cfg", "--format vrd"),
    ("ibases.v8i", LIST, "conf.cfg", "ibases.v8i"), ("list.txt", LIST, "conf.cfg", "ibases.v8i"),
    ("conf.cfg", LIST, "conf.cfg", "ibases.v8i"), ("1cestart.cfg", "", "conf.cfg", "1cestart.cfg"),
    ("start", "InstalledLocation=x\nDistributiveLocation=y\n", "conf.cfg", "1cestart.cfg"),
    ("ClientUpdate.cfg", "Version=8.3.22.1750\n", "conf.cfg", "--format clientupdate"),
    ("conf.cfg", "SystemLanguage=System\n", "clientupdate", "--format conf.cfg"),
    ("conf.cfg", "SystemLanguage=System\n", "vrd", "--format conf.cfg"), ("ibases.v8i", LIST, "vrd", "ibases.v8i")])
def test_conf_refuses_to_merge_into_a_file_of_another_kind(shared, folder, name, content, form, hint):
    (folder / name).write_text(content)
    for options in (["--merge", folder / name, "-o", folder / name], ["-o", folder / name]):
        if not content and "--merge" not in options:
            continue
        done = run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "--format", form, *options)
        assert done.returncode == 1 and not done.stdout, options
        assert f"1cdist: {folder / name}: ".encode() in done.stderr and hint.encode() in done.stderr
        assert (folder / name).read_text() == content


def test_conf_merges_into_a_file_whose_kind_nothing_tells(shared, folder):
    for form, name, content in (("conf.cfg", "new", ""), ("conf.cfg", "conf.cfg.bak", "Unheard=of\n"),
                                ("clientupdate", "next", "")):
        (folder / name).write_text(content)
        done = run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "--format", form, "--merge", folder / name,
                   "-o", folder / name)
        assert done.returncode == 0 and (folder / name).read_text().startswith(content)


def test_conf_never_leaves_attributes_in_the_place_of_a_descriptor(shared, folder):
    place = folder / "default.vrd"
    place.write_text(DESCRIPTOR)
    done = run("conf", shared["plain"], "--base-url", BASE, "--version", OLD, "--format", "vrd", "-o", place)
    assert done.returncode == 1 and b"--merge" in done.stderr and place.read_text() == DESCRIPTOR


def test_stable_addresses_tell_whose_slots_they_name(shared, folder):
    said = run("conf", shared["plain"], "--base-url", BASE, "--stable").stderr.decode()
    assert "CDistCurrent" in said and NEWEST in said and "--version" in said
    assert b"CDistCurrent" not in run("conf", shared["plain"], "--base-url", BASE, "--stable", "--version", OLD).stderr
    assert b"CDistCurrent" not in run("conf", shared["plain"], "--base-url", BASE).stderr
    write_files(folder / OLD / "linux64", distribution_files(OLD, "linux64"))
    assert b"CDistCurrent" not in run("conf", folder, "--base-url", BASE, "--stable").stderr, "there is no other release"


def test_conf_exits_3_where_no_release_matches(shared, folder):
    assert run("conf", shared["plain"], "--base-url", BASE, "--version", "8.3.1").returncode == 3
    assert run("conf", folder, "--base-url", BASE).returncode == 3
    done = run("conf", shared["families"], "--base-url", BASE)
    assert done.returncode == 3 and b"8.5 and 8.3" in done.stderr
    assert run("conf", shared["families"], "--base-url", BASE, "--version", "8.5").returncode == 0
    add_installed(folder, "8.3.22.1750")
    done = run("conf", folder, "--base-url", BASE)
    assert done.returncode == 3 and b"no installer" in done.stderr
    assert run("conf", folder / "missing", "--base-url", BASE).returncode == 1


@pytest.mark.parametrize("options", [
    [], ["--base-url", "server/tc"], ["--base-url", "http://u:hidden@h"], ["--base-url", BASE, "--format", "xml"],
    ["--base-url", BASE, "--update-date", "20261201030000"], ["--base-url", BASE, "--version", "8"],
    ["--base-url", BASE, "--format", "clientupdate", "--update-date", "20261301030000"],
    ["--base-url", BASE, "--format", "clientupdate", "--stable"],
    ["--base-url", BASE, "--format", "dialog", "--merge", "x"], ["--base-url", BASE, "--json", "--merge", "x"],
    ["--base-url", BASE, "--json", "-o", "x"]])
def test_conf_knows_wrong_usage(shared, options):
    done = run("conf", shared["plain"], *options)
    assert done.returncode == 2 and not done.stdout and b"hidden" not in done.stderr
    assert run("conf", "--base-url", BASE).returncode == 2


def test_conf_finds_slots_outside_of_the_root(folder):
    write_files(folder / "share" / OLD / "linux64", distribution_files(OLD, "linux64"))
    source = f"linux64={folder}/share/%v/linux64"
    done = run("conf", "--source", source, "--base-url", BASE)
    assert done.stdout.decode() == f"{KEY}Linux64={BASE}/{OLD}/linux64tc.zip\n"
    assert run("conf", "--source", "x", "--base-url", BASE).returncode == 2


def test_what_conf_writes_lint_finds_in_order(shared, folder):
    for form, name in (("conf.cfg", "conf.cfg"), ("clientupdate", "ClientUpdate.cfg")):
        conf(shared["plain"], "--format", form, "-o", folder / name)
        done = run("lint", folder / name, "--root", shared["plain"], "--base-url", BASE)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_lint_prints_findings_and_exits_1_for_errors_only(shared, folder):
    (folder / "1cestart.cfg").write_text("DistrbutiveLocation=x\n")
    (folder / "conf.cfg").write_text(f"{KEY}MacOS64={BASE}/{OLD}/macOS64tc.zip\n")
    done = run("lint", folder / "1cestart.cfg", "--json")
    row = json.loads(done.stdout)
    assert set(row) == {"file", "line", "level", "code", "message", "suggestion"}
    assert (done.returncode, row["line"], row["level"], row["code"], row["suggestion"]) == (
        0, 1, "warning", "misspelt-key", "DistributiveLocation")
    assert row["file"] == str(folder / "1cestart.cfg")
    done = run("lint", "--root", shared["plain"], folder / "missing.cfg", folder / "conf.cfg")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1 and len(lines) == 2
    assert lines[0].startswith(f"{folder}/missing.cfg: error: ") and lines[0].endswith(" [unreadable]")
    assert lines[1].startswith(f"{folder}/conf.cfg:1: warning: ") and lines[1].endswith(" [unanswered]")
    (folder / "conf.cfg").write_text(f"{KEY}Windows64={BASE}/{OLD}/windows64tc.zip\n")
    source = f"windows64={shared['plain']}/%v/windows64"
    done = run("lint", folder / "conf.cfg", "--source", source)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert run("lint").returncode == 2
    assert run("lint", folder / "conf.cfg", "--source", "x").returncode == 2
    assert run("lint", folder / "conf.cfg", "--base-url", "x").returncode == 2
    assert run("lint", folder / "conf.cfg", "--root", folder / "missing").returncode == 1
