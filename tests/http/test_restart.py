"""Restarts: enabled and disabled while httpd runs, restarted during builds and downloads; nothing stays behind."""
import contextlib
import hashlib
import http.client
import io
import os
import pwd
import signal
import threading
import zipfile
from pathlib import Path

import pytest

import releases
from conftest import CURRENT
from harness import IS_ROOT, SERVER_USER, wait_until
from test_life import SLOW, URL, begin_build, builders

MPMS = pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
SIZE = 20_000
# However many processes a load calls for, no more remain than were started.
STEADY = {"event": "MinSpareThreads 32\nMaxSpareThreads 64\n", "worker": "MinSpareThreads 32\nMaxSpareThreads 64\n",
          "prefork": "MinSpareServers 1\nMaxSpareServers 8\n"}
STARTED = {"event": 2, "worker": 2, "prefork": 8}


# ---- enabled and disabled by a graceful restart ----------------------------------------------------------------------

@MPMS
def test_module_enabled_by_a_graceful_restart_serves(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm, start=False)
    server.loaded = False
    server.start()
    assert server.get(URL).status == 404
    server.loaded = True
    server.graceful()
    assert server.get(URL).headers["1C-Version"] == CURRENT
    assert server.cache_counts(URL, 2) == {"-": 1, "built": 1}
    if IS_ROOT:
        user = pwd.getpwnam(SERVER_USER)
        for path in (server.store, *server.archives()):
            assert (path.stat().st_uid, path.stat().st_gid) == (user.pw_uid, user.pw_gid), path


@MPMS
def test_module_disabled_and_enabled_again_serves_what_it_had_built(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm)
    body = server.get(URL).body
    server.loaded = False
    server.graceful()
    server.get_until(URL, 404)  # a child of the old generation may take one more connection
    server.loaded = True
    server.graceful()
    assert server.get_until(URL).body == body
    assert len(server.logged("CD0013")) == 1


# ---- during a build --------------------------------------------------------------------------------------------------

def rest_of(connection):
    """The whole response to a request that was sent already."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response, response.read()


@MPMS
def test_disabling_during_a_build_lets_it_finish(httpd, shared, mpm):
    server = httpd(shared["slow"], process=SLOW, mpm=mpm)
    with begin_build(server) as connection:
        server.loaded = False
        server.write_config()
        server.daemon.send_signal(signal.SIGUSR1)
        response, body = rest_of(connection)
    assert response.status == 200
    assert [path.read_bytes() for path in server.archives()] == [body]
    server.get_until(URL, 404)
    assert server.leftovers() == []


@MPMS
def test_graceful_stop_during_a_build_lets_it_finish(httpd, shared, mpm):
    server = httpd(shared["slow"], process=SLOW, mpm=mpm)
    with begin_build(server) as connection:
        server.daemon.send_signal(signal.SIGWINCH)
        response, body = rest_of(connection)
    assert response.status == 200
    wait_until(lambda: not server.running(), "httpd has stopped")
    assert [path.read_bytes() for path in server.archives()] == [body]
    assert server.leftovers() == []


@MPMS
def test_restart_during_a_build_stops_it_and_the_next_request_builds(httpd, shared, mpm):
    server = httpd(shared["very_slow"], process=SLOW, mpm=mpm)
    with begin_build(server):
        before = server.children()
        server.write_config(process="CDistLevel 1\n")
        server.daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: not before & server.children(), "the old generation is gone")
    assert server.archives() == [] and server.leftovers() == []
    assert server.get_until(URL).headers["1C-Version"] == CURRENT
    assert len(server.archives()) == 1 and len(server.logged("CD0013")) == 1


# ---- many restarts under load ----------------------------------------------------------------------------------------

class Load:
    """Clients that download without a pause until told to stop: in turns a URL that was served before, and the next of
    `cold`, which nobody has asked for. Whatever is wrong ends up in `wrong`."""

    def __init__(self, server, warm, cold, clients):
        self.server, self.warm, self.cold = server, warm, iter(cold)
        self.lock, self.over = threading.Lock(), threading.Event()
        self.digests, self.wrong, self.unanswered = {}, [], 0
        self.threads = [threading.Thread(target=self.download) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def download(self):
        while not self.over.is_set():
            with self.lock:
                cold = next(self.cold, None)
            for url in (cold, self.warm, self.warm):
                if url:
                    self.ask(url)

    def ask(self, url):
        """Asks until there is an answer. httpd may close a connection that it has not answered on, as it does with
        those that it accepts while it restarts; once an answer has begun, it must be there to its end."""
        while True:
            connection = self.server.connect()
            try:
                connection.request("GET", url)
                response = connection.getresponse()
            except ConnectionError:
                self.unanswered += 1
                continue
            except Exception as error:
                return self.wrong.append((url, error))
            try:
                self.check(url, response.status, response.read())
            except Exception as error:
                self.wrong.append((url, error))
            finally:
                connection.close()
            return None

    def check(self, url, status, body):
        assert status == 200, (status, body[:200])
        version = url.split("/")[2]
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == \
                releases.distribution_files(version, "windows64", SIZE)
        digest = hashlib.sha256(body).hexdigest()
        assert self.digests.setdefault(url, digest) == digest


def system_v(kind):
    """System V objects of the server's user, or of ours."""
    users = {os.geteuid(), *([pwd.getpwnam(SERVER_USER).pw_uid] if IS_ROOT else [])}
    head, *rows = [line.split() for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()]
    return {row[1] for row in rows if int(row[head.index("cuid")]) in users}


