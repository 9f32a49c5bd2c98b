"""Conditional and range requests: case by case what httpd's own file handler answers for a file with the same bytes.

Each row of a table is sent twice, to an archive and to a copy of it under a plain Alias. In the headers of a row
{etag} stands for each side's own tag, {bare} for that without its quotes, {size} for the length, {last} for the last
byte, {middle} for one in between. Requests by date are the only ones that must differ: archives have no
Last-Modified, since the same URL may go back to an older version (docs/architecture.md)."""
import os
import re

import pytest

from conftest import CURRENT

OURS, PLAIN = f"/tc/{CURRENT}/windows64tc.zip", "/plain/windows64tc.zip"
MPMS = ["event", "worker", "prefork"]
# A time long before the plain file's, and one that no file has reached.
MODIFIED = 1_600_000_000
LONG_AGO, FAR_AHEAD = "Thu, 01 Jan 1998 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
EXACTLY = "Sun, 13 Sep 2020 12:26:40 GMT"
AGREE = ("Content-Length", "Content-Range", "Accept-Ranges", "Content-Type", "Content-Encoding", "Transfer-Encoding",
         "Allow")
BOUNDARY = re.compile(rb"boundary=([0-9a-f]+)")

RANGES = [
    "bytes=0-0", "bytes=0-", "bytes=-1", "bytes=-500", "bytes=100-199", "bytes={last}-{last}", "bytes={last}-",
    "bytes={middle}-", "bytes=0-{last}", "bytes=0-{size}", "bytes={middle}-99999999999999", "bytes=-{size}",
    "bytes=-99999999999999", "bytes={size}-", "bytes={size}-{size}", "bytes=99999999999-", "bytes=-0",
    # Several, overlapping, adjacent, out of order, partly beyond the end.
    "bytes=0-9,100-109", "bytes=0-9,5-14", "bytes=0-9,10-19", "bytes=100-109,0-9", "bytes=0-0,-1", "bytes=-1,0-0",
    "bytes=0-9,{size}-", "bytes={size}-,0-9", "bytes=0-9,0-9,0-9", "bytes=0-,0-", "bytes=0-{last},0-{last}",
    "bytes=5-9,3-7,1-5", "bytes={size}-,99999999999-", "bytes=0-9 , 20-29", "bytes= 0-9", "bytes=0-9,,20-29",
    "bytes=0-9,", "bytes=,0-9",
    # Not a range.
    "bytes=", "bytes", "bytes=-", "bytes=abc", "bytes=9-0", "bytes=0-9,9-0", "bytes=0-x", "bytes=x-9", "bytes=--5",
    "bytes=1-2-3", "bytes=0x0-0x9", "bytes=0.5-9", "bytes=+1-9", "bytes=-5-", "lines=0-9", "0-9", "Bytes=0-9",
    "bytes =0-9", "", "none", "bytes=0-9;bytes=20-29",
    # Numbers that fit nowhere.
    "bytes=0-99999999999999999999999999", "bytes=99999999999999999999999999-", "bytes=-99999999999999999999999999",
    "bytes=9223372036854775807-9223372036854775807", "bytes=0-9223372036854775807", "bytes=-9223372036854775808",
    "bytes=18446744073709551616-18446744073709551617", "bytes=4294967296-4294967297", "bytes=" + "0" * 60 + "-9",
    # The limits of the preset configuration: 200 ranges, 20 overlaps, 20 reversals.
    "bytes=" + ",".join(f"{at}-{at + 4}" for at in range(0, 2000, 10)),
    "bytes=" + ",".join(f"{at}-{at + 4}" for at in range(0, 2010, 10)),
    "bytes=" + ",".join(f"{at}-{at + 12}" for at in range(0, 200, 10)),
    "bytes=" + ",".join(f"{at}-{at + 12}" for at in range(0, 300, 10)),
    "bytes=" + ",".join(f"{at}-{at + 4}" for at in range(200, 0, -10)),
    "bytes=" + ",".join(f"{at}-{at + 4}" for at in range(400, 0, -10)),
]

CONDITIONS = [
    *({"If-None-Match": value} for value in (
        "{etag}", "W/{etag}", "*", '"other"', 'W/"other"', '"other", {etag}', '"other",W/{etag}', '{etag}, "other"',
        "{bare}", '"{bare}', '{bare}"', "'{bare}'", "", ",", '""', '"', "w/{etag}", "W/ {etag}", '*, "other"', "**",
        '"*"', "{etag}{etag}", '{etag} "other"', '"a", "b", "c", "d"', "  {etag}  ", "\t{etag}")),
    *({"If-Match": value} for value in (
        "{etag}", "*", '"other"', "W/{etag}", '"other", {etag}', '{etag}, "other"', '"other", W/{etag}', "{bare}", "",
        ",", '"{bare}', 'W/"other"', '"*"')),
    {"If-Match": "{etag}", "If-None-Match": "{etag}"}, {"If-Match": "{etag}", "If-None-Match": '"other"'},
    {"If-Match": '"other"', "If-None-Match": '"other"'}, {"If-Match": '"other"', "If-None-Match": "{etag}"},
    {"If-Match": "*", "If-None-Match": "*"}, {"If-Range": "{etag}"}, {"If-Range": '"other"'},
    {"Accept-Encoding": "gzip, br"}, {"Accept": "text/html"}, {"Cache-Control": "no-cache"}, {"Pragma": "no-cache"},
    {"TE": "trailers"}, {"Content-Range": "bytes 0-9/100"}]

