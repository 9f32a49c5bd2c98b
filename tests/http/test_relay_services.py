"""The platform's question for a distribution, which a branch hands on to its upstream."""
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import NEWEST, OLD
from harness import wait_until
from upstreams import ASKED, NAME, hold

INFO = "/tc/WebDistributiveLocation/GetDistributiveInfo?OS=Windows&Arch=x86_64&Version="


def told(server, version, status=200):
    answer = server.get(INFO + version)
    assert answer.status == status, answer
    return json.loads(answer.body)


def test_a_distribution_of_the_upstream_is_told_under_the_branch_s_own_address_and_comes_from_there(httpd, shared, folder):
    centre = httpd({"/update": f'CDistRoot "{shared["plain"]}"'})
    (folder / "root").mkdir()
    branch = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {centre.url("/update")}'}, modules=["proxy", "proxy_http"])
    for asked, version in ((NEWEST, NEWEST), ("8.3.25", NEWEST), (OLD, OLD)):
        root = told(branch, asked)["root"]
        assert root["url"] == branch.url(f"/tc/{version}/{NAME}")
        assert len(branch.get(root["url"].removeprefix(branch.url(""))).body) == root["size"] > 0
    assert told(branch, "8.3.99.1") == {"root": {"size": 0, "url": ""}}
    head = branch.get(INFO + NEWEST, method="HEAD")
    assert (head.status, head.body) == (200, b"") and int(head.headers["Content-Length"]) > 40
    hold(folder / "root", NEWEST)
    assert told(branch, NEWEST)["root"]["size"] == 0 == told(branch, "8.3.25")["root"]["size"]


def test_the_platform_s_question_is_asked_in_the_platform_s_words_and_without_the_client_s_headers(branch, stranger):
    stranger.answer(200, b'{"root":{"size":7,"url":"http://x/a/8.3.25.1286/windows64tc.zip"}}')
    answer = branch.get(INFO + NEWEST, {"Authorization": "secret", "If-None-Match": "x", "Cookie": "x"})
    assert json.loads(answer.body)["root"] == {"size": 7, "url": branch.url(f"/tc/{NEWEST}/{NAME}")}
    method, path, headers = stranger.requests[0]
    assert (method, path) == ("GET", "/update" + INFO.removeprefix("/tc") + NEWEST)
    assert set(headers) <= ASKED - {"if-none-match"}


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"<html>", b'{"root":{}}', b'{"root":{"size":-1,"url":""}}', b'{"root":{"size":"7","url":""}}',
    b'{"root":{"size":7}}', b'{"root":{"size":7,"url":"windows64tc.zip"}}', b'{"root":{"size":7,"url":"http://x/windows64tc.zip"}}',
    b'{"root":{"size":7,"url":"http://x/8.3.22.1704/windows64tc.zip"}}', b'{"root":{"size":7,"url":"http://x/8.3.25.1286/linux64tc.zip"}}',
    b'{"root":{"size":7,"url":"http://x/8.3.25.1286/windows64tc.zip","size":8}}', b" " * 100_000], ids=range(14))
def test_an_answer_about_a_distribution_that_is_not_in_order_is_503(branch, stranger, body):
    branch.allow("CD0132", "CD0133")
    stranger.answer(200, body, content_type="application/json")
    assert "url" not in told(branch, NEWEST, 503)


@pytest.mark.parametrize("status, own", [(404, 200), (403, 200), (401, 200), (302, 503), (500, 503)])
def test_an_upstream_that_says_nothing_of_a_distribution_is_as_one_that_has_none(branch, stranger, status, own):
    branch.allow("CD0132")
    stranger.answer(status, b"<html>", content_type="text/html", location="http://x/")
    answer = told(branch, NEWEST, own)
    assert own == 503 or answer == {"root": {"size": 0, "url": ""}}


def test_no_more_than_a_quarter_of_the_workers_wait_for_answers_about_distributions(httpd, folder, stranger):
    (folder / "root").mkdir()
    branch = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {stranger.url}'}, modules=["proxy", "proxy_http"],
                   mpm="event")
    stranger.answer(200, b'{"root":{"size":0,"url":""}}')
    stranger.gate.clear()
    crowd, workers = 50, 128
    with ThreadPoolExecutor(crowd) as pool:
        waiting = [pool.submit(branch.get, INFO + NEWEST) for _ in range(crowd)]
        wait_until(lambda: sum(each.done() for each in waiting) + len(stranger.requests) == crowd, "each waits or was sent away")
        asked = len(stranger.requests)
        stranger.gate.set()
        statuses = [each.result().status for each in waiting]
    assert 1 <= asked <= workers // 4 and statuses.count(200) == asked and statuses.count(503) == crowd - asked


def test_a_branch_that_does_not_publish_asks_nobody(httpd, folder, stranger):
    (folder / "root").mkdir()
    branch = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {stranger.url}\n  CDistPublish Off'},
                   modules=["proxy", "proxy_http"])
    assert told(branch, NEWEST)["root"]["size"] == 0 and branch.get(f"/tc/{NEWEST}/{NAME}").status == 403
    assert not stranger.requests
