"""A store that is full, closed, damaged or gone: an honest 503, everything else goes on, and it recovers."""
import json
import os
import shutil
import subprocess

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import IS_ROOT, give_to_server, wait_until

BUILT, OTHER = f"/tc/{OLD}/windows64tc.zip", f"/tc/{CURRENT}/windows64tc.zip"


def problem(answer):
    assert answer.status == 503, answer
    assert answer.headers["Retry-After"].isdigit()
    assert answer.headers["Content-Type"] == "application/problem+json"
    return json.loads(answer.body)


def assert_recovered(server, url, version=CURRENT):
    # A failure is remembered for a few seconds.
    assert server.get_until(url).headers["1C-Version"] == version
    assert server.leftovers() == []


@pytest.fixture
def small_disk(folder):
    """A file system of 2 MB."""
    path = folder / "disk"
    path.mkdir()
    if not IS_ROOT:
        pytest.skip("only root can mount a small file system")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "cdist-test", path], capture_output=True,
                          text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted: {done.stderr.strip()}")
    give_to_server(path)
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_full_disk_gives_503_and_a_line_in_the_log(httpd, shared, small_disk):
    server = httpd(shared["plain"], process=f'CDistStore "{small_disk}/store"\n')
    server.store = small_disk / "store"
    body = server.get(BUILT).body
    said = problem(server.get(f"/tc/{NEWEST}/windows64tc.zip"))
    assert str(small_disk) not in json.dumps(said)
    assert "No space left" in server.logged("CD0016")[0]
    server.allow("CD0016")
    again = server.get(BUILT)
    assert (again.status, again.body) == (200, body)
    assert server.leftovers() == []
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    assert_recovered(server, f"/tc/{NEWEST}/windows64tc.zip", NEWEST)


def test_file_size_limit_gives_503_and_no_dead_child(httpd, shared):
    server = httpd(shared["plain"], limit=["--fsize=1000000"])
    body = server.get(BUILT).body
    children = server.children()
    problem(server.get(f"/tc/{NEWEST}/windows64tc.zip"))
    assert "File too large" in server.logged("CD0016")[0]
    server.allow("CD0016")
    assert server.get(BUILT).body == body
    assert server.children() == children
    assert server.leftovers() == []
    assert len(server.archives()) == 1


