"""The command line: exit statuses, outputs, and what it never does to files that are there."""
import json
import os
import stat
import subprocess

import pytest

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
                                                   ("8.3.22", "windows64", 2), (CURRENT, "beos", 2)])
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
