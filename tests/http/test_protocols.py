"""Protocols and ways of sending: HTTP/2 without and with TLS, TLS, sendfile and memory maps. Each must give the same
bytes, ranges and conditions."""
import base64
import hashlib
import http.client
import json
import ssl
import subprocess

import pytest

from clients import Curl, Streams
from conftest import CURRENT, NEWEST
from harness import wait_until

NAME = "windows64tc.zip"
H2_MPMS = ["event", "worker"]
MPMS = [*H2_MPMS, "prefork"]
# httpd says that HTTP/2 does not work under prefork.
NOT_UNDER_PREFORK = "AH10034"
# How files are sent: publications with the directives of their folders.
WAYS = {f"/sendfile-{sendfile}-mmap-{mmap}": f"EnableSendfile {sendfile}\n  EnableMMAP {mmap}"
        for sendfile in ("On", "Off") for mmap in ("On", "Off")}
CERTIFICATE = """[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
"""


def ways(root):
    """One publication for each way of sending; the root is the same, so there is one archive."""
    return {url: f'CDistRoot "{root}"\n  {text}' for url, text in WAYS.items()}


def repr_digest(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def assert_conditions(get, url, etag, whole):
    for headers, status in (({"If-None-Match": etag}, 304), ({"If-None-Match": "W/" + etag}, 304),
                            ({"If-Match": '"other"'}, 412), ({"If-None-Match": '"other"'}, 200),
                            ({"If-Match": etag}, 200), ({"Range": f"bytes={len(whole)}-"}, 416),
                            ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200)):
        answer = get(url, headers)
        assert answer.status == status, (headers, answer)
        assert status == 416 or answer.body == (whole if status == 200 else b""), headers
        assert status == 416 or answer.headers["ETag"] == etag, headers


