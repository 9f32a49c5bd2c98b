"""Drop folders: 1cdist import of a folder, and the systemd units of conf-examples, whose command line is run here."""
import configparser
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import releases
from harness import TOOL
from packages import VERSION, entries_of, make, needs_libarchive, windows_set
from test_import import contents, names_below, root, run  # noqa: F401

pytestmark = needs_libarchive
EXAMPLES = Path(__file__).resolve().parents[2] / "conf-examples"
LINUX = f"setup-thin-{VERSION}-x86_64.run"


def unit(name):
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str
    parsed.read(EXAMPLES / name)
    return parsed


@pytest.fixture
def drop(folder):
    for name in ("drop", "sorted"):
        (folder / name).mkdir()
    return folder / "drop"


def fill(drop):
    make(drop, "rar5", entries_of(windows_set(), "set/"))
    (drop / LINUX).write_bytes(b"#!/bin/sh\n" + releases.binary("x", 50_000))
    (drop / "thin.client32_8_3_25_1286.zip").write_bytes(b"no archive")
    (drop / "notes.txt").write_bytes(b"x")
    (drop / ".setuptc_8_3_25_1286.rar.Ab12").write_bytes(b"being copied")


def service_command(folder, settle):
    command = shlex.split(unit("1cdist-import.service")["Service"]["ExecStart"])
    assert command[0].endswith("/1cdist") and command[-2] == "--settle"
    return [str(TOOL), *(word.replace("/srv/1c", str(folder)) for word in command[1:-1]), str(settle)]


def test_the_service_imports_and_sorts_what_was_dropped(folder, drop, root):  # noqa: F811
    root.rename(folder / "releases")
    fill(drop)
    done = subprocess.run(service_command(folder, 0), capture_output=True, text=True, timeout=60)
    assert str(done.returncode) == unit("1cdist-import.service")["Service"]["SuccessExitStatus"]
    assert names_below(folder / "sorted") == ["imported", f"imported/{LINUX}", "imported/setuptc64_8_3_25_1286.rar", "refused",
                                              "refused/notes.txt", "refused/thin.client32_8_3_25_1286.zip"]
    assert [path.name for path in drop.iterdir()] == [".setuptc_8_3_25_1286.rar.Ab12"]
    assert sorted(os.listdir(folder / "releases" / VERSION / "distr")) == ["linux64tc.zip", "windows64tc.zip"]
    assert contents(folder / "releases" / VERSION / "distr" / "windows64tc.zip") == windows_set()
    assert f"{drop}/thin.client32_8_3_25_1286.zip: " in done.stderr and f"{drop}/notes.txt: " in done.stderr
    # Nothing is left to do; a package of a name that was sorted before gets another one.
    assert subprocess.run(service_command(folder, 0), capture_output=True, timeout=60).returncode == 0
    (drop / "notes.txt").write_bytes(b"y")
    subprocess.run(service_command(folder, 0), capture_output=True, timeout=60)
    assert (folder / "sorted/refused/notes.txt").read_bytes() == b"x"
    assert (folder / "sorted/refused/2-notes.txt").read_bytes() == b"y"


def test_a_package_is_taken_when_it_has_been_still_for_long_enough(folder, drop, root):  # noqa: F811
    changed = make(drop, "zip", entries_of(windows_set())).stat().st_ctime
    done = run(drop, "--to", root, "--settle", "2")
    assert done.returncode == 0 and time.time() - changed >= 2, done.stderr
    assert contents(root / VERSION / "distr" / "windows64tc.zip") == windows_set()
    # A package that is named is taken as it is.
    assert run(drop / "setuptc64_8_3_25_1286.zip", "--to", root, "--settle", "3600").returncode == 0


def test_a_folder_is_imported_without_being_sorted(folder, drop, root):  # noqa: F811
    fill(drop)
    before = names_below(drop)
    done = run(drop, "--to", root, "--json")
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 2
    assert names_below(drop) == before
    assert run(folder / "sorted", "--to", root).returncode == 0
    assert names_below(folder / "sorted") == []


def test_good_packages_stay_where_they_are_when_the_destination_is_at_fault(folder, drop):
    fill(drop)
    before = names_below(drop)
    for place in ("nowhere", "file"):
        (folder / "file").write_bytes(b"x")
        done = run(drop, "--to", folder / place, "--sort-into", folder / "sorted")
        assert done.returncode == 1 and done.stderr.startswith(f"1cdist: {folder / place}: is no folder")
        assert len(done.stderr.splitlines()) == 1
        assert names_below(drop) == before and names_below(folder / "sorted") == []


def test_a_full_disk_is_no_fault_of_the_package(folder, drop, root):  # noqa: F811
    (drop / LINUX).write_bytes(b"#!/bin/sh\n" + releases.binary("x", 500_000))
    (drop / "notes.txt").write_bytes(b"x")
    command = [TOOL, "import", drop, "--to", root, "--sort-into", folder / "sorted"]
    done = subprocess.run(["prlimit", "--fsize=100000", *map(str, command)], capture_output=True, text=True, timeout=60,
                          preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    assert done.returncode == 1 and f"{LINUX}: stays where it is" in done.stderr
    assert names_below(drop) == [LINUX]
    assert names_below(folder / "sorted") == ["refused", "refused/notes.txt"]
    assert subprocess.run(list(map(str, command)), capture_output=True, timeout=60).returncode == 0
    assert names_below(drop) == [] and names_below(folder / "sorted/imported") == [LINUX]


def test_another_file_that_came_in_its_place_is_not_sorted_away(folder, drop, root):  # noqa: F811
    package, target = drop / LINUX, root / VERSION / "distr" / "linux64tc.zip"
    package.write_bytes(b"#!/bin/sh\n" + releases.binary("x", 2_000_000))
    (folder / "other").write_bytes(b"#!/bin/sh\nanother\n")
    tool = subprocess.Popen([TOOL, "import", drop, "--to", root, "--sort-into", folder / "sorted"], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    while not target.exists() and tool.poll() is None:
        pass
    os.replace(folder / "other", package)
    # What came is a package too, and is refused in its turn if the folder is looked at once more: another archive is there.
    tool.wait(60)
    assert b"another" not in b"".join(path.read_bytes()[:100] for path in (folder / "sorted").glob("imported/*"))


def test_what_cannot_be_sorted_away_is_said_once(folder, drop, root):  # noqa: F811
    make(drop, "zip", entries_of(windows_set()))
    done = run(drop, "--to", root, "--sort-into", folder / "nowhere" / "deep")
    assert done.returncode == 1 and done.stderr.count("cannot be moved") == 1
    assert len(list(drop.iterdir())) == 1


def test_the_units_name_the_same_folder_and_systemd_accepts_them(folder):
    path, service = unit("1cdist-import.path"), unit("1cdist-import.service")
    command = shlex.split(service["Service"]["ExecStart"])
    assert path["Path"]["DirectoryNotEmpty"] == command[2]
    assert path["Unit"]["RequiresMountsFor"] == service["Service"]["ReadWritePaths"]
    if not shutil.which("systemd-analyze"):
        pytest.skip("skipped: no systemd-analyze")
    for name in ("1cdist-import.path", "1cdist-import.service"):
        (folder / name).write_text((EXAMPLES / name).read_text().replace(command[0], str(TOOL)))
    done = subprocess.run(["systemd-analyze", "verify", folder / "1cdist-import.path", folder / "1cdist-import.service"],
                          capture_output=True, text=True, timeout=60)
    about_us = [line for line in done.stderr.splitlines() if "1cdist-import" in line]
    assert about_us == [] and done.returncode == 0, done.stderr
