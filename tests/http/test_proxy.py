"""Behind another httpd: a reverse proxy passes everything on unchanged, and a cache keeps what it may and no more."""
import json
import shutil

import pytest

from conftest import CURRENT, NEWEST, OLD
from harness import wait_until
from test_protocols import assert_served

NAME = "windows64tc.zip"
MPMS = ["event", "worker", "prefork"]
# What belongs to the connection, or changes with the clock.
OWN = {"Date", "Server", "Connection", "Keep-Alive", "Via", "Age", "X-Cache"}
REMOTEIP = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"


class Pair:
    """A server with the module, and a proxy before it whose directives `front` makes out of the other's address. The
    proxy is stopped first, for it keeps its connections open."""

    def __init__(self, httpd, folder, mpm, directives, front, modules=()):
        self.seen = folder / "seen"
        self.front = httpd({}, mpm=mpm, start=False, modules=["proxy", "proxy_http", "headers", *modules])
        log = '"%a|%{Host}i|%{X-Forwarded-Host}i|%{X-Forwarded-Proto}i|%>s %U"'
        self.back = httpd({"/tc": directives, "/away": f'CDistRoot "{folder}/away"'}, mpm=mpm,
                          modules=["remoteip"], process=REMOTEIP, extra=f'CustomLog "{self.seen}" {log}\n')
        # The root that is away.
        self.back.allow("CD0101", "CD0020")
        self.front.extra = front(f"http://127.0.0.1:{self.back.port}")
        self.front.start()

    def last_seen(self, count):
        """The log's fields of the last request that reached the server, once `count` have."""
        def lines():
            found = [line for line in self.seen.read_text().splitlines() if not line.endswith("/ready")]
            return len(found) >= count and found
        return wait_until(lines, f"{count} requests have reached the server")[-1].split("|")


def content(answer):
    """What must pass unchanged."""
    return answer.status, sorted(item for item in answer.headers.items() if item[0] not in OWN), answer.body


def root_of(shared):
    return f'CDistRoot "{shared["plain"]}"'


def plain_front(address):
    return f'ProxyPass "/tc" "{address}/tc"\nProxyPass "/away" "{address}/away"\n'


@pytest.mark.parametrize("mpm", MPMS)
def test_a_proxy_passes_everything_unchanged(httpd, shared, folder, mpm):
    pair = Pair(httpd, folder, mpm, root_of(shared), plain_front)
    whole = assert_served(pair.front.get, "/tc")
    url = f"/tc/{NAME}"
    etag = pair.back.get(url).headers["ETag"]
    statuses = set()
    for path, headers in (
            (url, {}), (url, {"1C-Version": OLD}), (url + f"?version={CURRENT}", {}), (url + "?version=8", {}),
            (url, {"If-None-Match": etag}), (url, {"If-Match": '"other"'}), (url, {"Range": "bytes=100-199"}),
            (url, {"Range": "bytes=100-199", "If-Range": '"other"'}), (url, {"Range": f"bytes={len(whole)}-"}),
            (url + ".manifest", {}), ("/tc/index.json", {}), (f"/tc/8.3/{NAME}", {}), (f"/tc/8.3.99.1/{NAME}", {}),
            (f"/tc/8..3/{NAME}", {}), ("/tc/nothing.zip", {}), (f"/away/{NAME}", {})):
        for method in ("GET", "HEAD"):
            behind, direct = pair.front.get(path, headers, method), pair.back.get(path, headers, method)
            assert content(behind) == content(direct), (path, headers, method)
            statuses.add(behind.status)
    assert statuses == {200, 206, 304, 400, 404, 412, 416, 503}
    assert behind.headers["Retry-After"].isdigit()
    assert behind.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("preserve", ["On", "Off"])
