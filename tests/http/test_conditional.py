"""Conditional requests: by entity tag, never by date, since a URL may go back to an older version."""
import email.utils

import pytest

from conftest import CURRENT, NEWEST

URL = "/tc/windows64tc.zip"


def now():
    return email.utils.formatdate(usegmt=True)


@pytest.fixture
def server(httpd, shared):
    return httpd(shared["plain"])


def test_matching_if_none_match_gives_304_without_body(server):
    etag = server.get(URL).headers["ETag"]
    for value in (etag, f'"other", {etag}', "*", "W/" + etag):
        answer = server.get(URL, {"If-None-Match": value})
        assert (answer.status, answer.body) == (304, b""), value
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Last-Modified" not in answer.headers


def test_other_if_none_match_gives_the_archive(server):
    assert server.get(URL, {"If-None-Match": '"something else"'}).status == 200


def test_head_is_conditional_too(server):
    etag = server.get(URL).headers["ETag"]
    assert server.get(URL, {"If-None-Match": etag}, method="HEAD").status == 304


def test_if_match_of_another_archive_gives_412(server):
    etag = server.get(URL).headers["ETag"]
    assert server.get(URL, {"If-Match": '"something else"'}).status == 412
    assert server.get(URL, {"If-Match": etag}).status == 200
    assert server.get(URL, {"If-Match": "*"}).status == 200


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since"])
def test_conditions_by_date_are_ignored(server, name):
    for date in (now(), "Thu, 01 Jan 1998 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"):
        assert server.get(URL, {name: date}).status == 200


def test_if_modified_since_does_not_weaken_if_none_match(server):
    etag = server.get(URL).headers["ETag"]
    assert server.get(URL, {"If-None-Match": '"x"', "If-Modified-Since": now()}).status == 200
    assert server.get(URL, {"If-None-Match": etag, "If-Modified-Since": now()}).status == 304


def test_manifest_and_index_are_conditional_by_tag_alone(server):
    for url in (URL + ".manifest", "/tc/index.json"):
        etag = server.get(url).headers["ETag"]
        assert server.get(url, {"If-None-Match": etag}).status == 304
        assert server.get(url, {"If-Modified-Since": now()}).status == 200


def test_roll_back_of_current_is_never_answered_with_304(httpd, shared):
    server = httpd(shared["plain"], NEWEST)
    yesterday = server.get(URL)
    assert yesterday.headers["1C-Version"] == NEWEST
    server.publications["/tc"] = server.publications["/tc"].replace(NEWEST, CURRENT)
    server.graceful()
    for headers in ({"If-None-Match": yesterday.headers["ETag"]}, {"If-Modified-Since": now()},
                    {"If-None-Match": yesterday.headers["ETag"], "If-Modified-Since": now()}):
        answer = server.get(URL, headers)
        assert (answer.status, answer.headers["1C-Version"]) == (200, CURRENT), headers
    assert server.get(URL, {"If-None-Match": answer.headers["ETag"]}).status == 304


def test_if_range_continues_only_under_the_same_strong_tag(server):
    whole = server.get(URL)
    etag = whole.headers["ETag"]
    same = server.get(URL, {"Range": "bytes=1000-1999", "If-Range": etag})
    assert (same.status, same.body) == (206, whole.body[1000:2000])
    for value in ('"other"', "W/" + etag, now(), "Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1998 00:00:00 GMT"):
        other = server.get(URL, {"Range": "bytes=1000-1999", "If-Range": value})
        assert (other.status, len(other.body)) == (200, len(whole.body)), value