def assert_ranges(get, url, etag, whole):
    total = len(whole)
    for value, part in (("bytes=0-0", whole[:1]), (f"bytes={total // 2}-", whole[total // 2:]),
                        ("bytes=-1000", whole[-1000:]), (f"bytes=10-{total - 11}", whole[10:-10])):
        answer = get(url, {"Range": value, "If-Range": etag})
        assert (answer.status, answer.body) == (206, part), value
        assert answer.headers["Content-Length"] == str(len(part))
        assert answer.headers["Content-Range"].endswith(f"/{total}")
        assert (answer.headers["ETag"], answer.headers["Repr-Digest"]) == (etag, repr_digest(whole))
    answer = get(url, {"Range": "bytes=0-99,2000000-2000099,-100"})
    assert answer.status == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges")
    for part in (whole[:100], whole[2_000_000:2_000_100], whole[-100:]):
        assert b"\r\n\r\n" + part + b"\r\n" in answer.body


def assert_served(get, base):
    """Everything that clients rely on, by one protocol; returns the archive."""
    url = f"{base}/{NEWEST}/{NAME}"
    first, head = get(url), get(url, method="HEAD")
    whole, etag = first.body, first.headers["ETag"]
    assert first.status == 200
    assert first.headers["Content-Length"] == str(len(whole))
    assert first.headers["Repr-Digest"] == repr_digest(whole)
    assert first.headers["1C-Version"] == NEWEST
    assert first.headers["Content-Location"].endswith(f"/{NEWEST}/{NAME}")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "ETag", "Repr-Digest", "Accept-Ranges", "Cache-Control", "Content-Disposition"):
        assert head.headers[name] == first.headers[name]
    assert_ranges(get, url, etag, whole)
    assert_conditions(get, url, etag, whole)
    assert json.loads(get(url + ".manifest").body)["archive"]["bytes"] == len(whole)
    missing = get(f"{base}/8.3.99.1/{NAME}")
    assert (missing.status, missing.headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(missing.body)["status"] == 404
    return whole


def assert_resumed(curl, path, whole):
    out = curl.folder / "part.zip"
    out.write_bytes(whole[:len(whole) // 3])
    curl.resume(path, out)
    assert out.read_bytes() == whole


@pytest.fixture(scope="module")
def certificate(scratch):
    """Folder with cert.pem and key.pem for localhost."""
    folder = scratch / "certificate"
    folder.mkdir()
    (folder / "openssl.cnf").write_text(CERTIFICATE)
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                           "-nodes", "-days", "2", "-config", "openssl.cnf", "-keyout", "key.pem", "-out", "cert.pem"],
                          cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return folder


def tls_server(httpd, certificate, publications, mpm, protocols="http/1.1", modules=()):
    """A server that speaks TLS only; its own `get` does too."""
    server = httpd(publications, mpm=mpm, modules=["ssl", "socache_shmcb", *modules], start=False, process=(
        f'Protocols {protocols}\nSSLSessionCache "shmcb:sessions(512000)"\nSSLEngine on\n'
        f'SSLCertificateFile "{certificate}/cert.pem"\nSSLCertificateKeyFile "{certificate}/key.pem"\n'))
    # Until it is ready, plain HTTP is answered with 400, which is an answer.
    server.start()
    context = ssl.create_default_context(cafile=certificate / "cert.pem")
    server.connect = lambda timeout=60: http.client.HTTPSConnection("localhost", server.port, timeout=timeout,
                                                                    context=context)
    return server


@pytest.mark.parametrize("mpm", MPMS)
def test_sendfile_and_memory_maps_change_nothing(httpd, shared, mpm):
    server = httpd(ways(shared["plain"]), mpm=mpm)
    assert len({assert_served(server.get, base) for base in WAYS}) == 1


@pytest.mark.parametrize("mpm", MPMS)
def test_tls_changes_nothing(httpd, shared, folder, certificate, mpm):
    server = tls_server(httpd, certificate, ways(shared["plain"]), mpm)
    bodies = {assert_served(server.get, base) for base in WAYS}
    assert len(bodies) == 1
    curl = Curl(f"https://localhost:{server.port}", folder, "1.1", "--cacert", certificate / "cert.pem")
    for base in WAYS:
        assert_resumed(curl, f"{base}/{NEWEST}/{NAME}", *bodies)


@pytest.mark.parametrize("mpm", H2_MPMS)
def test_http2_without_tls_changes_nothing(httpd, shared, folder, mpm):
    server = httpd(ways(shared["plain"]), modules=["http2"], mpm=mpm, process="Protocols h2c http/1.1\n")
    curl = Curl(server.url(""), folder, "2", "--http2-prior-knowledge")
    bodies = {assert_served(curl.get, base) for base in WAYS}
    assert len(bodies) == 1
    assert_resumed(curl, f"/sendfile-On-mmap-On/{NEWEST}/{NAME}", *bodies)


@pytest.mark.parametrize("mpm", H2_MPMS)
def test_http2_may_begin_with_an_upgrade(httpd, shared, folder, mpm):
    server = httpd(shared["plain"], modules=["http2"], mpm=mpm, process="Protocols h2c http/1.1\n")
    url = f"/tc/{NEWEST}/{NAME}"
    with Streams(server.port, upgrade=url) as connection:
        connection.begin(url)
        connection.begin(url + ".manifest")
        bodies = connection.finish()
    assert bodies[1] == bodies[3] == server.get(url).body
    assert bodies[5] == server.get(url + ".manifest").body
    wait_until(lambda: any(line.startswith("101 GET") for line in server.accesses()), "the upgrade is logged")


@pytest.mark.parametrize("mpm", H2_MPMS)
def test_http2_over_tls_changes_nothing(httpd, shared, folder, certificate, mpm):
    server = tls_server(httpd, certificate, ways(shared["plain"]), mpm, "h2 http/1.1", ["http2"])
    curl = Curl(f"https://localhost:{server.port}", folder, "2", "--cacert", certificate / "cert.pem")
    bodies = {assert_served(curl.get, base) for base in WAYS}
    assert len(bodies) == 1
    assert_resumed(curl, f"/sendfile-On-mmap-On/{NEWEST}/{NAME}", *bodies)
    assert {assert_served(server.get, base) for base in WAYS} == bodies, "by HTTP/1.1 beside it"


def test_under_prefork_http2_is_left_and_clients_get_http_1(httpd, shared, folder):
    server = httpd(shared["plain"], modules=["http2"], mpm="prefork", process="Protocols h2c http/1.1\n")
    server.allow(NOT_UNDER_PREFORK)
    assert_served(Curl(server.url(""), folder, "1.1", "--http2").get, "/tc")


def slow_http2(httpd, shared, mpm):
    return httpd(shared["slow"], modules=["http2"], mpm=mpm, process="Protocols h2c http/1.1\nCDistLevel 9\n")


SLOW = f"/tc/{CURRENT}/{NAME}"


@pytest.mark.parametrize("mpm", H2_MPMS)
def test_streams_of_one_connection_share_one_build(httpd, shared, mpm):
    server = slow_http2(httpd, shared, mpm)
    with Streams(server.port) as connection:
        streams = [connection.begin(SLOW) for _ in range(12)]
        bodies = connection.finish()
    assert len(streams) == 12 and len(set(bodies.values())) == 1
    assert bodies[1] == server.get(SLOW).body
    counts = server.cache_counts(SLOW, 13)
    assert counts.pop("built") == 1
    assert set(counts) <= {"waited", "hit"} and counts["waited"] > 0
    assert len(server.logged("CD0013")) == 1


@pytest.mark.parametrize("mpm", H2_MPMS)
def test_a_stream_that_is_reset_does_not_stop_the_build_or_the_others(httpd, shared, mpm):
    server = slow_http2(httpd, shared, mpm)
    with Streams(server.port) as connection:
        first = connection.begin(SLOW)
        wait_until((server.store / "lock").exists, "the build has begun")
        others = [connection.begin(SLOW) for _ in range(3)]
        connection.reset(first)
        bodies = connection.finish()
    assert {bodies[stream] for stream in others} == {server.get(SLOW).body}
    assert bodies[first] == b""
    assert len(server.logged("CD0013")) == 1


@pytest.mark.parametrize("mpm", H2_MPMS)
def test_an_http2_connection_that_breaks_off_does_not_stop_the_build(httpd, shared, mpm):
    server = slow_http2(httpd, shared, mpm)
    with Streams(server.port) as connection:
        for _ in range(4):
            connection.begin(SLOW)
        wait_until((server.store / "lock").exists, "the build has begun")
    server.wait_logged("CD0013")
    answer = server.get(SLOW)
    assert (answer.status, answer.headers["Repr-Digest"]) == (200, repr_digest(answer.body))
    assert len(server.logged("CD0013")) == 1
