"""Many requests at once, one build."""
import re
import socket
import time

import pytest

from conftest import CURRENT
from harness import wait_until
from test_life import begin_build

URL = f"/tc/{CURRENT}/windows64tc.zip"
LIMITS = "CDistLevel 9\nCDistWaitMax 64\n"


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_fifty_first_requests_start_one_build(httpd, shared, mpm):
    server = httpd(shared["slow"], process=LIMITS, mpm=mpm)
    answers = server.get_many([URL] * 50)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    counts = server.cache_counts(URL, 50)
    assert counts.pop("built") == 1
    assert set(counts) <= {"waited", "hit"}
    assert counts.get("waited", 0) > 0
    assert len(server.logged("CD0013")) == 1
    assert len(server.archives()) == 1


def test_different_archives_are_built_side_by_side(httpd, shared):
    server = httpd(shared["plain"])
    names = ("windows64tc.zip", "windows32tc.zip", "linux64tc.zip", "macOS64tc.zip")
    urls = [f"/tc/{CURRENT}/{name}" for name in names]
    answers = server.get_many(urls * 8)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 4
    assert len(server.logged("CD0013")) == 4
    for url in urls:
        assert server.cache_counts(url, 8).get("built") == 1


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_no_more_than_the_limit_wait(httpd, shared, mpm):
    server = httpd(shared["very_slow"], process="CDistLevel 9\nCDistWaitMax 3\nCDistBuildTimeout 60\n", mpm=mpm)
    answers = server.get_many([URL] * 20)
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) == 17, [answer.status for answer in answers]
    for answer in refused:
        assert answer.headers["Retry-After"].isdigit()
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert {answer.status for answer in answers} == {200, 503}
    statuses = [line.split()[0] for line in server.accesses() if URL in line]
    assert statuses[:17] == ["503"] * 17, "who is over the limit is refused at once"


def test_waiting_can_be_forbidden(httpd, shared):
    server = httpd(shared["plain"], process="CDistWaitMax 0\n")
    answer = server.get(URL)
    assert answer.status == 503
    assert answer.headers["Retry-After"].isdigit()


def test_a_client_that_hangs_up_does_not_stop_the_build(httpd, shared):
    server = httpd(shared["slow"], process=LIMITS)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET {URL} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(lambda: server.store.exists() and (server.store / "lock").exists(), "the build has begun")
    wait_until(server.archives, "the archive is in the store")
    server.wait_logged("CD0013")
    answer = server.get(URL)
    assert answer.status == 200
    assert "hit" in server.cache_counts(URL, 2)
    assert len(server.logged("CD0013")) == 1


def test_a_build_longer_than_the_timeout_gives_503_and_later_200(httpd, shared):
    server = httpd(shared["very_slow"], process="CDistLevel 9\nCDistBuildTimeout 1\n")
    begin = time.monotonic()
    first = server.get(URL)
    assert first.status == 503, f"the source is too small: it was built in {time.monotonic() - begin:.1f} s"
    assert first.headers["Retry-After"].isdigit()
    assert server.get_until(URL, deadline=60).headers["1C-Version"] == CURRENT
    assert len(server.logged("CD0013")) == 1


def test_a_hit_needs_no_place_among_the_waiting(httpd, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"', "/slow": f'CDistRoot "{shared["very_slow"]}"'},
                   process="CDistLevel 9\nCDistWaitMax 1\nCDistBuildTimeout 60\n")
    assert server.get(URL).status == 200
    slow = f"/slow/{CURRENT}/windows64tc.zip"
    with begin_build(server, slow) as connection:
        assert server.get(slow).status == 503, "the only place is taken"
        assert server.get(URL).status == 200
        assert connection.recv(12).split()[1] == b"200"


def test_the_access_log_tells_how_long_the_build_took(httpd, shared):
    server = httpd(shared["plain"])
    server.get(URL)
    line = wait_until(lambda: [line for line in server.accesses() if URL in line], "the request is logged")[0]
    assert re.search(rf"cache=built version={re.escape(CURRENT)} slot=windows64 ms=\d+ ", line), line
