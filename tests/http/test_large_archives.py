"""Archives beyond the limits of the first ZIP: 65,536 entries, entries and offsets of more than 4 GiB; built and checked in
bounded memory, and read by others.

What is beyond 4 GiB and does not shrink, and the sizes around 2^32, run only with CDIST_LARGE=1 in the environment ("make
check-large"): each reads 4 GiB five times, and says little more about a change than the unit tests of the records do
(test_zip_layout)."""
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

import releases
from conftest import CURRENT
from harness import TOOL

MIB, GIB = 1 << 20, 1 << 30
MEMORY = 256 * MIB
SLOT = "windows64"
URL = f"/tc/{CURRENT}/{SLOT}tc.zip"
END64 = b"PK\x06\x06"
# What pack.c looks at before it compresses a large entry.
PROBES, PROBE_BYTES = 8, 128 << 10
OVERHEAD = 30  # of a local header without its name

only_large = pytest.mark.skipif("CDIST_LARGE" not in os.environ, reason="takes minutes: make check-large")


# Linux counts a process's memory before it became the command into its peak, and that would be pytest's: so a small process
# starts the command, and tells its status and peak in KiB.
START = """import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as out:
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=out)
"""


def measured(folder, *command):
    """Output and peak memory in bytes of a command that succeeds."""
    facts = folder / "measured"
    done = subprocess.run([sys.executable, "-S", "-E", "-c", START, facts, *command], capture_output=True, text=True,
                          timeout=300)
    status, peak = map(int, facts.read_text().split())
    assert status == 0, (command, done.stdout, done.stderr)
    return done.stdout, peak * 1024


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def build(folder, *options):
    """Builds within the bound; returns the archive's path."""
    path = folder / "a.zip"
    out, memory = measured(folder, TOOL, "build", folder / "root", "--version", CURRENT, "--slot", SLOT, "-o", path,
                           "--json", *options)
    assert memory <= MEMORY, f"the build took {memory >> 20} MiB"
    print(f"built: {json.loads(out)['seconds']:.1f} s, {memory >> 20} MiB")
    return path


def verify(path):
    """What `1cdist verify` says of a good archive, within the same bound."""
    out, memory = measured(path.parent, TOOL, "verify", path, "--json")
    assert memory <= MEMORY, f"the check took {memory >> 20} MiB"
    print(f"checked: {memory >> 20} MiB")
    result = json.loads(out)
    assert result["ok"] and result["problems"] == []
    return result


def need_room(folder, wanted):
    free = shutil.disk_usage(folder).free
    if free < wanted:
        pytest.skip(f"needs {wanted >> 30} GiB in {folder}, and {free >> 30} GiB are free")


def distribution(folder):
    """A release with nothing but what makes it one."""
    source = folder / "root" / CURRENT / SLOT
    releases.write_files(source, {"Setup.ini": releases.setup_ini(CURRENT, releases.PACKAGES[SLOT]),
                                  "setup.exe": releases.binary("setup", 1000)})
    return source


def tail(path, length=200):
    with open(path, "rb") as file:
        file.seek(-min(length, path.stat().st_size), os.SEEK_END)
        return file.read()


def crc_of(path):
    """The checksum that ZIP uses, by another implementation than the builder's."""
    crc = 0
    with open(path, "rb") as file:
        while block := file.read(4 * MIB):
            crc = zlib.crc32(block, crc)
    return crc


def listed_by_7zip(path):
    """Facts of every entry: {path: {"Size": …, "CRC": …}}."""
    entries = {}
    for block in run("7zz", "l", "-slt", "-ba", path).strip().split("\n\n"):
        facts = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        entries[facts["Path"]] = facts
    return entries


# ---- many entries ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def many(scratch):
    """A release of 65,536 files, from which a test may take the last ones away."""
    folder = scratch / "many"
    source = distribution(folder)
    for part in range(256):
        (source / f"data{part:03}").mkdir()
        for number in range(256 if part < 255 else 254):
            (source / f"data{part:03}" / f"{number:03}.txt").write_text(f"{part} {number}\n")
    return folder


