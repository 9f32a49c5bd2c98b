"""The care of the store under a running server: eviction, pins, downloads that go on, disks that are full."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import TOOL, wait_until
from test_store import problem, small_disk  # noqa: F401 (a fixture)

A, B = f"/tc/{OLD}/windows64tc.zip", f"/tc/{CURRENT}/windows64tc.zip"
PIN = "00ff"
HOUR = 3600


def gc(server, size, *options):
    return subprocess.run([TOOL, "gc", server.store, "--max-size", str(size), *options], capture_output=True, text=True,
                          timeout=60)


def evict(server, size=1):
    done = gc(server, size, "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def grow_old(server, age=HOUR, *digests):
    """Makes archives look unused for so long."""
    then = time.time() - age
    for path in (server.store / "archives").glob("*.info"):
        if not digests or path.stem in digests:
            os.utime(path, (then, then))


def digest(answer):
    return json.loads(answer.body)["archive"]["sha256"]


def info(server, sha256):
    return server.store / "archives" / f"{sha256}.info"


# ---- eviction --------------------------------------------------------------------------------------------------------

def test_evicted_archive_is_rebuilt_with_the_same_bytes_and_etag(httpd, shared):
    server = httpd(shared["plain"])
    first = server.get(A)
    grow_old(server)
    row = evict(server)
    assert row == {"store": str(server.store), "archives": 0, "bytes": 0, "removed_archives": 1,
                   "removed_bytes": len(first.body)}
    assert server.archives() == []
    assert len(list((server.store / "manifests").iterdir())) == 1, "manifests outlive"
    again = server.get(A)
    assert (again.status, again.body, again.headers["ETag"]) == (200, first.body, first.headers["ETag"])
    assert server.cache_counts(A, 2) == {"built": 2}


def test_manifest_of_an_evicted_archive_is_answered_by_its_digest_where_it_was_published(httpd, shared, folder):
    (folder / "empty").mkdir()
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"', "/other": f'CDistRoot "{folder}/empty"'})
    before = server.get(A + ".manifest")
    by_digest = f"sha256/{digest(before)}/windows64tc.zip"
    grow_old(server)
    evict(server)
    again = server.get(f"/tc/{by_digest}.manifest")
    assert (again.status, again.body) == (200, before.body)
    assert again.headers["ETag"] == before.headers["ETag"] and "immutable" in again.headers["Cache-Control"]
    assert server.get(f"/tc/{by_digest}").status == 404, "the archive itself is gone"
    assert server.get(f"/other/{by_digest}.manifest").status == 404, "it never was in that publication"
    assert server.get(f"/tc/{by_digest}.manifest".replace("windows64", "linux64")).status == 404
    assert server.archives() == [], "nobody builds for a manifest"


@pytest.mark.parametrize("options", ["EnableSendfile On\n", "EnableSendfile Off\nEnableMMAP Off\n", ""])
def test_download_in_progress_survives_eviction(httpd, shared, options):
    server = httpd(shared["plain"], process=options)
    url = f"/tc/{NEWEST}/windows64tc.zip"
    body = server.get(url).body
    connection = server.connect()
    connection.request("GET", url)
    response = connection.getresponse()
    got = response.read(10_000)
    grow_old(server)
    evict(server)
    assert server.archives() == []
    got += response.read()
    connection.close()
    assert got == body


def test_resume_after_eviction_gets_the_same_bytes(httpd, shared):
    server = httpd(shared["plain"])
    first = server.get(A)
    grow_old(server)
    evict(server)
    rest = server.get(A, {"Range": "bytes=1000-", "If-Range": first.headers["ETag"]})
    assert rest.status == 206 and rest.body == first.body[1000:]


def test_limit_is_kept_after_each_build(httpd, shared):
    server = httpd(shared["plain"], process="CDistStoreMaxSize 500K\n")
    server.get(A)
    old = server.archives()[0].stem
    grow_old(server)
    server.get(B)
    assert old in server.wait_logged("CD0024")[0]
    wait_until(lambda: len(server.archives()) == 1, "the old archive is gone")
    assert server.archives()[0].stem != old
    assert server.logged("CD0023") == []


def test_archive_larger_than_the_limit_is_served(httpd, shared):
    server = httpd(shared["plain"], process="CDistStoreMaxSize 1K\n")
    server.allow("CD0023")
    body = server.get(A).body
    assert len(body) > 1024
    assert "CDistStoreMaxSize" in server.wait_logged("CD0023")[0]
    assert server.get(A).body == body
    assert server.cache_counts(A, 2) == {"built": 1, "hit": 1}


def test_without_a_limit_nothing_is_evicted(httpd, shared):
    server = httpd(shared["plain"], process="CDistStoreMaxSize none\n")
    server.get(A)
    grow_old(server, 400 * 24 * HOUR)
    server.get(B)
    time.sleep(0.3)
    assert len(server.archives()) == 2


def test_what_is_handed_out_counts_as_used_and_a_look_at_the_index_does_not(httpd, shared):
    server = httpd(shared["plain"])
    first, second = digest(server.get(A + ".manifest")), digest(server.get(B + ".manifest"))
    grow_old(server)
    server.restart()  # a process notes a use once a minute, whatever becomes of the note
    before = info(server, second).stat().st_mtime
    assert server.get("/tc/index.json").status == 200
    assert server.get(A).status == 200
    assert info(server, second).stat().st_mtime == before
    assert info(server, first).stat().st_mtime > time.time() - 60
    grow_old(server, HOUR, first)
    server.restart()
    assert server.get(f"/tc/sha256/{first}/windows64tc.zip").status == 200
    assert info(server, first).stat().st_mtime > time.time() - 60
    assert json.loads(gc(server, 500_000, "--json").stdout)["removed_archives"] == 1
    assert [path.stem for path in server.archives()] == [first]


def test_last_use_outlives_a_restart(httpd, shared):
    server = httpd(shared["plain"])
    first, second = digest(server.get(A + ".manifest")), digest(server.get(B + ".manifest"))
    grow_old(server, 2 * HOUR)
    grow_old(server, 3 * HOUR, second)
    server.restart()
    assert evict(server, 500_000)["removed_archives"] == 1
    assert [path.stem for path in server.archives()] == [first]


def test_pinned_archives_are_never_evicted(httpd, shared):
    server = httpd(shared["plain"], process="CDistStoreMaxSize 1K\n")
    server.allow("CD0023")
    first, second = digest(server.get(A + ".manifest")), digest(server.get(B + ".manifest"))
    (server.store / "pins" / PIN).write_text(first + "\n")
    grow_old(server, 20 * 24 * HOUR)
    server.get(f"/tc/{CURRENT}/linux64tc.zip")
    server.wait_logged("CD0024")
    wait_until(lambda: not info(server, second).exists(), "the other one is gone")
    assert info(server, first).exists()
    done = gc(server, 1)
    assert done.returncode == 1 and "current for a publication" in done.stderr
    assert info(server, first).exists()


def test_requests_that_lose_their_archive_to_an_eviction_are_answered(httpd, shared):
    """Ten minutes must pass before an archive is evicted, so under a request that can happen once at most, whenever it
    is. Here it happens once to every archive while a crowd asks for it."""
    server = httpd(shared["plain"])
    urls = [f"/tc/{version}/{slot}tc.zip" for version in (OLD, CURRENT) for slot in ("windows64", "linux64")]
    bodies = {url: server.get(url).body for url in urls}
    evicted = 0
    while evicted < 16:
        raging = Rage(server)
        wrong = [answer for url, answer in zip(urls * 4, server.get_many(urls * 4))
                 if answer.status != 200 or answer.body != bodies[url]]
        evicted += raging.stop()
        assert wrong == [], server.logged("CD0104")


class Rage:
    """Makes each archive look unused once, whenever it comes across it, and evicts as fast as it can; until it is stopped."""

    def __init__(self, server):
        self.server, self.aged, self.evicted, self.over = server, set(), 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            for path in (self.server.store / "archives").glob("*.info"):
                with contextlib.suppress(FileNotFoundError):
                    if path.stem not in self.aged:
                        os.utime(path, (time.time() - HOUR, time.time() - HOUR))
                        self.aged.add(path.stem)
            self.evict()

    def evict(self):
        self.evicted += json.loads(gc(self.server, 1, "--json").stdout)["removed_archives"]

    def stop(self):
        """How many were evicted. None that was made to look unused is left over for the next time."""
        self.over.set()
        self.thread.join()
        self.evict()
        return self.evicted


# ---- a full disk -------------------------------------------------------------------------------------------------------

def test_full_disk_below_the_limit_evicts_nothing(httpd, shared, small_disk):  # noqa: F811
    server = httpd(shared["plain"], process=f'CDistStore "{small_disk}/store"\nCDistStoreMaxSize 100M\n')
    server.store = small_disk / "store"
    body = server.get(A).body
    grow_old(server)
    problem(server.get(f"/tc/{NEWEST}/windows64tc.zip"))
    assert "No space left" in server.logged("CD0016")[0] and f"{small_disk}/store" in server.logged("CD0016")[0]
    server.allow("CD0016")
    assert server.get(A).body == body
    assert server.cache_counts(A, 2) == {"built": 1, "hit": 1}
    assert server.leftovers() == []


def test_full_disk_over_the_limit_makes_room_and_tries_once_more(httpd, folder, small_disk):  # noqa: F811
    for version in (OLD, CURRENT):
        releases.add_release(folder / "root", version, size=1_300_000)
    releases.age(folder / "root")
    server = httpd(folder / "root", process=f'CDistStore "{small_disk}/store"\nCDistStoreMaxSize 1M\n')
    server.store = small_disk / "store"
    server.allow("CD0023")
    assert server.get(A).status == 200
    grow_old(server)
    answer = server.get(B)
    assert answer.status == 200, (answer, server.errors())
    assert len(server.logged("CD0024")) == 1
    assert len(server.archives()) == 1


def test_full_disk_without_room_for_the_small_files_leaves_nothing_behind(httpd, shared, small_disk):  # noqa: F811
    server = httpd(shared["plain"], process=f'CDistStore "{small_disk}/store"\n')
    server.store = small_disk / "store"
    body = server.get(A).body
    server.allow("CD0016")
    # The next request writes down that the first archive is built; what it replaces is freed a moment later.
    assert server.get(A).body == body
    used = sum(path.stat().st_blocks * 512 for path in small_disk.rglob("*") if path.is_file())
    free = wait_until(lambda: shutil.disk_usage(small_disk).free == shutil.disk_usage(small_disk).total - used and
                      shutil.disk_usage(small_disk).free, "all that is free is counted")
    # Room for the archive, and for one or two pages more.
    (small_disk / "filler").write_bytes(bytes(free - (len(body) + 4096 * 2) // 4096 * 4096))
    problem(server.get(B))
    assert re.search(r"(manifests|records|keys)/|\.info", server.logged("CD0016")[0]), "the archive itself had room"
    assert len(server.archives()) == 1 and server.leftovers() == []
    (small_disk / "filler").unlink()
    assert server.get(A).body == body
    assert server.get_until(B).status == 200


# ---- the command line ------------------------------------------------------------------------------------------------------

def test_gc_on_a_store_in_use_leaves_it_to_its_user(httpd, shared):
    server = httpd(shared["plain"])
    assert server.get("/tc/index.json").status == 200
    assert gc(server, 0).returncode == 0, "before anything was built"
    first = server.get(A)
    grow_old(server)
    done = gc(server, "1K")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 archives removed" in done.stdout
    assert server.get(A).body == first.body
    assert server.get(B).status == 200
    owner = server.store.stat()
    for path in server.store.rglob("*"):
        assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid), path


def test_gc_says_when_the_limit_cannot_be_met(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(A).body
    done = gc(server, 1, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["bytes"] == len(body)
    assert "CD0023" in done.stderr and "used in the last minutes" in done.stderr
    assert "--max-size allows 1." in done.stderr and "CDistStoreMaxSize" not in done.stderr


def test_gc_refuses_what_is_no_store(folder):
    def run(*args):
        return subprocess.run([TOOL, "gc", *map(str, args)], capture_output=True, text=True, timeout=60)
    (folder / "own").mkdir()
    (folder / "own" / "file").write_text("mine")
    (folder / "newer").mkdir()
    (folder / "newer" / "FORMAT").write_text("1cdist-store 2\n")
    for name, why in (("own", "is no store"), ("missing", "is no store"), ("newer", "another version"),
                      ("own/file", "Not a directory")):
        done = run(folder / name, "--max-size", "1")
        assert done.returncode == 1 and done.stderr.startswith("1cdist: ") and why in done.stderr, done
    assert sorted(path.name for path in folder.rglob("*")) == ["FORMAT", "file", "newer", "own"]
    for args in ((), (folder,), (folder, folder, "--max-size", "1"), (folder, "--max-size", "lots"),
                 (folder, "--max-size", "-1"), (folder, "--unknown")):
        assert run(*args).returncode == 2
    assert "--max-size" in run("--help").stdout


@pytest.mark.parametrize("size, fits", [("20G", True), ("none", True), ("0", True), ("1048576", True), ("512m", True),
                                        ("1X", False), ("-5", False), ('""', False), ("9999999999999T", False)])
def test_the_directive_takes_sizes(httpd, shared, size, fits):
    server = httpd(shared["plain"], start=False)
    status, said = server.check_config(process=f"CDistStoreMaxSize {size}\n")
    assert (status == 0) == fits, said
    assert fits or "CDistStoreMaxSize" in said


def test_the_directive_is_the_process_s(httpd, shared):
    server = httpd(shared["plain"], start=False)
    status, said = server.check_config(body='<VirtualHost *>\nCDistStoreMaxSize 1G\n</VirtualHost>\n')
    assert status != 0 and "CDistStoreMaxSize" in said
