"""Building before anybody asks: the newest release first, current only once it is built, one catalogue for all processes."""
import os
import re
import subprocess
import time

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import HTTPD, wait_until

ON = "CDistPrebuild On\nCDistScanInterval 1\nCDistSettle 2\n"
MPMS = ["event", "worker", "prefork"]


def built(server):
    """Labels of archives in the order in which they were built."""
    return [re.search(r"CD0013: (\S+ \S+):", line)[1] for line in server.logged("CD0013")]


@pytest.mark.parametrize("mpm", MPMS)
def test_all_releases_are_built_before_anybody_asks_newest_first(httpd, shared, mpm):
    server = httpd(shared["plain"], process=ON, mpm=mpm)
    wait_until(lambda: len(built(server)) == 8, "all archives are built")
    versions = [label.split()[1] for label in built(server)]
    assert versions == [NEWEST] * 2 + [CURRENT] * 4 + [OLD] * 2
    for version in (NEWEST, CURRENT, OLD):
        assert server.get(f"/tc/{version}/windows64tc.zip").status == 200
    assert server.cache_counts(f"/tc/{NEWEST}/windows64tc.zip", 1) == {"hit": 1}
    assert len(built(server)) == 8


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_a_new_release_becomes_current_only_once_it_is_built(httpd, folder, mpm):
    root = folder / "root"
    releases.add_release(root, OLD)
    releases.age(root)
    server = httpd(root, process=ON + "CDistLevel 9\n", mpm=mpm)
    wait_until(lambda: len(built(server)) == 1, "the first release is built")
    releases.add_slow_release(root, CURRENT, 14, pieces=14)
    answers = []

    def switched():
        answers.append(server.get("/tc/windows64tc.zip"))
        return answers[-1].headers["1C-Version"] == CURRENT
    wait_until(switched, "the new release is current", 60, 0.05)
    assert {answer.status for answer in answers} == {200}
    assert set(server.cache_counts("/tc/windows64tc.zip", len(answers))) == {"hit"}, "nobody waits for it"
    seen = [answer.headers["1C-Version"] for answer in answers]
    assert seen == sorted(seen), "and nobody goes back"


def never_goes_back(server, version, done, what):
    """Asks over and over until `done`, and has every answer come from that release."""
    def asked():
        answer = server.get("/tc/windows64tc.zip")
        assert (answer.status, answer.headers["1C-Version"]) == (200, version), answer
        return done()
    wait_until(asked, what, 60, 0.05)


@pytest.fixture
def two_built(httpd, folder):
    """A server whose releases OLD and CURRENT are built, CURRENT for being newer is current."""
    releases.add_release(folder / "root", OLD)
    releases.add_release(folder / "root", CURRENT)
    releases.age(folder / "root")
    server = httpd(folder / "root", process=ON + "CDistLevel 9\n")
    wait_until(lambda: any(note.read_text().count('"built": 1') == 2 for note in (server.store / "notes").glob("*")),
               "both are built, and all processes know it")
    assert server.get("/tc/windows64tc.zip").headers["1C-Version"] == CURRENT
    return server


def test_a_current_release_whose_files_change_stays_current(two_built, folder):
    (folder / "root" / CURRENT / "windows64" / "added.dat").write_bytes(releases.text("added", 5 << 20))
    never_goes_back(two_built, CURRENT, lambda: len(built(two_built)) == 3, "the changed release is built")


def test_a_current_release_whose_archives_are_gone_stays_current_after_a_restart(two_built):
    server = two_built
    server.stop()
    for archive in server.archives():
        if any(CURRENT in line and archive.stem in line for line in server.logged("CD0013")):
            for path in server.store.glob(f"*/{archive.stem}*"):
                path.unlink()
    assert len(server.archives()) == 1
    server.start()
    never_goes_back(server, CURRENT, lambda: len(built(server)) == 3, "the archive is built again")


def test_a_component_that_is_configured_later_takes_nothing_back(two_built, folder):
    server = two_built
    releases.write_files(folder / "modules" / CURRENT, {"big.dat": releases.text("modules", 5 << 20)})
    releases.age(folder / "modules")
    server.publications = {"/tc": f'CDistRoot "{folder / "root"}"\n  CDistSource modules "{folder}/modules/%v"'}
    server.restart()
    never_goes_back(server, CURRENT, lambda: len(built(server)) == 3, "the component is built")


def test_without_prebuild_the_newest_is_current_and_built_on_request(httpd, shared):
    server = httpd(shared["plain"], process=ON.replace("On", "Off"))
    assert server.get("/tc/windows64tc.zip").headers["1C-Version"] == NEWEST
    time.sleep(1.5)
    assert built(server) == [f"windows64 {NEWEST}"]


def test_where_nothing_is_built_the_newest_is_built_on_request(httpd, folder):
    root = folder / "root"
    releases.add_slow_release(root, NEWEST, 10, pieces=10)
    releases.add_release(root, OLD)
    releases.age(root)
    server = httpd(root, process=ON)
    assert server.get("/tc/windows64tc.zip").headers["1C-Version"] == NEWEST


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_a_restart_in_the_middle_goes_on_where_it_was(httpd, folder, mpm):
    root = folder / "root"
    for number in range(3):
        releases.add_slow_release(root, f"8.3.22.{1000 + number}", 6, pieces=6)
    releases.age(root)
    server = httpd(root, process=ON + "CDistLevel 9\n", mpm=mpm)
    wait_until(lambda: server.archives(), "the first archive is built", 60)
    server.restart()
    wait_until(lambda: len(built(server)) >= 3, "all archives are built", 90)
    assert sorted(built(server)) == sorted(f"windows64 8.3.22.{1000 + number}" for number in range(3)), "each once"
    assert not server.leftovers()


