"""index.json is remembered, and never told when another one would be made."""
import json
import os
import subprocess
import time

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import TOOL, wait_until

INDEX = "/tc/index.json"


def ways(server, path=INDEX):
    """How the index was come by, request for request."""
    return [line.partition(" index=")[2].split()[0] for line in server.accesses() if f" GET {path} " in line]


def remembered(server, path=INDEX):
    """The answer, once it came from memory."""
    def ask():
        before = len(ways(server, path))
        answer = server.get(path)
        assert answer.status == 200, answer
        told = wait_until(lambda: ways(server, path)[before:], "the request is in the log")
        return answer if told[0] == "remembered" else None
    return wait_until(ask, "the index is remembered", pause=0.1)


def built(answer, version, slot="windows64"):
    release = next(release for release in json.loads(answer.body)["releases"] if release["version"] == version)
    return next(row for row in release["slots"] if row["slot"] == slot)["built"]


def evict(server):
    then = time.time() - 3600
    for path in (server.store / "archives").glob("*.info"):
        os.utime(path, (then, then))
    subprocess.run([TOOL, "gc", server.store, "--max-size", "1"], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_remembered_index_follows_builds_and_evictions_at_once(httpd, shared, mpm):
    server = httpd(shared["plain"], mpm=mpm)
    server.get(f"/tc/{CURRENT}/windows64tc.zip")
    first = remembered(server)
    assert built(first, CURRENT) and not built(first, OLD)
    tag = first.headers["ETag"]
    assert first.body == server.get("/tc/", {"Accept": "application/json"}).body
    head = server.get(INDEX, method="HEAD")
    assert (head.status, head.headers["ETag"], head.headers["Content-Length"]) == (200, tag, str(len(first.body)))
    assert server.get(INDEX, {"If-None-Match": tag}).status == 304
    server.get(f"/tc/{OLD}/windows64tc.zip")
    second = server.get(INDEX, {"If-None-Match": tag})
    assert second.status == 200 and built(second, OLD)
    third = remembered(server)
    assert third.body == second.body
    evict(server)
    last = server.get(INDEX, {"If-None-Match": third.headers["ETag"]})
    assert last.status == 200 and not built(last, OLD) and not built(last, CURRENT)


def test_remembered_index_follows_what_lies_there_by_hand(httpd, shared, folder):
    roots = folder / "roots"
    ready = roots / CURRENT / "distr" / "windows64tc.zip"
    releases.add_ready(ready, "first")
    server = httpd({"/tc": f'CDistRoot "{roots}"'}, process="CDistSettle 0")
    published = server.published("/tc") / "linux64tc.zip"
    releases.add_ready(published, "by hand")
    releases.age(roots, published.parent)
    for path in (f"/tc/{CURRENT}/windows64tc.zip", "/tc/linux64tc.zip"):
        assert server.get(path).status == 200
    first = remembered(server)
    assert built(first, CURRENT) and json.loads(first.body)["by_hand"][0]["built"]
    with open(ready, "r+b") as archive:  # in its place: no folder changes
        archive.write(b"PK")
    assert not built(server.get(INDEX), CURRENT)
    releases.age(roots)
    assert server.get(f"/tc/{CURRENT}/windows64tc.zip").status == 200
    assert built(remembered(server), CURRENT)
    published.unlink()
    assert json.loads(server.get(INDEX).body)["by_hand"] == []


def test_publications_of_other_settings_share_no_index(httpd, shared):
    root = f'CDistRoot "{shared["plain"]}"'
    settings = {"/tc": "", "/old": f"\n  CDistCurrent {OLD}", "/all": "\n  CDistRequire windows32", "/folder": "\n  CDistLayout folder"}
    server = httpd({url: root + more for url, more in settings.items()})
    server.get(f"/tc/{CURRENT}/windows64tc.zip")
    index = {url: remembered(server, f"{url}/index.json") for url in settings}
    again = {url: remembered(server, f"{url}/index.json") for url in settings}
    assert {url: json.loads(answer.body)["current"] for url, answer in index.items()} == {
        "/tc": NEWEST, "/old": OLD, "/all": CURRENT, "/folder": NEWEST}
    assert [built(index[url], CURRENT) for url in ("/tc", "/folder")] == [True, False]
    assert {url: answer.body for url, answer in again.items()} == {url: answer.body for url, answer in index.items()}
    assert len({answer.headers["ETag"] for answer in index.values()}) == len(settings)


def test_remembered_index_tells_at_once_that_the_upstream_is_away(httpd, shared):
    directives = f'CDistRoot "{shared["plain"]}"\n  CDistUpstream http://127.0.0.1:9'
    server = httpd({"/tc": directives + "/one", "/other": directives + "/other"}, modules=["proxy", "proxy_http"])
    server.allow("CD0130", "AH00957", "AH01114", "AH00959")
    for url in ("/tc", "/other"):
        assert json.loads(remembered(server, f"{url}/index.json").body)["upstream"]["away_since"] is None
    assert server.get("/tc/8.3.99.1/windows64tc.zip").status == 503
    assert json.loads(server.get(INDEX).body)["upstream"]["away_since"]
    assert json.loads(remembered(server).body)["upstream"]["away_since"]
    assert json.loads(server.get("/other/index.json").body)["upstream"] == {
        "url": "http://127.0.0.1:9/other", "away_since": None}