def test_what_a_proxy_says_of_the_client_changes_no_answer(httpd, shared, folder, preserve):
    pair = Pair(httpd, folder, "event", root_of(shared), lambda address: (
        f'ProxyPreserveHost {preserve}\nRequestHeader set X-Forwarded-Proto "https"\n{plain_front(address)}'))
    for number, path in enumerate((f"/tc/{NAME}", "/tc/index.json", f"/tc/8.3.99.1/{NAME}")):
        behind = pair.front.get(path, {"Host": "updates.example", "X-Forwarded-For": "203.0.113.7"})
        address, host, forwarded_host, proto, _ = pair.last_seen(2 * number + 1)
        assert host == ("updates.example" if preserve == "On" else f"127.0.0.1:{pair.back.port}")
        assert (address, forwarded_host, proto) == ("203.0.113.7", "updates.example", "https")
        assert content(behind) == content(pair.back.get(path))
        pair.last_seen(2 * number + 2)


def located(front, address, reverse):
    """A front under another path; `reverse` is what ProxyPassReverse names."""
    return (f'<Location "{front}">\n  ProxyPass "{address}/tc"\n  ProxyPassReverse "{address}/tc"\n'
            + (f'  ProxyPassReverse "{reverse}"\n' if reverse else "") + "</Location>\n")


@pytest.mark.parametrize("mpm", MPMS)
def test_a_proxy_may_have_another_path(httpd, shared, folder, mpm):
    pair = Pair(httpd, folder, mpm, root_of(shared),
                lambda address: located("/1c/updates", address, "/tc") + located("/bare", address, None))
    for base in ("/1c/updates", "/bare"):
        whole = assert_served(pair.front.get, base)
        assert pair.front.get(f"{base}/{NAME}").body == whole
        for release in json.loads(pair.front.get(f"{base}/index.json").body)["releases"]:
            for slot in release["slots"]:
                answer = pair.front.get(f"{base}/{slot['url']}")
                assert (answer.status, answer.headers["1C-Version"]) == (200, release["version"])
    # ProxyPassReverse with the path of the server behind also mends Content-Location; with an address alone it cannot.
    for base, expected in (("/1c/updates", pair.front.url(f"/1c/updates/{NEWEST}/{NAME}")),
                           ("/bare", f"/tc/{NEWEST}/{NAME}")):
        assert pair.front.get(f"{base}/{NAME}").headers["Content-Location"] == expected


# ---- caches -------------------------------------------------------------------------------------------------------

class Cached:
    """A cache before the module, in a proxy or in the same server. `get` returns once the cache has kept the answer."""

    def __init__(self, httpd, folder, root, where, mpm, quick):
        self.installed = folder / "installed"
        self.install(NEWEST)
        directives = f'{root}\n  CDistCurrent server "{self.installed}"'
        (folder / "cache").mkdir(mode=0o777)
        (folder / "cache").chmod(0o777)
        text = (f'CacheRoot "{folder}/cache"\nCacheEnable disk "/tc"\nCacheMaxFileSize 100000000\nCacheHeader On\n'
                f"CacheQuickHandler {quick}\n")
        modules = ["cache", "cache_disk"]
        if where == "proxy":
            pair = Pair(httpd, folder, mpm, directives, lambda address: text + plain_front(address), modules)
            self.front, self.back = pair.front, pair.back
        else:
            self.front = self.back = httpd({"/tc": directives}, mpm=mpm, modules=modules, extra=text)

    def install(self, version):
        """Makes a version current."""
        shutil.rmtree(self.installed, ignore_errors=True)
        (self.installed / version).mkdir(parents=True)
        (self.installed / version / "ragent").write_bytes(b"program")

    def get(self, path, headers=None):
        before = len(self.front.accesses())
        answer = self.front.get(path, headers)
        wait_until(lambda: len(self.front.accesses()) > before, f"{path} is logged")
        return answer, answer.headers.get("X-Cache", "").partition(" ")[0]

    def asked(self):
        """How many answers the module has given."""
        return sum("cache=hit" in line or "cache=built" in line for line in self.back.accesses())

    def assert_asked(self, count):
        """The module has given so many answers, and no more."""
        wait_until(lambda: self.asked() >= count, f"{count} answers of the module are logged")
        assert self.asked() == count


