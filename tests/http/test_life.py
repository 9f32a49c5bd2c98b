"""Restarts and deaths during a build, and what is left behind: nothing."""
import os
import signal
import socket
import threading

import pytest

from conftest import CURRENT, NEWEST
from harness import open_files, wait_until

URL = f"/tc/{CURRENT}/windows64tc.zip"
SLOW = "CDistLevel 9\nCDistBuildTimeout 60\n"


def begin_build(server, url=URL):
    """Sends a request whose build takes a while; returns the connection once the build has begun."""
    wait_until(lambda: not builders(server), "what was built before is put away")
    connection = socket.create_connection(("127.0.0.1", server.port), 30)
    connection.sendall(f"GET {url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    wait_until(lambda: builders(server), "the build has begun")
    return connection


def builders(server):
    """Children that hold an unnamed file in the store open: the archive that they write."""
    archives = str(server.store / "archives") + "/"
    return [pid for pid in server.children() if any(target.startswith(archives) for _, target in open_files(pid))]


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_graceful_restart_during_a_build_leaves_no_stuck_lock(httpd, shared, mpm):
    server = httpd(shared["slow"], process=SLOW, mpm=mpm)
    server.allow("AH03490")  # event: the old generation holds its places until its build is done
    with begin_build(server):
        server.daemon.send_signal(signal.SIGUSR1)
        answer = server.get_until(URL)
    assert answer.headers["1C-Version"] == CURRENT
    assert server.leftovers() == []
    assert len(server.archives()) == 1


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_stop_during_a_long_build_is_quick_and_clean(httpd, shared, mpm):
    server = httpd(shared["very_slow"], process=SLOW, mpm=mpm)
    with begin_build(server):
        server.stop(idle=False)
    assert server.leftovers() == [] and server.archives() == []
    server.start()
    assert server.get(URL).status == 200


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_killed_builder_is_replaced_and_leaves_nothing(httpd, shared, mpm):
    server = httpd(shared["slow"], process=SLOW, mpm=mpm)
    server.allow("exit signal Killed")
    with begin_build(server):
        (pid,) = builders(server)
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid not in server.children(), "the builder is gone")
    assert server.get_until(URL).headers["1C-Version"] == CURRENT
    assert len(server.logged("CD0013")) == 1
    assert server.leftovers() == []


def test_those_who_wait_in_other_processes_survive_the_builder(httpd, shared):
    server = httpd(shared["slow"], process=SLOW, mpm="prefork")
    server.allow("exit signal Killed")
    answers = []
    with begin_build(server):
        (pid,) = builders(server)
        waiting = [threading.Thread(target=lambda: answers.append(server.get(URL))) for _ in range(4)]
        for thread in waiting:
            thread.start()
        os.kill(pid, signal.SIGKILL)
        for thread in waiting:
            thread.join(60)
    assert [answer.status for answer in answers] == [200] * 4
    assert len({answer.body for answer in answers}) == 1


def test_server_killed_during_a_build_starts_again_and_builds(httpd, shared):
    server = httpd(shared["slow"], process=SLOW)
    server.allow("AH00098")
    with begin_build(server):
        server.kill()
    server.start()
    assert server.get(URL).status == 200
    assert server.leftovers() == []


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_many_graceful_restarts_under_load_lose_no_request(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm)
    server.allow("AH03490")  # event: the old generations still hold their places when the next one is asked for
    url = f"/tc/{NEWEST}/windows64tc.zip"
    body = server.get(url).body
    wrong, over = [], threading.Event()

    def load():
        while not over.is_set():
            try:
                answer = server.get(url)
            except ConnectionError as error:
                # A connection that was just accepted by an ending process; never in the middle of an answer.
                wrong.append(error)
                continue
            if answer.status != 200 or answer.body != body:
                wrong.append(answer)
    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            server.graceful()
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    assert not wrong, wrong[:3]
    assert len(server.logged("CD0013")) == 1


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_start_and_stop_after_builds_leave_no_crash(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm)
    for _ in range(15):
        for name in ("windows64tc.zip", "windows32tc.zip", "linux64tc.zip"):
            assert server.get(f"/tc/{CURRENT}/{name}").status == 200
        server.stop()
        for part in ("archives", "keys", "manifests"):
            for path in (server.store / part).iterdir():
                path.unlink()
        server.start()


def test_descriptors_and_threads_of_a_child_do_not_grow(httpd, shared):
    server = httpd(shared["plain"])
    urls = [f"/tc/{CURRENT}/windows64tc.zip", f"/tc/{CURRENT}/linux64tc.zip", "/tc/index.json", "/tc/8.3.99/x.zip"]

    def size():
        return {pid: len(open_files(pid)) for pid in server.children()}
    server.get_many(urls * 8)
    before = size()
    for _ in range(10):
        server.get_many(urls * 8)
    after = wait_until(lambda: all(size().get(pid, 0) <= count + 8 for pid, count in before.items()) and size(),
                       "descriptors are back to where they were")
    assert set(before) <= set(after), "none was replaced; httpd may have added one"
