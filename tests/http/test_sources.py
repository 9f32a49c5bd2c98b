"""Sources that move: folders being filled, files that vanish, grow or cannot be read."""
import http.client
import json
import os
import shutil
import threading

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import IS_ROOT, give_to_server, wait_until
from test_life import begin_build

NAME = "windows64tc.zip"
URL = f"/tc/{CURRENT}/{NAME}"
SLOW = "CDistLevel 9\nCDistBuildTimeout 60\n"


def assert_failed_whole(server, answer):
    """An honest 503, a line in the log, and nothing half-made in the store."""
    assert answer.status == 503, answer
    assert answer.headers["Retry-After"].isdigit()
    assert server.logged("CD0015") or server.logged("CD0016") or server.logged("CD0020")
    server.allow("CD0015", "CD0016", "CD0020")
    assert server.archives() == [] and server.leftovers() == []
    assert not list((server.store / "keys").iterdir())


def test_release_being_filled_is_not_served_until_it_is_still(httpd, folder):
    root = folder / "root"
    releases.add_release(root, OLD)
    releases.age(root)
    server = httpd(root, process="CDistSettle 2\n")
    over = threading.Event()
    growing = root / CURRENT / "windows64"

    def fill():
        number = 0
        while not over.wait(0.02):
            number += 1
            (growing / f"part{number % 7}.cab").write_bytes(releases.binary(number, 10_000))
    releases.add_release(root, CURRENT)
    writer = threading.Thread(target=fill)
    writer.start()
    try:
        seen = []

        def long_enough():
            seen.append((server.get(f"/tc/{NAME}"), server.get(URL), server.get("/tc/index.json")))
            return len(seen) >= 60
        wait_until(long_enough, "looked often", deadline=30, pause=0.04)
    finally:
        over.set()
        writer.join()
    for unversioned, versioned, index in seen:
        assert (unversioned.status, unversioned.headers["1C-Version"]) == (200, OLD)
        assert versioned.status == 503
        assert b"folder is still being filled" in versioned.body
        assert CURRENT.encode() not in index.body
    answer = wait_until(lambda: (found := server.get(f"/tc/{NAME}")).headers["1C-Version"] == CURRENT and found,
                        "the release is served")
    assert answer.status == 200
    assert server.get(URL).body == answer.body