@pytest.fixture(params=[("proxy", "event", "On"), ("proxy", "worker", "Off"), ("proxy", "prefork", "On"),
                        ("same-server", "event", "Off"), ("same-server", "worker", "On"),
                        ("same-server", "prefork", "Off")], ids="-".join)
def cached(httpd, shared, folder, request):
    """A cache in either place, before authorization or after it, under each MPM."""
    return Cached(httpd, folder, root_of(shared), *request.param)


def test_a_cache_asks_again_before_it_gives_what_has_no_version(cached):
    url = f"/tc/{NAME}"
    first, how = cached.get(url)
    assert (first.status, first.headers["1C-Version"], how) == (200, NEWEST, "MISS")
    for number, (headers, status, part) in enumerate((
            ({}, 200, slice(None)), ({"Range": "bytes=100-199"}, 206, slice(100, 200)),
            ({"If-None-Match": first.headers["ETag"]}, 304, slice(0)),
            ({"Range": "bytes=-5", "If-Range": first.headers["ETag"]}, 206, slice(-5, None)))):
        answer, how = cached.get(url, headers)
        assert (answer.status, how, answer.body) == (status, "REVALIDATE", first.body[part]), headers
        for name in ("ETag", "Repr-Digest", "1C-Version", "Cache-Control", "Vary"):
            assert answer.headers[name] == first.headers[name]
        cached.assert_asked(number + 2)


def test_a_cache_keeps_versions_apart_and_follows_a_roll_back(cached):
    url = f"/tc/{NAME}"
    for _ in range(2):
        for version, expected in ((OLD, OLD), (CURRENT, CURRENT), ("", NEWEST), (NEWEST, NEWEST)):
            headers = {"1C-Version": version} if version else None
            assert cached.get(url, headers)[0].headers["1C-Version"] == expected
            query = f"?version={version}" if version else ""
            assert cached.get(url + query)[0].headers["1C-Version"] == expected
    yesterday = cached.get(url)[0]
    cached.install(OLD)
    for headers in ({}, {"If-None-Match": yesterday.headers["ETag"]}, {}):
        answer, _ = cached.get(url, headers)
        assert (answer.status, answer.headers["1C-Version"]) == (200, OLD)
        assert answer.headers["Repr-Digest"] != yesterday.headers["Repr-Digest"]


def test_a_cache_gives_bytes_by_digest_without_asking_and_keeps_no_problem(cached):
    digest = json.loads(cached.get(f"/tc/{NAME}.manifest")[0].body)["archive"]["sha256"]
    url = f"/tc/sha256/{digest}/{NAME}"
    first, how = cached.get(url)
    assert (first.status, how) == (200, "MISS")
    cached.assert_asked(2)
    for headers, status, part in (
            ({}, 200, slice(None)), ({"Range": "bytes=100-199"}, 206, slice(100, 200)),
            ({"If-None-Match": first.headers["ETag"]}, 304, slice(0)),
            ({"Range": "bytes=1000-", "If-Range": first.headers["ETag"]}, 206, slice(1000, None))):
        answer, how = cached.get(url, headers)
        assert (answer.status, how, answer.body) == (status, "HIT", first.body[part]), headers
        for name in ("ETag", "Repr-Digest", "Cache-Control"):
            assert answer.headers[name] == first.headers[name]
    for _ in range(2):
        for wrong, status in ((f"sha256/{'0' * 64}/{NAME}", 404), (f"8.3.99.1/{NAME}", 404), (f"8/{NAME}", 400)):
            answer, how = cached.get("/tc/" + wrong)
            assert (answer.status, how) == (status, "MISS")
    cached.assert_asked(2)