def test_closed_store_gives_503_and_built_archives_go_on(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    folders = [server.store, *(path for path in server.store.iterdir() if path.is_dir())]
    owners = [(path, path.stat()) for path in folders]
    for path in folders:
        os.chmod(path, 0o555)
        if IS_ROOT:
            os.chown(path, 0, 0)
    said = problem(server.get(OTHER))
    assert str(server.store) not in json.dumps(said)
    assert server.logged("CD0016") or server.logged("CD0103")
    server.allow("CD0016", "CD0103")
    again = server.get(BUILT)
    assert (again.status, again.body) == (200, body)
    for path, stat in owners:
        os.chmod(path, 0o755)
        os.chown(path, stat.st_uid, stat.st_gid)
    assert_recovered(server, OTHER)


def test_store_that_cannot_be_made_keeps_nothing_else_from_working(httpd, shared, folder):
    (folder / "file").write_text("in the way")
    server = httpd(shared["plain"], process=f'CDistStore "{folder}/file/store"\n')
    said = problem(server.get(BUILT))
    assert str(folder) not in json.dumps(said)
    assert server.logged("CD0100") and server.logged("CD0103")
    server.allow("CD0100", "CD0103")
    assert server.get("/ready").status == 404
    (folder / "file").unlink()
    (folder / "file").mkdir()
    give_to_server(folder / "file")
    assert_recovered(server, BUILT, OLD)


def test_truncated_archive_is_noticed_and_rebuilt(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    os.truncate(server.archives()[0], len(body) // 2)
    assert server.get(BUILT).body == body
    assert len(server.logged("CD0011")) == 1
    server.allow("CD0011")
    assert len(server.logged("CD0013")) == 2


@pytest.mark.parametrize("content", [b"", b"\n", b"1 zip\n", b"1 zip x y\n", b"2 zip 1 1\n",
                                     b"1 ready 5 5\n/etc/passwd", b"\x00" * 100, b"\xff" * 60_000], ids=range(8))
def test_damaged_info_is_noticed_and_rebuilt(httpd, shared, content):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    info = next((server.store / "archives").glob("*.info"))
    info.write_bytes(content)
    server.restart()  # a process that handed the archive out remembers what the file said
    answer = server.get(BUILT)
    assert (answer.status, answer.body) == (200, body)
    assert len(server.logged("CD0010")) == 1
    server.allow("CD0010")


def test_oversized_info_is_noticed_and_rebuilt(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    next((server.store / "archives").glob("*.info")).write_bytes(b"1" * 100_000)
    server.restart()
    answer = server.get(BUILT)
    assert (answer.status, answer.body) == (200, body)
    server.allow("CD0010")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"0" * 64, b"Z" * 64, b"../../../../etc/passwd"], ids=range(5))
def test_damaged_key_is_noticed_and_rebuilt(httpd, shared, content):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    next((server.store / "keys").iterdir()).write_bytes(content)
    server.restart()
    assert server.get(BUILT).body == body


def test_missing_manifest_never_breaks_the_archive(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    next((server.store / "manifests").iterdir()).unlink()
    assert server.get(BUILT).body == body
    server.allow("CD0017")
    missing = server.get(BUILT + ".manifest")
    assert missing.status == 503
    assert "Content-Location" not in missing.headers and "1C-Version" not in missing.headers, "a problem is no manifest"
    manifest = server.get(BUILT + ".manifest")
    assert manifest.status == 200 and len(json.loads(manifest.body)["entries"]) > 0


def test_store_deleted_under_the_server_comes_back(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    shutil.rmtree(server.store)
    server.allow("CD0016", "CD0103", "CD0107")
    if IS_ROOT:
        # The children may not make folders beside the store: the administrator, or the next start, makes it again.
        answer = server.get(BUILT)
        assert answer.status == 503 or answer.body == body
        server.store.mkdir()
        give_to_server(server.store)
    assert server.get_until(BUILT).body == body


def test_parts_of_the_store_deleted_under_the_server_come_back(httpd, shared):
    server = httpd(shared["plain"])
    body = server.get(BUILT).body
    for part in ("archives", "manifests", "keys"):
        shutil.rmtree(server.store / part)
    server.allow("CD0016", "CD0103")
    assert server.get_until(BUILT).body == body


def test_store_of_a_newer_format_is_refused(httpd, shared):
    server = httpd(shared["plain"], start=False)
    server.store.mkdir()
    give_to_server(server.store)
    (server.store / "FORMAT").write_text("1cdist-store 2\n")
    server.start()
    server.allow("CD0103")
    answer = server.get(BUILT)
    assert answer.status >= 400 and answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status == 503, "the request is right, the server is not"
    assert server.logged("CD0103")
    assert (server.store / "FORMAT").read_text() == "1cdist-store 2\n"


def test_ready_archive_that_was_replaced_is_verified_anew(httpd, folder):
    path = folder / "root" / CURRENT / "distr" / "windows64tc.zip"
    first = releases.add_ready(path, "one")
    releases.age(folder / "root")
    server = httpd(folder / "root")
    assert server.get("/tc/windows64tc.zip").body == first
    second = releases.add_ready(path.with_name("new"), "two")
    path.with_name("new").rename(path)
    server.allow("CD0015")

    def replaced():
        answer = server.get("/tc/windows64tc.zip")
        assert answer.status == 503 or answer.body in (first, second)
        return answer.status == 200 and answer.body == second
    wait_until(replaced, "the new archive is served")
