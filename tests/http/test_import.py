"""1cdist import: the vendor's downloads become ready archives, with the bytes that a build from the unpacked set gives."""
import hashlib
import json
import os
import pty
import subprocess
import sys
import zipfile

import pytest

import packages
import releases
from harness import TOOL
from packages import FOLDER, KINDS, VERSION, entries_of, make, needs_libarchive, windows_set

# All but single installers.
pytestmark = needs_libarchive
KEYS = {"file", "version", "slot", "path", "sha256"}
SANITIZED = "sanitized" in str(TOOL)
# NB: a process starts with the peak of the one that it was forked from, so this one is small.
MEASURE = """import os, sys
pid = os.fork()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def run(*args):
    return subprocess.run([TOOL, "import", *map(str, args)], capture_output=True, text=True, timeout=120)


@pytest.fixture
def root(folder):
    (folder / "root").mkdir()
    return folder / "root"


def imported(done, count=1):
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == count and all(set(row) == KEYS for row in rows)
    return rows if count > 1 else rows[0]


def contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def names_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("top", ["", "setuptc64/", "a/b c/"], ids=["flat", "folder", "deep"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_archive_gives_the_bytes_of_a_build(folder, root, kind, top):
    files = windows_set()
    if kind == "rar4":
        files.pop("data/Описание.txt")
    package = make(folder, kind, entries_of(files, top))
    row = imported(run(package, "--to", root, "--json"))
    target = root / VERSION / "distr" / "windows64tc.zip"
    assert row == {"file": str(package), "version": VERSION, "slot": "windows64", "path": str(target),
                   "sha256": hashlib.sha256(target.read_bytes()).hexdigest()}
    assert contents(target) == files
    assert names_below(root) == [VERSION, f"{VERSION}/distr", f"{VERSION}/distr/windows64tc.zip"]
    releases.write_files(folder / "unpacked" / VERSION / "windows64", files)
    subprocess.run([TOOL, "build", folder / "unpacked", "--version", VERSION, "--slot", "windows64", "-o", folder / "built.zip"],
                   check=True, capture_output=True)
    assert (folder / "built.zip").read_bytes() == target.read_bytes()


def test_foreign_readers_accept_the_archive(folder, root):
    make(folder, "rar5", entries_of(windows_set()))
    target = imported(run(folder / "setuptc64_8_3_25_1286.rar", "--to", root, "--json"))["path"]
    for command in (["unzip", "-tqq", target], ["7zz", "t", target], ["bsdtar", "-tf", target], [TOOL, "verify", target]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def test_order_and_form_of_the_package_do_not_matter(folder, root):
    files = windows_set()
    first = make(folder, "zip", entries_of(files), "setuptc64_8_3_25_1286")
    row = imported(run(first, "--to", root, "--json"))
    for kind in KINDS:
        entries = [("empty/inner", b"", FOLDER), ("empty", b"", FOLDER), *reversed(entries_of(files)), ("data", b"", FOLDER)]
        if kind == "rar4":
            entries = [entry for entry in entries if entry[0].isascii()]
        (folder / kind).mkdir()
        other = folder / f"root-{kind}"
        other.mkdir()
        again = imported(run(make(folder / kind, kind, entries), "--to", other, "--json"))
        expected = {**files, "empty/inner/": b""}
        if kind == "rar4":
            expected.pop("data/Описание.txt")
        assert contents(again["path"]) == expected
        assert list(contents(again["path"])) == sorted(expected)
        assert again["sha256"] != row["sha256"]


@pytest.mark.parametrize("name, slot, file", [
    ("setuptc_8_3_25_1286.rar", "windows32", "windows32tc.zip"), ("thin.client64_8_3_25_1286.zip", "linux64", "linux64tc.zip"),
    ("thin.client32_8_3_25_1286.tar.gz", "linux32", "linux32tc.zip"),
    ("thin.client_8_3_25_1286.deb64.zip", "linux64", "linux64tc.zip"),
    ("thin.client.arm.deb64_8_3_25_1286.zip", "linux-arm64", "linux-arm64.zip"),
    ("thin.client.e2k_8c.deb_8_3_25_1286.zip", "linux-e2k", "linux-e2k.zip")])
def test_archives_of_every_slot_go_where_the_platform_looks(folder, root, name, slot, file):
    if slot.startswith("windows"):
        files = windows_set(slot=slot)
    elif "deb" in name:
        files = {f"1c-enterprise-{VERSION}-thin-client_8.3.25-1286_amd64.deb": b"!<arch>\n", "v8-install-deps.sh": b"#!/bin/sh\n"}
    else:
        files = releases.distribution_files(VERSION, slot, 4000)
    maker = {".rar": packages.make_rar5, ".zip": packages.make_zip, ".gz": packages.tar_maker("gz")}[os.path.splitext(name)[1]]
    (folder / name).write_bytes(maker(entries_of(files)))
    row = imported(run("--to", root, "--json", folder / name))
    assert (row["slot"], row["path"]) == (slot, str(root / VERSION / "distr" / file))
    assert contents(row["path"]) == files


@pytest.mark.parametrize("name, slot, file", [
    ("setup-thin-8.3.25.1286-x86_64.run", "linux64", "linux64tc.zip"),
    ("macos.thin.client_8_3_25_1286.dmg", "macos64", "macOS64tc.zip"),
    ("thin.osx_8_3_25_1286.dmg", "macos64", "macOS64tc.zip"), ("1cv8-client-8.3.25.1286.pkg", "macos64", "macOS64tc.zip"),
    ("setuptc_8.3.25.1286_x86-64.exe", "windows64", "windows64tc.zip")])
def test_a_single_installer_is_wrapped_unchanged(folder, root, name, slot, file):
    content = b"#!/bin/sh\n" + releases.binary(name, 300_000)
    (folder / name).write_bytes(content)
    row = imported(run(folder / name, "--to", root, "--json"))
    assert (row["slot"], row["path"]) == (slot, str(root / VERSION / "distr" / file))
    assert contents(row["path"]) == {name: content}


def test_options_tell_what_the_name_does_not(folder, root):
    linux = {"setup.run": b"#!/bin/sh\n"}
    package = make(folder, "zip", entries_of(linux), "client")
    assert "--slot" in run(package, "--to", root, "--version", VERSION).stderr
    assert "--version" in run(package, "--to", root, "--slot", "linux64").stderr
    assert names_below(root) == []
    row = imported(run(package, "--to", root, "--json", "--version", VERSION, "--slot", "linux64"))
    assert (row["version"], row["slot"]) == (VERSION, "linux64")
    # Setup.ini is as good as a name.
    package = make(folder, "zip", entries_of(windows_set()), "setuptc")
    assert imported(run(package, "--to", root, "--json"))["version"] == VERSION


@pytest.mark.parametrize("stem, files, options, said", [
    ("setuptc64_8_3_27_2342", windows_set(), [], ["8.3.27.2342", VERSION, "Setup.ini"]),
    ("thin.client64_8_3_27_2342", releases.distribution_files(VERSION, "linux64", 100), [],
     ["8.3.27.2342", VERSION, "the installer"]),
    ("client", windows_set(), ["--version", "8.3.27.2342", "--slot", "win64"], ["8.3.27.2342", VERSION, "Setup.ini", "--version"]),
    ("setuptc64_8_3_25_1286", windows_set(), ["--version", "8.3.27.2342"], ["8.3.27.2342", VERSION, "--version"]),
    ("setuptc64_8_3_25_1286", windows_set(), ["--slot", "linux64"], ["windows64", "linux64", "--slot"])])
def test_what_disagrees_is_refused_with_both_named(folder, root, stem, files, options, said):
    package = make(folder, "zip", entries_of(files), stem)
    done = run(package, "--to", root, *options)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"1cdist: {package}: ")
    assert all(word in done.stderr for word in said), done.stderr
    assert names_below(root) == []


def test_files_beside_the_installer_are_left_out_and_counted(folder, root):
    files = windows_set()
    package = make(folder, "zip", [("readme.txt", b"x", None), ("docs", b"", FOLDER), ("docs/a.txt", b"y", None),
                                   *entries_of(files, "thin/")])
    done = run(package, "--to", root, "--json")
    assert contents(imported(done)["path"]) == files
    assert "2 files beside" in done.stderr


def test_the_same_is_left_alone_and_another_refused_without_force(folder, root):
    package = make(folder, "zip", entries_of(windows_set()))
    target = root / VERSION / "distr" / "windows64tc.zip"
    first = imported(run(package, "--to", root, "--json"))
    before = os.stat(target).st_ino, os.stat(target).st_ctime_ns  # not its whole stat: who looks at it changes the time of access
    done = run(package, "--to", root, "--json")
    assert imported(done) == first and "left alone" in done.stderr
    assert "unchanged" in run(package, "--to", root).stdout
    make(folder, "zip", entries_of({**windows_set(), "more": b"x"}))
    done = run(package, "--to", root)
    assert done.returncode == 1 and "--force" in done.stderr and str(target) in done.stderr
    assert (os.stat(target).st_ino, os.stat(target).st_ctime_ns) == before
    assert imported(run(package, "--to", root, "--json", "--force"))["sha256"] != first["sha256"]
    assert names_below(target.parent) == [target.name]


def test_a_package_that_is_not_there_is_told_so_before_its_name_is_judged(folder, root):
    done = run(folder / "nothere.zip", "--to", root)
    assert done.returncode == 1 and done.stderr == f"1cdist: {folder}/nothere.zip: there is no such file\n"


def test_a_zip_that_is_cut_off_is_told_so(folder, root):
    package = make(folder, "zip", entries_of(windows_set()))
    package.write_bytes(package.read_bytes()[:-100])
    done = run(package, "--to", root)
    assert done.returncode == 1 and "cut off" in done.stderr and "download it again" in done.stderr


def test_one_file_is_one(folder, root):
    package = make(folder, "zip", [("readme.txt", b"x", None), *entries_of(windows_set(), "thin/")])
    assert "1 file beside the installer's folder left out" in run(package, "--to", root).stderr


def test_what_was_there_already_is_said_once(folder, root):
    package = make(folder, "zip", entries_of(windows_set()))
    run(package, "--to", root)
    done = run(package, "--to", root)
    assert "unchanged" in done.stdout and done.stderr == ""


def test_one_bad_package_does_not_stop_the_rest(folder, root):
    good = make(folder, "zip", entries_of(windows_set()))
    (folder / "thin.client64_8_3_25_1286.zip").write_bytes(b"no archive at all")
    (folder / "setup-thin-8.3.25.1286-x86_64.run").write_bytes(b"#!/bin/sh\n")
    done = run(folder / "missing.zip", folder / "thin.client64_8_3_25_1286.zip", good, folder / "note.txt",
               folder / "setup-thin-8.3.25.1286-x86_64.run", "--to", root, "--json")
    assert done.returncode == 1
    assert [json.loads(line)["slot"] for line in done.stdout.splitlines()] == ["windows64", "linux64"]
    assert len(done.stderr.splitlines()) == 3
    assert all(line.startswith(f"1cdist: {folder}/") for line in done.stderr.splitlines())


def test_usage_errors_and_help(folder, root):
    assert run().returncode == 2
    assert run(folder / "a.zip").returncode == 2
    for option in (["--version", "8.3"], ["--slot", "a b"], ["--max-size", "much"], ["--settle", "-1"], ["--what"]):
        done = run(folder / "a.zip", "--to", root, *option)
        assert done.returncode == 2 and option[0] in done.stderr
    done = run("--help")
    assert done.returncode == 0 and "--max-size" in done.stdout
    assert "import" in subprocess.run([TOOL, "--help"], capture_output=True, text=True).stdout
    done = run(make(folder, "zip", entries_of(windows_set())), "--to", folder / "nowhere")
    assert done.returncode == 1 and "is no folder" in done.stderr and not (folder / "nowhere").exists()


def test_a_terminal_sees_the_progress_and_a_pipe_does_not(folder, root):
    package = make(folder, "zip", entries_of(windows_set(size=2_000_000)))
    ours, theirs = pty.openpty()
    subprocess.run([TOOL, "import", package, "--to", root], stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    assert b"100 %" in os.read(ours, 1 << 16)
    os.close(ours)
    assert "%" not in run(package, "--to", root).stderr


@pytest.mark.skipif(SANITIZED, reason="skipped: the sanitizers' memory is their own")
def test_memory_stays_bounded_however_large_the_files(folder, root):
    noise = releases.binary("noise", 60 << 20)
    files = {"Setup.ini": releases.setup_ini(VERSION, "x"), "setup.exe": b"MZ", "a.cab": noise, "b.cab": noise + noise,
             "c.txt": releases.text("prose", 60 << 20), "d.txt": releases.text("prose", 66 << 20)}
    package = make(folder, "tar", list(reversed(entries_of(files))))
    done = subprocess.run([sys.executable, "-c", MEASURE, TOOL, "import", package, "--to", root], capture_output=True, text=True,
                          timeout=120)
    status, kilobytes = map(int, done.stdout.split()[-2:])
    assert status == 0, done.stderr
    assert kilobytes < 256 * 1024
    assert contents(root / VERSION / "distr" / "windows64tc.zip") == files


def test_what_was_imported_is_what_httpd_serves(httpd, folder, root):
    row = imported(run(make(folder, "rar5", entries_of(windows_set(), "set/")), "--to", root, "--json"))
    other = make(folder, "tar.gz", entries_of(releases.distribution_files(VERSION, "linux64", 5000)), "thin.client64_8_3_25_1286")
    linux = imported(run(other, "--to", root, "--json"))
    releases.age(root)
    server = httpd(root)
    for url, expected in ((f"/tc/{VERSION}/windows64tc.zip", row), ("/tc/windows64tc.zip", row), ("/tc/linux64tc.zip", linux)):
        answer = server.get_until(url)
        assert hashlib.sha256(answer.body).hexdigest() == expected["sha256"]
        assert answer.headers["1C-Version"] == VERSION


def test_the_help_names_only_options_that_exist():
    done = run("--help")
    words = {word.strip("[],.") for word in done.stdout.split() if word.startswith(("--", "[--"))}
    assert words == {"--to", "--version", "--slot", "--max-size", "--force", "--sort-into", "--settle", "--json"}