def shared_maps(pid):
    """What a process shares with others in its memory, by name."""
    fields = [line.split(None, 5) for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    return sorted(field[5] if len(field) > 5 else "" for field in fields if field[1].endswith("s"))


def threads(pid):
    with contextlib.suppress(FileNotFoundError):  # it has just ended
        return len(os.listdir(f"/proc/{pid}/task"))
    return 0


def holdings(server):
    """What a server must not hold more of from restart to restart."""
    parent, children = server.daemon.pid, server.children()
    return {
        "descriptors": sorted(os.readlink(fd.path).split(":")[0] for fd in os.scandir(f"/proc/{parent}/fd")),
        "shared memory": shared_maps(parent), "threads": threads(parent),
        "System V": (system_v("shm"), system_v("sem")), "/dev/shm": set(os.listdir("/dev/shm")),
        "run": sorted(os.listdir(server.folder / "run")), "left in the store": server.leftovers(),
        "builders": builders(server), "threads of a child": {threads(pid) for pid in children},
        "processes too many": max(0, len(children) - STARTED[server.mpm])}


def settled(server):
    """What the server holds when nothing happens any more."""
    def same_twice():
        now = holdings(server)
        return now if server.idle() and not now["builders"] and now == holdings(server) else None
    return wait_until(same_twice, "the server has settled")


@MPMS
def test_twenty_graceful_restarts_under_load_leave_nothing_behind(httpd, folder, mpm):
    root = folder / "releases"
    versions = [f"8.3.22.{number}" for number in range(1000, 1060)]
    for version in versions:
        releases.add_release(root, version, size=SIZE)
    releases.age(root)
    server = httpd(root, process="CDistScanInterval 60\n" + STEADY[mpm], mpm=mpm)
    # Both are httpd's own, module or not. event: the old generations still hold their places when the next one is asked
    # for; worker: a child of an old generation ends after its generation was struck off.
    server.allow("AH03490", "AH00546")
    warm, *cold = (f"/tc/{version}/windows64tc.zip" for version in versions)
    assert server.get(warm).status == 200
    before = settled(server)
    with Load(server, warm, cold, clients=4) as load:
        for _ in range(20):
            server.graceful()
    assert not load.wrong, load.wrong[:3]
    assert len(load.digests) >= 10, "the load was none"
    assert len(server.logged("CD0013")) == len(load.digests) == len(server.archives())
    try:
        wait_until(lambda: settled(server) == before, "the server holds what it held before")
    except AssertionError as error:
        raise AssertionError(f"{error}\nbefore: {before}\nafter: {holdings(server)}") from None
