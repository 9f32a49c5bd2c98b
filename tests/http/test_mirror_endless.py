"""Upstreams that keep a branch busy: bodies without an end, and answers that hardly bring anything. Each has an end."""
import time

import pytest

from mirror import FILE, Upstream, changed, dripping, endless, refused


# ---- endless data ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["index.json", "index.json.sig", ".manifest", FILE])
def test_a_body_without_end_is_cut_off(centre, folder, name):
    with Upstream(centre.second, {name: endless}) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)
        assert upstream.sent < 60_000_000


def test_a_longer_archive_is_not_taken(centre, folder):
    with Upstream(centre.second, {FILE: changed(lambda body: body + b"more")}) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)


def test_a_shorter_archive_is_not_taken(centre, folder):
    with Upstream(centre.second, {FILE: changed(lambda body: body[:-1])}) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)


def test_the_same_part_without_end_is_cut_off(centre, folder):
    """Each part is what its head says, and the file as long as it should be; there are only ever more of them."""
    def repeating(handler):
        body = handler.content()
        part = f"\r\n--limit\r\nContent-Range: bytes 1-{len(body) - 1}/{len(body)}\r\n\r\n".encode() + body[1:]
        handler.send_response(206)
        handler.send_header("Content-Type", "multipart/byteranges; boundary=limit")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        while True:
            handler.wfile.write(part)

    with Upstream(centre.second, {FILE: repeating}) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)
        assert upstream.sent < 60_000_000


# ---- slow retrieval --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["index.json", FILE])
def test_a_source_that_drips_is_given_up(centre, folder, name):
    with Upstream(centre.second, {name: dripping}) as upstream:
        start = time.monotonic()
        refused(upstream.url, folder / "branch", "--timeout", "1", "--floor", "1000")
        assert time.monotonic() - start < 30


def test_a_source_that_answers_with_crumbs_is_given_up(centre, folder):
    """Each answer is quick and right, and brings one byte of what was asked for."""
    def crumb(handler):
        body = handler.content()
        first = handler.ranges(body)[0][0]
        handler.reply(206, body[first:first + 1], {"Content-Range": f"bytes {first}-{first}/{len(body)}"})

    with Upstream(centre.second, {FILE: crumb}) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)
        assert len(upstream.asked(FILE)) < 20