def some_of(many, count):
    """The release with that many files: the surplus is moved away for good, so ask for the largest count first."""
    files = sorted((many / "root" / CURRENT / SLOT).rglob("*.txt"), reverse=True)
    for path in files[:max(0, len(files) + 2 - count)]:
        path.unlink()


@pytest.mark.parametrize("count, zip64", [(65536, True), (65535, True), (65534, False)])
def test_any_number_of_entries_is_read_by_everybody(many, folder, count, zip64):
    some_of(many, count)
    path = build(many)
    assert verify(path)["entries"] == count
    # 65,535 itself stands for "look into the Zip64 record" (APPNOTE 4.4.1.4), so that number needs one.
    assert (END64 in tail(path)) == zip64
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == count
        assert archive.read("data003/077.txt") == b"3 77\n"
    assert "No errors detected" in run("unzip", "-tq", path)
    assert len(run("unzip", "-Z1", path).splitlines()) == count
    assert f"number of entries: {count}\n" in run("zipinfo", "-h", path)
    assert f"Files: {count}\n" in run("7zz", "t", "-bd", path)
    assert len(run("bsdtar", "-tf", path).splitlines()) == count


def test_many_entries_are_built_by_a_server_in_bounded_memory(httpd, many):
    releases.age(many / "root")
    server = httpd(many / "root", process="CDistBuildTimeout 60\n")
    answer = server.get(URL)
    assert answer.status == 200
    assert answer.body == build(many).read_bytes()
    assert len(json.loads(server.get(URL + ".manifest").body)["entries"]) > 65_000
    peaks = [int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024
             for pid in server.children()]
    print(f"a child: {max(peaks) >> 20} MiB")
    assert max(peaks) <= MEMORY


# ---- memory ----------------------------------------------------------------------------------------------------------

def test_many_threads_take_no_more_memory_than_few(folder):
    source = distribution(folder)
    words = releases.text("words", MIB) * 16
    for number in range(24):
        # Up to the largest size that is compressed as a whole, some that shrink and some that do not.
        (source / f"{number:02}a.cab").write_bytes(os.urandom((16 - number % 5) * MIB))
        (source / f"{number:02}b.txt").write_bytes(words[:(number % 16 + 1) * MIB])
    build(folder, "--threads", "64", "--level", "1")


# ---- large entries ---------------------------------------------------------------------------------------------------