COMBINED = [
    *({"Range": "bytes=100-199", "If-Range": value} for value in (
        "{etag}", "W/{etag}", '"other"', 'W/"other"', "{bare}", '"{bare}', "*", "", '"other", {etag}',
        '{etag}, "other"', "  {etag}", "{etag} ", "yesterday", LONG_AGO, FAR_AHEAD)),
    *({"Range": value, "If-Range": "{etag}"} for value in (
        "bytes={size}-", "bytes=0-9,100-109", "bytes=-1", "bytes=nonsense", "lines=1-2")),
    *({"Range": value, "If-Range": '"other"'} for value in ("bytes={size}-", "bytes=0-9,100-109", "bytes=nonsense")),
    *({"Range": "bytes=100-199", name: value} for name in ("If-None-Match", "If-Match") for value in (
        "{etag}", "W/{etag}", '"other"', "*", '"other", W/{etag}')),
    *({"Range": "bytes={size}-", name: value} for name in ("If-None-Match", "If-Match") for value in (
        "{etag}", '"other"', "W/{etag}")),
    {"Range": "bytes=0-9", "If-Range": "{etag}", "If-None-Match": "{etag}"},
    {"Range": "bytes=0-9", "If-Range": "{etag}", "If-None-Match": '"other"'},
    {"Range": "bytes=0-9", "If-Range": "{etag}", "If-Match": '"other"'},
    {"Range": "bytes=0-9", "If-Range": '"other"', "If-Match": "{etag}"},
    {"Range": "bytes=0-9", "If-Range": '"other"', "If-None-Match": "{etag}"},
    {"Range": "bytes=0-9", "If-Match": "{etag}", "If-None-Match": '"other"'},
    {"Range": "bytes=0-9", "Request-Range": "bytes=20-29"}, {"Request-Range": "bytes=20-29"},
    {"Range": "bytes=0-9,100-109", "User-Agent": "Mozilla/4.0 (compatible; MSIE 3.02; Windows 95)"}]

# Dates that decide nothing for files either, because a tag decides or because the file's own time leads there too.
DATES_THAT_DECIDE_NOTHING = [
    {"If-Modified-Since": LONG_AGO}, {"If-Modified-Since": FAR_AHEAD}, {"If-Unmodified-Since": EXACTLY},
    {"If-Unmodified-Since": FAR_AHEAD}, {"If-Modified-Since": "yesterday"}, {"If-Unmodified-Since": "yesterday"},
    {"If-Modified-Since": ""}, {"If-Modified-Since": LONG_AGO, "If-Unmodified-Since": FAR_AHEAD},
    {"If-None-Match": '"other"', "If-Modified-Since": FAR_AHEAD},
    {"If-None-Match": '"other"', "If-Modified-Since": EXACTLY},
    {"If-None-Match": '"other"', "If-Unmodified-Since": EXACTLY},
    {"If-None-Match": "{etag}", "If-Modified-Since": EXACTLY}, {"If-None-Match": "*", "If-Modified-Since": EXACTLY},
    {"If-Match": "{etag}", "If-Unmodified-Since": EXACTLY}, {"If-Match": "{etag}", "If-Modified-Since": LONG_AGO},
    {"If-Match": '"other"', "If-Unmodified-Since": EXACTLY}, {"If-Match": '"other"', "If-Modified-Since": LONG_AGO},
    {"Range": "bytes=0-9", "If-Modified-Since": LONG_AGO}, {"Range": "bytes=0-9", "If-Unmodified-Since": EXACTLY},
    {"Range": "bytes=0-9", "If-Range": "{etag}", "If-Unmodified-Since": EXACTLY},
    {"Range": "bytes=0-9", "If-Range": "{etag}", "If-Modified-Since": EXACTLY},
    {"Range": "bytes=0-9", "If-Range": '"other"', "If-Modified-Since": LONG_AGO},
    {"Range": "bytes=0-9", "If-Range": LONG_AGO}, {"Range": "bytes=0-9", "If-Range": FAR_AHEAD}]