def test_settle_time_keeps_a_young_release_back(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    releases.age(folder / "root")
    answer = httpd(folder / "root", process="CDistSettle 600\n").get(URL)
    assert answer.status == 503
    assert answer.headers["Retry-After"].isdigit()


def slow_root(folder):
    releases.add_slow_release(folder / "root", CURRENT, 6)
    releases.age(folder / "root")
    return folder / "root"


def answer_of(connection):
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def disturbed_build(httpd, folder, disturb):
    """Starts a build, disturbs its source, and returns server and answer."""
    server = httpd(slow_root(folder), process=SLOW)
    source = folder / "root" / CURRENT / "windows64"
    with begin_build(server) as connection:
        disturb(source)
        status, body = answer_of(connection)
    assert status == 503, body[:300]
    assert server.logged("CD0015") or server.logged("CD0016")
    server.allow("CD0015", "CD0016", "CD0020")
    assert server.archives() == [] and server.leftovers() == []
    assert str(folder).encode() not in body
    return server, source


def test_file_that_grows_during_the_build_spoils_no_archive(httpd, folder):
    def grow(source):
        with open(source / "big.dat", "ab") as file:
            file.write(b"more")
    server, source = disturbed_build(httpd, folder, grow)
    assert server.get_until(URL).headers["1C-Version"] == CURRENT
    assert bytes_of_entry(server, "big.dat") == (source / "big.dat").stat().st_size


def bytes_of_entry(server, name):
    entries = json.loads(server.get(URL + ".manifest").body)["entries"]
    return next(entry["bytes"] for entry in entries if entry["name"] == name)


def test_file_rewritten_with_its_old_time_during_the_build_spoils_no_archive(httpd, folder):
    def rewrite(source):
        path = source / "setup.exe"
        stat = path.stat()
        path.write_bytes(releases.binary("other", stat.st_size))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    server, _ = disturbed_build(httpd, folder, rewrite)
    assert server.get_until(URL).status == 200


def test_file_that_appears_during_the_build_spoils_no_archive(httpd, folder):
    server, _ = disturbed_build(httpd, folder, lambda source: (source / "zz-late.txt").write_text("late"))
    assert server.get_until(URL).status == 200
    assert bytes_of_entry(server, "zz-late.txt") == 4


def test_file_that_vanishes_during_the_build_spoils_no_archive(httpd, folder):
    server, _ = disturbed_build(httpd, folder, lambda source: (source / "setup.exe").unlink())
    assert server.get_until(URL).status == 200


def test_release_that_vanishes_during_the_build_is_gone_afterwards(httpd, folder):
    server, source = disturbed_build(httpd, folder, lambda source: shutil.rmtree(source.parent))
    assert server.get_until(URL, 404).headers["Content-Type"] == "application/problem+json"


def test_unreadable_file_gives_503_and_recovers(httpd, folder):
    release = releases.add_release(folder / "root", CURRENT)
    (release / "windows64" / "setup.exe").chmod(0)
    releases.add_release(folder / "root", OLD)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    answer = server.get(URL)
    assert_failed_whole(server, answer)
    assert str(folder).encode() not in answer.body
    assert "setup.exe" in server.errors()
    assert server.get(f"/tc/{OLD}/{NAME}").status == 200
    (release / "windows64" / "setup.exe").chmod(0o644)
    assert server.get_until(URL).headers["1C-Version"] == CURRENT


def test_unreadable_release_folder_gives_503_and_recovers(httpd, folder):
    release = releases.add_release(folder / "root", CURRENT)
    releases.add_release(folder / "root", OLD)
    (release / "windows64").chmod(0)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    answer = server.get(URL)
    assert answer.status == 503
    assert str(folder).encode() not in answer.body
    assert server.logged("CD0020")
    server.allow("CD0020")
    (release / "windows64").chmod(0o755)
    assert server.get_until(URL).headers["1C-Version"] == CURRENT


def test_release_that_is_removed_is_404_and_its_bytes_stay(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    releases.add_release(folder / "root", NEWEST)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    first = server.get(f"/tc/{NAME}")
    assert first.headers["1C-Version"] == NEWEST
    shutil.rmtree(folder / "root" / NEWEST)
    assert server.get_until(f"/tc/{NEWEST}/{NAME}", 404)
    wait_until(lambda: server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT, "the older one is current again")
    digest = server.archives() and {path.stem for path in server.archives()}
    assert any(server.get(f"/tc/sha256/{hexes}/{NAME}").body == first.body for hexes in digest)


def test_new_release_is_seen_without_a_restart(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistScanInterval 1\n")
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT
    releases.add_release(folder / "root", NEWEST)
    wait_until(lambda: server.get(f"/tc/{NAME}").headers["1C-Version"] == NEWEST, "the new release is current")


def test_every_process_sees_a_change_within_the_scan_interval(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    if IS_ROOT:
        give_to_server(folder / "root")
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistScanInterval 1\n", mpm="prefork")
    server.get_many([f"/tc/{NAME}"] * 20)
    releases.add_release(folder / "root", NEWEST)
    wait_until(lambda: {a.headers["1C-Version"] for a in server.get_many([f"/tc/{NAME}"] * 20)} == {NEWEST},
               "all processes answer alike")


def test_without_a_settle_time_the_first_request_waits_until_a_new_release_can_be_trusted(httpd, folder):
    root = folder / "root"
    root.mkdir()
    server = httpd(root, process="CDistSettle 0\n")
    releases.add_release(root, CURRENT)
    answer = server.get(f"/tc/{NAME}")
    assert (answer.status, answer.headers["1C-Version"]) == (200, CURRENT)