def test_a_release_that_cannot_be_built_does_not_hold_the_others_up(httpd, folder):
    root = folder / "root"
    releases.add_release(root, NEWEST)
    releases.add_release(root, OLD)
    if os.geteuid() != 0:
        pytest.skip("needs a file that the server's user cannot read")
    (root / NEWEST / "windows64" / "setup.exe").chmod(0)
    releases.age(root)
    server = httpd(root, process=ON)
    server.allow("CD0016")
    wait_until(lambda: built(server) == [f"windows64 {OLD}"], "the other release is built")
    wait_until(lambda: server.get("/tc/windows64tc.zip").headers["1C-Version"] == OLD, "the other release is current")
    before = len(server.logged("CD0016"))
    time.sleep(4)
    assert len(server.logged("CD0016")) == before, "and it is not tried over and over"


@pytest.mark.parametrize("which", ["older ones must not be built", "one cannot be built"])
def test_where_nothing_can_be_done_nobody_tries_all_the_time(httpd, folder, which):
    root = folder / "root"
    releases.add_release(root, OLD)
    releases.add_release(root, CURRENT)
    process = ON
    if "cannot" in which:
        if os.geteuid() != 0:
            pytest.skip("needs a file that the server's user cannot read")
        (root / OLD / "windows64" / "setup.exe").chmod(0)
    else:
        process += "CDistStoreMaxSize 1G\n"
    releases.age(root)
    server = httpd(root, process=process)
    server.allow("CD0016")
    wait_until(lambda: built(server) == [f"windows64 {CURRENT}"], "what can be built is built")
    time.sleep(3)
    before = len(server.wait_logged("CD0118"))
    time.sleep(9)
    assert len(server.logged("CD0118")) - before <= 1
    if "cannot" in which:
        (root / OLD / "windows64" / "setup.exe").chmod(0o644)
        wait_until(lambda: built(server)[1:] == [f"windows64 {OLD}"], "a change of the source is seen at once")
    else:
        releases.add_release(root, NEWEST)
        wait_until(lambda: built(server)[1:] == [f"windows64 {NEWEST}"], "a new release is built at once")


@pytest.mark.parametrize("mpm", MPMS)
def test_requests_are_served_while_much_is_prebuilt(httpd, folder, mpm):
    root = folder / "root"
    for number in range(3):
        releases.add_slow_release(root, f"8.3.25.{1000 + number}", 10, pieces=10)
    releases.add_release(root, OLD)
    releases.age(root)
    server = httpd(root, process=ON + "CDistLevel 9\nCDistBuildMax 1\n", mpm=mpm)
    wait_until(lambda: list((server.store / "archives").glob("*")) or server.idle() is False, "it builds")
    answer = server.get(f"/tc/{OLD}/windows64tc.zip")
    assert answer.status == 200
    assert len(built(server)) < 4, "the request did not wait for all of them"


@pytest.mark.parametrize("mpm", MPMS)
def test_all_processes_answer_alike_and_one_looks(httpd, folder, mpm):
    """Thirty new connections, over several processes, before and after a release comes and goes."""
    root = folder / "root"
    releases.add_release(root, OLD)
    releases.age(root)
    server = httpd(root, process=ON.replace("On", "Off"), mpm=mpm)
    assert server.get("/tc/windows64tc.zip").status == 200
    releases.add_release(root, CURRENT)
    server.get_until(f"/tc/{CURRENT}/windows64tc.zip")
    assert {server.get("/tc/windows64tc.zip").headers["1C-Version"] for _ in range(30)} == {CURRENT}
    for path in sorted((root / CURRENT).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (root / CURRENT).rmdir()
    server.get_until(f"/tc/{CURRENT}/windows64tc.zip", 404)
    assert {server.get(f"/tc/{CURRENT}/windows64tc.zip").status for _ in range(30)} == {404}


def test_what_was_served_stays_served_after_a_restart_while_its_folder_is_touched(httpd, folder):
    root = folder / "root"
    releases.add_release(root, OLD)
    releases.age(root)
    server = httpd(root, process="CDistSettle 5\nCDistScanInterval 1\n")
    server.get_until("/tc/windows64tc.zip")
    (root / OLD / "windows64" / "new.txt").write_text("being copied")
    server.restart()
    answer = server.get("/tc/windows64tc.zip")
    assert (answer.status, answer.headers["1C-Version"]) == (200, OLD)


NO_WATCHDOG = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
/* A server whose mod_watchdog is compiled in behaves as one without it. */
void *apr_dynamic_fn_retrieve(const char *name)
{
    void *(*real)(const char *) = dlsym(RTLD_NEXT, "apr_dynamic_fn_retrieve");
    return strncmp(name, "ap_watchdog_", 12) == 0 ? NULL : real(name);
}
"""


@pytest.fixture
def without_watchdog(folder, monkeypatch):
    if "sanitized" in HTTPD:
        pytest.skip("the sanitizers' own libraries are preloaded")
    source, shim = folder / "no_watchdog.c", folder / "no_watchdog.so"
    source.write_text(NO_WATCHDOG)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(shim))


@pytest.mark.parametrize("mpm", MPMS)
def test_without_mod_watchdog_requests_look_and_have_the_rest_built(httpd, shared, without_watchdog, mpm):
    server = httpd(shared["plain"], process=ON, mpm=mpm)
    time.sleep(2)
    assert not built(server), "nobody asked yet"
    assert server.get("/tc/index.json").status == 200
    wait_until(lambda: len(built(server)) == 8, "all archives are built")
    assert [label.split()[1] for label in built(server)] == [NEWEST] * 2 + [CURRENT] * 4 + [OLD] * 2
    wait_until(lambda: server.get("/tc/windows64tc.zip").headers["1C-Version"] == NEWEST, "the newest is current")