def test_sparse_file_of_5_gib_is_built_and_checked_in_bounded_memory_and_read_by_others(folder):
    size, marks = 5 * GIB, {0: b"at the start", 5 * GIB // 2: b"in the middle", 5 * GIB - 10: b"at the end"}
    source = distribution(folder)
    with open(source / "big.cab", "wb") as file:
        for offset, mark in marks.items():
            file.seek(offset)
            file.write(mark)
    if (source / "big.cab").stat().st_blocks * 512 > MIB:
        pytest.skip(f"the file system of {folder} knows no holes")
    path = build(folder)
    assert path.stat().st_size < 10 * MIB
    assert verify(path)["entries"] == 3
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("big.cab")
        assert (info.file_size, info.CRC) == (size, crc_of(source / "big.cab"))
    facts = listed_by_7zip(path)["big.cab"]
    assert (facts["Size"], facts["CRC"]) == (str(size), f"{info.CRC:08X}")
    assert f"Size:       {size + sum((source / name).stat().st_size for name in ('Setup.ini', 'setup.exe'))}" in \
        run("7zz", "t", "-bd", path)
    assert "big.cab" in run("bsdtar", "-tf", path).splitlines()
    assert re.search(rf" {size} .* big\.cab$", run("zipinfo", "-l", path), re.M)


@only_large
@pytest.mark.parametrize("size, zip64", [(4 * GIB - 2, False), (4 * GIB - 1, True), (4 * GIB, True)])
def test_entry_sizes_around_the_limit_have_zip64_exactly_where_needed(folder, size, zip64):
    source = distribution(folder)
    with open(source / "big.cab", "wb") as file:
        file.truncate(size)
    path = build(folder)
    verify(path)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("big.cab")
        assert info.file_size == size
        assert (b"\1\0\x08\0" in info.extra) == zip64
        with archive.open("big.cab") as content:
            while content.read(4 * MIB):
                pass
    assert END64 not in tail(path)
    assert "Everything is Ok" in run("7zz", "t", "-bd", path)
    assert "No errors detected" in run("unzip", "-tq", path)


# ---- large archives --------------------------------------------------------------------------------------------------

def unshrinkable(path, size):
    """A sparse file that is stored because the builder's samples of it do not shrink: noise where they are taken."""
    step = (size - PROBE_BYTES) // (PROBES - 1)
    with open(path, "wb") as file:
        for number in range(PROBES):
            file.seek(step * number)
            file.write(releases.binary(number, PROBE_BYTES))
        file.truncate(size)


def range_of(server, value, **more):
    connection = server.connect(120)
    try:
        connection.request("GET", URL, headers={"Range": value, **more})
        response = connection.getresponse()
        # Not more than that: without the range 4 GiB would come.
        return response.status, response.headers, response.read(1000)
    finally:
        connection.close()


def check_served(httpd, folder, path):
    """The archive as a ready one: its length, and ranges in and behind its fifth GiB."""
    ready = folder / "ready" / CURRENT / "distr" / f"{SLOT}tc.zip"
    ready.parent.mkdir(parents=True)
    path.rename(ready)
    releases.age(folder / "ready")
    size = ready.stat().st_size
    server = httpd(folder / "ready", process="CDistBuildTimeout 120\n")
    head = server.get(URL, method="HEAD", timeout=120)
    assert (head.status, head.headers["Content-Length"]) == (200, str(size))
    status, headers, body = range_of(server, "bytes=-300", **{"If-Range": head.headers["ETag"]})
    assert (status, headers["Content-Range"]) == (206, f"bytes {size - 300}-{size - 1}/{size}")
    assert body == tail(ready, 300)
    status, headers, body = range_of(server, f"bytes={4 * GIB}-{4 * GIB + 99}")
    assert (status, headers["Content-Length"], len(body)) == (206, "100", 100)
    status, headers, _ = range_of(server, f"bytes={size}-")
    assert status == 416
    status, headers, _ = range_of(server, "bytes=-300", **{"If-Range": '"another"'})
    assert (status, headers["Content-Length"]) == (200, str(size))


@only_large
def test_offsets_and_directory_beyond_4_gib_are_read_by_everybody_and_served(httpd, folder):
    need_room(folder, 6 * GIB)
    source = distribution(folder)
    # In the archive's order, so that the large one comes first.
    (source / "B-at-limit.txt").write_text("its offset is 2^32-1")
    (source / "C-beyond.txt").write_text("its offset is above")
    unshrinkable(source / "A.cab", 4 * GIB - 1 - OVERHEAD - len("A.cab"))
    path = build(folder)
    assert path.stat().st_size > 4 * GIB
    assert END64 in tail(path)
    assert verify(path)["entries"] == 5
    with zipfile.ZipFile(path) as archive:
        offsets = {info.filename: info.header_offset for info in archive.infolist()}
        extras = {info.filename: bool(info.extra) for info in archive.infolist()}
        assert offsets["B-at-limit.txt"] == 4 * GIB - 1 and offsets["C-beyond.txt"] > 4 * GIB
        assert extras == {"A.cab": False, "B-at-limit.txt": True, "C-beyond.txt": True, "Setup.ini": True,
                          "setup.exe": True}
        assert archive.read("B-at-limit.txt") == b"its offset is 2^32-1"
        assert archive.read("C-beyond.txt") == b"its offset is above"
        crc = archive.getinfo("A.cab").CRC
    assert "Everything is Ok" in run("7zz", "t", "-bd", path)
    assert listed_by_7zip(path)["A.cab"]["CRC"] == f"{crc:08X}"
    assert run("bsdtar", "-xOf", path, "C-beyond.txt") == "its offset is above"
    assert run("unzip", "-p", path, "C-beyond.txt") == "its offset is above"
    check_served(httpd, folder, path)
