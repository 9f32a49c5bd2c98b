"""Bad requests: a clear refusal, and no child that dies of it."""
import pytest

from conftest import CURRENT

GOOD = f"/tc/{CURRENT}/windows64tc.zip"

PATHS = [
    "/tc/%2e%2e/%2e%2e/etc/passwd", "/tc/../../etc/passwd", "/tc/..%2f..%2fetc%2fpasswd",
    f"/tc/{CURRENT}%2Fwindows64tc.zip",
    f"/tc/{CURRENT}/%2e%2e%2fwindows64/Setup.ini", "/tc/%00", "/tc/windows64tc.zip%00.manifest",
    "/tc/%5C..%5Cwindows64tc.zip",
    f"/tc/{CURRENT}\\windows64tc.zip", "/tc/%", "/tc/%zz", "/tc/%c0%ae%c0%ae/x", "/tc/%0d%0aSet-Cookie:%20x=1",
    "/tc/%ff%fe.zip", "/tc/" + "a" * 4000 + ".zip", "/tc/" + "8." * 2000 + "zip", "/tc/" + "a/" * 300,
    "/tc/" + "9" * 400 + "/windows64tc.zip", "/tc/sha256/", "/tc/sha256/x",
    "/tc/sha256/" + "g" * 64 + "/windows64tc.zip",
    "/tc/sha256/" + "a" * 65 + "/windows64tc.zip", "/tc/sha256/" + "a" * 64, "/tc/.manifest", "/tc/tc.zip.manifest",
    f"/tc/{CURRENT}/", f"/tc/{CURRENT}/{CURRENT}/windows64tc.zip", "/tc/%s%n%n%n.zip", "/tc/nul.zip", "/tc/.htaccess",
]


def status_of(reply):
    return int(reply.split(b" ", 2)[1]) if reply.startswith(b"HTTP/1.") else None


def request(path, *headers):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]).encode()


def assert_alive(server, children):
    assert server.get(GOOD).status == 200
    assert children <= server.children()
    assert "exit signal" not in server.errors()


@pytest.mark.parametrize("slashes", ["Off", "On", "NoDecode"])
def test_paths_that_mean_nothing_are_refused(httpd, shared, slashes):
    server = httpd(shared["plain"], process=f"AllowEncodedSlashes {slashes}\n")
    server.allow("AH00036", "AH00127", "AH10244", "AH10508", "AH00026")
    server.get(GOOD)
    children = server.children()
    wrong = {}
    for path in PATHS:
        reply = server.raw(request(path))
        if slashes == "On" and path == f"/tc/{CURRENT}%2Fwindows64tc.zip":
            assert status_of(reply) == 200, "a decoded slash is a slash"
            continue
        refused = status_of(reply) in (400, 403, 404, 414)
        if not refused or b"root:" in reply or b"Set-Cookie" in reply.split(b"\r\n\r\n")[0]:
            wrong[path[:80]] = reply[:300]
    assert not wrong
    assert_alive(server, children)


@pytest.mark.parametrize("query", ["?", "?version", "?=", "?&&&=&", "?" + "a=b&" * 1500, "?%00=%00", "?version=%ff",
                                   "?version=../../etc", "?" + "%" * 100], ids=range(9))
def test_odd_queries_do_no_harm(httpd, shared, query):
    server = httpd(shared["plain"])
    children = server.children()
    assert status_of(server.raw(request(GOOD + query))) in (200, 400)
    assert_alive(server, children)


def test_many_and_long_headers_do_no_harm(httpd, shared):
    server = httpd(shared["plain"])
    server.allow("AH00560", "AH00561", "AH00567")
    server.get(GOOD)
    children = server.children()
    for headers in (["X-Long: " + "a" * 10_000], [f"X-{i}: {'b' * 90}" for i in range(150)],
                    ["If-None-Match: " + "," * 8000],
                    ["If-None-Match: " + '"x", ' * 1500], ["If-Range: " + "x" * 8000, "Range: bytes=0-1"],
                    ["Range: bytes=" + "0-1," * 1500 + "5-6"],
                    ["Range: bytes=" + ",".join(f"{i}-" for i in range(1000))],
                    ["1C-Version: " + "8" * 8000], ["1C-Version: \xff\xfe"]):
        assert status_of(server.raw(request(GOOD, *headers))) in (200, 206, 400, 416)
    assert_alive(server, children)


@pytest.mark.parametrize("data", [
    b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /tc/ HTTP/9.9\r\n\r\n",
    f"GET {GOOD}\r\n\r\n".encode(), f"FOO {GOOD} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    f"TRACE {GOOD} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
    f"PROPFIND {GOOD} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
    f"POST {GOOD} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\nshort".encode(),
    f"POST {GOOD} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n".encode(),
], ids=range(10))
def test_broken_requests_do_no_harm(httpd, shared, data):
    server = httpd(shared["plain"])
    server.get(GOOD)
    children = server.children()
    reply = server.raw(data)
    assert b"PK\x03\x04" not in reply or data.startswith(b"GET /tc/8")
    assert_alive(server, children)


def test_the_path_is_not_echoed_into_a_header_or_unescaped_text(httpd, shared):
    reply = httpd(shared["plain"]).raw(request("/tc/%3Cscript%3Ealert(1)%3C/script%3E.zip"))
    assert status_of(reply) == 404
    assert b"<script>" not in reply
