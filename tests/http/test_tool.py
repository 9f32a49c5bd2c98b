"""The command line: exit statuses, outputs, and what it never does to files that are there."""
import json
import os
import stat
import subprocess

import pytest

import releases
from conftest import CURRENT
from harness import TOOL


def run(*args):
    return subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=60)


def build(root, out, *options):
    return run("build", "--version", CURRENT, root, "--slot", "win64", "-o", out, *options)


def test_scan_lists_what_is_there_and_exits_3_for_nothing(shared, folder):
    done = run("scan", "--json", shared["plain"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(rows) == 8
    assert set(rows[0]) == {"version", "slot", "source", "path", "files", "bytes", "installable"}
    assert [row["version"] for row in rows] == sorted((row["version"] for row in rows), reverse=True)
    assert run("scan", folder).returncode == 3
    assert run("scan", folder / "nothing").returncode == 1
    assert run("scan").returncode == 2


def test_build_and_verify_agree_and_say_so_as_json(shared, folder):
    done = build(shared["plain"], folder / "a.zip", "--json", "--threads", "2")
    row = json.loads(done.stdout)
    assert set(row) == {"version", "slot", "files", "bytes", "packed_bytes", "reused_bytes", "sha256", "seconds"}
    assert row["packed_bytes"] == (folder / "a.zip").stat().st_size
    checked = json.loads(run("verify", folder / "a.zip", "--json").stdout)
    assert checked["ok"] and checked["sha256"] == row["sha256"] and checked["entries"] == row["files"]
    assert checked["problems"] == []


@pytest.mark.parametrize("version, slot, status", [("8.3.1.1", "windows64", 3), (CURRENT, "linux-e2k", 3),
                                                   (CURRENT, "beos", 3),
                                                   ("8.3.22", "windows64", 2), (CURRENT, "be.os", 2)])
def test_build_of_what_is_not_there_says_so(shared, folder, version, slot, status):
    done = run("build", shared["plain"], "--version", version, "--slot", slot, "-o", folder / "a.zip")
    assert done.returncode == status
    assert done.stderr.startswith("1cdist") and not (folder / "a.zip").exists()


def test_build_never_replaces_what_is_no_plain_file(shared, folder):
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(folder / "target")
    (folder / "folder").mkdir()
    for name in ("pipe", "link", "folder"):
        before = (folder / name).lstat()
        done = build(shared["plain"], folder / name)
        assert done.returncode == 1 and "no plain file" in done.stderr
        assert stat.S_IFMT((folder / name).lstat().st_mode) == stat.S_IFMT(before.st_mode)
    assert build(shared["plain"], "-").returncode == 2


def test_one_bad_file_does_not_stop_verify(shared, folder):
    build(shared["plain"], folder / "good.zip")
    (folder / "bad.zip").write_bytes((folder / "good.zip").read_bytes()[:-100])
    done = run("verify", folder / "bad.zip", folder / "missing.zip", folder, folder / "good.zip", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["ok"] for line in done.stdout.splitlines()] == [False, True]
    assert f"1cdist: {folder}: is a folder" in done.stderr
    assert f"1cdist: {folder}/missing.zip: " in done.stderr


def test_source_leads_to_components_and_slots_as_the_directive_does(httpd, shared, folder):
    releases.write_files(folder / "m" / CURRENT, {"a.epf": b"a", "bin/b.txt": b"b"})
    releases.write_files(folder / "share" / CURRENT / "Win 64", releases.distribution_files(CURRENT, "windows64"))
    releases.age(folder)
    modules, share = f"modules={folder}/m/%v", f"win64={folder}/share/%v/Win 64/"
    rows = [json.loads(line) for line in run("scan", "--json", "--source", modules, "--source", share).stdout.splitlines()]
    assert [(row["slot"], row["version"], row["files"]) for row in rows] == [
        ("windows64", CURRENT, 7), ("modules", CURRENT, 2)]
    assert run("scan", "--source", modules, shared["plain"]).stdout.count("\n") == 10, "a heading, 8 slots, 1 component"
    server = httpd({"/tc": f'CDistSource modules "{folder}/m/%v"\n  CDistSource win64 "{folder}/share/%v/Win 64"'})
    for slot, where, name in (("modules", modules, "modules.zip"), ("windows64", share, "windows64tc.zip")):
        done = run("build", "--version", CURRENT, "--slot", slot, "--source", where, "-o", folder / "a.zip")
        assert done.returncode == 0, done.stderr
        assert (folder / "a.zip").read_bytes() == server.get(f"/tc/{CURRENT}/{name}").body
    done = subprocess.run([TOOL, "build", shared["plain"], "--version", CURRENT, "--slot", "modules", "-o", "b.zip",
                           "--source", "modules=m/%v"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("value, why", [("modules", "SLOT=PATH"), ("=/srv/%v", "component"), ("mod.ules=/srv/%v", "component"),
                                        ("modules=", "path"), ("modules=/srv/x", "%v"), ("modules=/%v-%v", "twice")])
def test_source_that_means_nothing_is_wrong_usage(shared, folder, value, why):
    for args in (("scan", shared["plain"]), ("build", shared["plain"], "--version", CURRENT, "--slot", "win64", "-o",
                                             folder / "a.zip")):
        done = run(*args, "--source", value)
        assert done.returncode == 2 and f"--source {value}: " in done.stderr and why in done.stderr, done


def test_source_that_is_not_there_is_told_from_one_that_cannot_be_read(folder):
    (folder / "m").mkdir()
    for path, status in (("m", 3), ("away", 1)):
        for args in (("scan",), ("build", "--version", CURRENT, "--slot", "modules", "-o", folder / "a.zip")):
            done = run(*args, "--source", f"modules={folder}/{path}/%v")
            assert done.returncode == status and f"{folder}/{path}" in done.stderr, done
