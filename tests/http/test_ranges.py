"""Ranges, and downloads that break off and go on."""
import email
import hashlib
import shutil
import subprocess

import pytest

from conftest import NEWEST

URL = f"/tc/{NEWEST}/windows64tc.zip"


@pytest.fixture
def server(httpd, shared):
    return httpd(shared["plain"])


def digest(body):
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("value, first, last", [
    ("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=-500", -500, None), ("bytes=2000-", 2000, None),
    ("bytes=2000-99999999999", 2000, None)])
def test_a_single_range_gives_those_bytes(server, value, first, last):
    whole = server.get(URL)
    part = server.get(URL, {"Range": value})
    total = len(whole.body)
    begin, end, _ = slice(first, last).indices(total)
    assert (part.status, part.body) == (206, whole.body[first:last])
    assert part.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{total}"
    assert part.headers["Content-Length"] == str(end - begin)
    for name in ("ETag", "Repr-Digest", "1C-Version", "Content-Location", "Cache-Control"):
        assert part.headers[name] == whole.headers[name]


def test_several_ranges_come_as_parts(server):
    whole = server.get(URL).body
    answer = server.get(URL, {"Range": "bytes=0-99,5000-5099,-100"})
    assert answer.status == 206
    message = email.message_from_bytes(
        f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.body)
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    ranges = [part["Content-Range"] for part in message.walk() if not part.is_multipart()]
    total = len(whole)
    assert ranges == [f"bytes 0-99/{total}", f"bytes 5000-5099/{total}", f"bytes {total - 100}-{total - 1}/{total}"]
    assert b"".join(part[:100] for part in parts) == whole[:100] + whole[5000:5100] + whole[-100:]


def test_a_range_behind_the_end_gives_416(server):
    total = len(server.get(URL).body)
    answer = server.get(URL, {"Range": f"bytes={total}-"})
    assert answer.status == 416
    # httpd's byte-range filter leaves out the Content-Range here, for plain files too.
    assert answer.headers.get("Content-Range") in (None, f"bytes */{total}")


def test_nonsense_in_range_is_ignored(server):
    assert server.get(URL, {"Range": "lines=1-2"}).status == 200


def broken_download(server, percent):
    """The first bytes and the tag, from a connection that breaks at some percentage."""
    connection = server.connect()
    connection.request("GET", URL)
    response = connection.getresponse()
    wanted = int(response.headers["Content-Length"]) * percent // 100
    got = response.read(wanted)
    etag = response.headers["ETag"]
    response.close()
    connection.close()
    return got, etag


def resume(server, got, etag):
    answer = server.get(URL, {"Range": f"bytes={len(got)}-", "If-Range": etag})
    assert answer.status == 206, answer
    return got + answer.body


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_resumed_download_gives_the_same_bytes(server, percent):
    got, etag = broken_download(server, percent)
    assert digest(resume(server, got, etag)) == digest(server.get(URL).body)


def test_download_is_resumed_after_a_restart(server):
    expected = digest(server.get(URL).body)
    got, etag = broken_download(server, 50)
    server.restart()
    assert digest(resume(server, got, etag)) == expected
    assert server.cache_counts(URL, 3) == {"built": 1, "hit": 2}


def test_resume_after_rebuild_gives_same_bytes(server):
    expected = digest(server.get(URL).body)
    got, etag = broken_download(server, 50)
    for part in ("archives", "manifests", "keys"):
        for path in (server.store / part).iterdir():
            path.unlink()
    assert digest(resume(server, got, etag)) == expected
    assert len(server.logged("CD0013")) == 2


def test_resume_after_loss_of_the_whole_store_gives_same_bytes(server):
    expected = digest(server.get(URL).body)
    got, etag = broken_download(server, 50)
    server.stop()
    shutil.rmtree(server.store)
    server.start()
    assert digest(resume(server, got, etag)) == expected


def test_a_second_server_continues_what_the_first_began(httpd, shared):
    first, second = httpd(shared["plain"]), httpd(shared["plain"])
    expected = digest(first.get(URL).body)
    got, etag = broken_download(first, 50)
    assert digest(resume(second, got, etag)) == expected


def test_curl_continues_a_partial_file(server, folder):
    whole = server.get(URL).body
    out = folder / "part.zip"
    out.write_bytes(whole[:len(whole) // 3])
    done = subprocess.run(["curl", "-sSf", "-C", "-", "-o", out, server.url(URL)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert digest(out.read_bytes()) == digest(whole)


def test_aria2_downloads_over_four_connections(server, folder):
    done = subprocess.run(["aria2c", "-q", "-x4", "-s4", "-k1M", "--max-download-limit=2M", "--no-conf",
                           "-d", folder, "-o", "a.zip", server.url(URL)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert digest((folder / "a.zip").read_bytes()) == digest(server.get(URL).body)
    assert sum(line.startswith("206") for line in server.accesses()) >= 2
