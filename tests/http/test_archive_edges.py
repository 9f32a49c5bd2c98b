"""What lies in release folders besides plain files: links, empty folders, odd names, devices, holes, files that move."""
import contextlib
import os
import pwd
import shutil
import socket
import stat
import subprocess
import zipfile

import pytest

import releases
from conftest import CURRENT
from harness import IS_ROOT, TOOL, open_files, wait_until

SLOT = "linux64"
URL = f"/tc/{CURRENT}/{SLOT}tc.zip"
STREAMED = 400 << 20


@pytest.fixture
def source(folder):
    """A distribution folder to put something into."""
    return releases.add_release(folder / "root", CURRENT, [SLOT], size=20_000) / SLOT


def build(folder, **options):
    command = [TOOL, "build", folder / "root", "--version", CURRENT, "--slot", SLOT, "-o", folder / "out" / "a.zip"]
    (folder / "out").mkdir(exist_ok=True)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def built(folder):
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder / "out" / "a.zip"


def refused(folder, **options):
    """What a build says that must not succeed, and must leave nothing behind."""
    done = build(folder, **options)
    assert done.returncode == 1, done
    assert list((folder / "out").iterdir()) == []
    return done.stderr


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, **options)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def add_specials(source):
    """One of each kind that is no file; returns their names."""
    os.mkfifo(source / "licence" / "a-pipe")
    with socket.socket(socket.AF_UNIX) as endpoint, contextlib.chdir(source):
        endpoint.bind("a-socket")
    names = ["licence/a-pipe", "a-socket"]
    if IS_ROOT:
        with contextlib.suppress(PermissionError):
            os.mknod(source / "a-device", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            names.append("a-device")
    return names


def test_devices_pipes_and_sockets_are_left_out_with_one_line_each(folder, source):
    names = add_specials(source)
    done = build(folder)
    assert done.returncode == 0
    for name in names:
        assert [line for line in done.stderr.splitlines() if f"{source}/{name}: left out" in line], done.stderr
    assert len(done.stderr.splitlines()) == len(names), done.stderr
    assert set(zipfile.ZipFile(folder / "out" / "a.zip").namelist()) == set(releases.distribution_files(CURRENT, SLOT))


def test_what_is_left_out_is_logged_by_the_build_and_not_by_every_look(httpd, folder, source):
    names = add_specials(source)
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistScanInterval 0\n")
    for _ in range(5):
        assert server.get(URL).status == 200
        assert server.get("/tc/index.json").status == 200
    assert len(server.logged("CD0001")) == len(names)
    assert all(any(name in line for line in server.logged("CD0001")) for name in names)
    server.allow("CD0001")


def test_names_that_differ_only_in_case_are_kept_with_one_warning(httpd, folder, source):
    for name in ("Описание.txt", "описание.TXT", "ReadMe", "README"):
        (source / name).write_text(name)
    done = build(folder)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert "CD0018" in done.stderr and "README and ReadMe" in done.stderr and "2 such names" in done.stderr
    with zipfile.ZipFile(folder / "out" / "a.zip") as archive:
        assert archive.read("описание.TXT").decode() == "описание.TXT"
        assert archive.read("README").decode() == "README"
    releases.age(folder / "root")
    server = httpd(folder / "root")
    for _ in range(3):
        assert server.get(URL).status == 200
    assert len(server.logged("CD0018")) == 1
    server.allow("CD0018")


def test_remarks_about_a_ready_archive_are_shown_when_it_is_copied(folder):
    path = folder / "root" / CURRENT / "distr" / f"{SLOT}tc.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Ёлка", "1")
        archive.writestr("ёлка", "2")
    done = build(folder)
    assert done.returncode == 0
    assert "differs only in case" in done.stderr


def test_links_and_empty_folders_arrive_as_such(folder, source):
    (source / "inner").mkdir()
    (source / "inner" / "back").symlink_to("../readme.txt")
    (source / "dangling").symlink_to("no/such")
    (source / "to-folder").symlink_to("licence")
    (source / "empty" / "deeper").mkdir(parents=True)
    path = built(folder)
    # 7-Zip unpacks no link with ".." in it, wherever that leads.
    for command in (["unzip", "-q", path, "-d"], ["bsdtar", "-xf", path, "-C"]):
        out = folder / command[0]
        out.mkdir()
        run(*command, out)
        assert os.readlink(out / "inner" / "back") == "../readme.txt"
        assert os.readlink(out / "dangling") == "no/such"
        assert os.readlink(out / "to-folder") == "licence"
        assert (out / "empty" / "deeper").is_dir() and not list((out / "empty" / "deeper").iterdir())
        assert (out / "inner" / "back").read_bytes() == (source / "readme.txt").read_bytes()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../other/file", "licence/../../../x"])