# What must differ, with our status and that of the file: without a Last-Modified, conditions by date are ignored. (That
# a date makes a file with a matching If-None-Match 200 is not what RFC 9110, 13.2.2, asks for.)
DATES_THAT_DECIDE_FOR_FILES = [
    ({"If-Modified-Since": EXACTLY}, 200, 304),
    ({"If-Unmodified-Since": LONG_AGO}, 200, 412),
    ({"If-Modified-Since": EXACTLY, "If-Match": "{etag}"}, 200, 304),
    ({"If-Unmodified-Since": LONG_AGO, "If-Match": "{etag}"}, 200, 412),
    ({"If-Unmodified-Since": LONG_AGO, "If-None-Match": '"other"'}, 200, 412),
    ({"If-Unmodified-Since": LONG_AGO, "If-None-Match": "{etag}"}, 304, 412),
    ({"If-Unmodified-Since": FAR_AHEAD, "If-None-Match": "{etag}"}, 304, 200),
    ({"If-Modified-Since": LONG_AGO, "If-None-Match": "{etag}"}, 304, 200),
    ({"If-Modified-Since": EXACTLY, "If-Unmodified-Since": LONG_AGO}, 200, 412),
    ({"Range": "bytes=0-9", "If-Modified-Since": EXACTLY}, 206, 304),
    ({"Range": "bytes=0-9", "If-Unmodified-Since": LONG_AGO}, 206, 412),
    ({"Range": "bytes=0-9", "If-Range": EXACTLY}, 200, 206),
    ({"Range": "bytes={size}-", "If-Range": EXACTLY}, 200, 416),
    ({"Range": "bytes=0-9", "If-Range": '"other"', "If-Unmodified-Since": LONG_AGO}, 200, 412)]


def both(server, headers, method):
    """The answers of both sides to one row."""
    answers = []
    for side in (OURS, PLAIN):
        etag, size = server.sides[side]
        words = {"{etag}": etag, "{bare}": etag.strip('"'), "{size}": str(size), "{last}": str(size - 1),
                 "{middle}": str(size // 2)}
        filled = {name: re.sub(r"\{\w+\}", lambda match: words[match[0]], value) for name, value in headers.items()}
        answers.append(server.get(side, filled, method))
    return answers


def comparable(answer):
    """What must agree of an answer: all but the values of the tag and of the boundary."""
    seen = {name: answer.headers[name] for name in AGREE if name in answer.headers}
    body = answer.body
    boundary = BOUNDARY.search(seen.get("Content-Type", "").encode())
    if boundary:
        seen["Content-Type"] = seen["Content-Type"].replace(boundary[1].decode(), "BOUNDARY")
        body = body.replace(boundary[1], b"BOUNDARY")
    return answer.status, "ETag" in answer.headers, seen, body


def assert_equal(server, rows, statuses):
    """Every row gets the same answer from both sides, and all together the given statuses."""
    wrong, seen = {}, set()
    for headers in rows:
        for method in ("GET", "HEAD"):
            ours, plain = both(server, headers, method)
            seen.add(ours.status)
            if (method, plain.status) == ("HEAD", 412):
                # NB: here the file handler tells the file's length, though the body of its GET is empty; we tell none.
                del plain.headers["Content-Length"]
            if comparable(ours) != comparable(plain):
                wrong[f"{method} {headers}"[:200]] = f"ours {ours}, the file handler's {plain}"
    assert not wrong
    assert seen == statuses


@pytest.fixture(params=MPMS)
def server(httpd, shared, folder, request):
    """A server with an archive and a copy of it as a plain file; `sides` has the tag and the size of each."""
    plain = folder / "plain"
    plain.mkdir()
    made = httpd(shared["plain"], mpm=request.param,
                 extra=f'Alias "/plain" "{plain}"\n<Directory "{plain}">\n  Require all granted\n'
                       "  ForceType application/zip\n</Directory>\n")
    body = made.get(OURS).body
    (plain / "windows64tc.zip").write_bytes(body)
    os.utime(plain / "windows64tc.zip", (MODIFIED, MODIFIED))
    made.sides = {side: (made.get(side).headers["ETag"], len(body)) for side in (OURS, PLAIN)}
    return made


def test_ranges_are_those_of_the_file_handler(server):
    assert_equal(server, [{"Range": value} for value in RANGES], {200, 206, 416})


def test_conditions_by_tag_are_those_of_the_file_handler(server):
    assert_equal(server, CONDITIONS, {200, 304, 412})


def test_ranges_with_conditions_are_those_of_the_file_handler(server):
    assert_equal(server, COMBINED, {200, 206, 304, 412, 416})


def test_dates_make_no_difference_where_they_decide_nothing(server):
    assert_equal(server, DATES_THAT_DECIDE_NOTHING, {200, 206, 304, 412})


def test_dates_never_decide_where_they_do_for_files(server):
    wrong = {}
    for headers, expected, of_file in DATES_THAT_DECIDE_FOR_FILES:
        for method in ("GET", "HEAD"):
            ours, plain = both(server, headers, method)
            if (ours.status, plain.status) != (expected, of_file):
                wrong[f"{method} {headers}"] = f"ours {ours.status}, the file handler's {plain.status}"
    assert not wrong