def test_link_that_leads_out_is_refused_by_name(folder, source, target):
    (source / "licence" / "astray").symlink_to(target)
    said = refused(folder)
    assert f"{source}/licence/astray: the link leads out" in said and target in said


def test_name_that_is_not_utf8_is_refused_by_name(folder, source):
    path = os.fsencode(source) + b"/licence/caf\xe9.txt"
    with open(path, "w"):
        pass
    assert f"{source}/licence/caf\\xE9.txt: the name is not UTF-8" in refused(folder)


def test_utf8_names_are_read_by_foreign_readers(folder, source):
    names = ["Описание обновления.txt", "日本語/ファイル.txt", "emoji 😀.txt", "é composed.txt"]
    releases.write_files(source, {name: name.encode() for name in names})
    path = built(folder)
    everything = set(releases.distribution_files(CURRENT, SLOT)) | set(names)
    assert set(zipfile.ZipFile(path).namelist()) == everything
    for command in (["unzip", "-Z1", path], ["bsdtar", "-tf", path]):
        assert set(run(*command).splitlines()) == everything, command
    paths = {line[7:] for line in run("7zz", "l", "-slt", "-ba", path).splitlines() if line.startswith("Path = ")}
    assert paths == everything


def test_holes_of_a_sparse_file_are_zeros_in_the_archive(folder, source):
    with open(source / "sparse.img", "wb") as file:
        file.write(b"begin")
        file.seek(10 << 20)
        file.write(b"middle")
        file.truncate(20 << 20)
    path = built(folder)
    assert path.stat().st_size < 1 << 20
    with zipfile.ZipFile(path) as archive:
        assert archive.read("sparse.img") == (source / "sparse.img").read_bytes()


@pytest.mark.parametrize("size", [1000, 17 << 20])
def test_unreadable_file_is_named(folder, source, size):
    with open(source / "closed.cab", "wb") as file:
        file.truncate(size)
    (source / "closed.cab").chmod(0)
    (folder / "out").mkdir()
    nobody = {}
    if IS_ROOT:
        user = pwd.getpwnam("nobody")
        nobody = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder / "out", user.pw_uid, user.pw_gid)
    assert f"{source}/closed.cab: cannot be read: Permission denied" in refused(folder, **nobody)


# ---- large files that change while they are read ---------------------------------------------------------------------

def read_position(pid, path):
    """How far a process has read a file, 0 if it has not."""
    with contextlib.suppress(OSError):
        for fd, target in open_files(pid):
            if target == str(path):
                with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                    return int(info.readline().split()[1])
    return 0


def grow(path):
    with open(path, "ab") as file:
        file.write(b"more")


def rewrite(path):
    before = path.stat()
    with open(path, "r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path):
    copy = path.with_name("copy")
    with open(copy, "wb") as file:
        file.truncate(STREAMED)
    copy.rename(path)


@pytest.mark.parametrize("disturb", [grow, lambda path: os.truncate(path, 5 << 20), rewrite, replace, os.unlink],
                         ids=["grows", "shrinks", "is rewritten", "is replaced", "vanishes"])
def test_streamed_file_that_changes_while_it_is_read_ends_the_build(folder, source, disturb):
    path = source / "large.img"
    with open(path, "wb") as file:
        file.truncate(STREAMED)
    (folder / "out").mkdir()
    process = subprocess.Popen([TOOL, "build", folder / "root", "--version", CURRENT, "--slot", SLOT,
                                "-o", folder / "out" / "a.zip"], stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: process.poll() is not None or 1 << 20 < read_position(process.pid, path) < STREAMED // 2,
                   "the file is being read", pause=0.002)
        assert process.poll() is None, process.communicate()
        disturb(path)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1 and "changed while the archive was built" in said, said
    assert list((folder / "out").iterdir()) == []


def test_archive_that_was_there_survives_a_build_that_fails(folder, source):
    before = built(folder).read_bytes()
    (source / "astray").symlink_to("/etc/passwd")
    assert build(folder).returncode == 1
    assert (folder / "out" / "a.zip").read_bytes() == before
    shutil.rmtree(folder / "root")
    assert build(folder).returncode in (1, 3)
    assert (folder / "out" / "a.zip").read_bytes() == before
