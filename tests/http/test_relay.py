"""What passes between a branch and its upstream, both ways, and what the branch says when the upstream's answer is none."""
import hashlib
import json

import pytest

from conftest import CURRENT, NEWEST, OLD
from harness import wait_until
from releases import add_ready, add_release, age
from upstreams import ANSWERED, ASKED, NAME, ZIP, hold

# ---- headers -------------------------------------------------------------------------------------------------------------

def test_what_a_client_tells_the_branch_alone_is_not_told_to_the_upstream(branch, stranger):
    stranger.answer(200, content_type="application/zip")
    secrets = {"Authorization": "Basic c2VjcmV0OnNlY3JldA==", "Proxy-Authorization": "Basic c2VjcmV0", "Cookie": "a=secret",
               "Referer": "http://secret/", "Origin": "http://secret", "1C-ConnectString": "secret", "X-Anything": "secret",
               "Forwarded": "for=secret", "Accept-Encoding": "gzip", "If-Modified-Since": "Sat, 21 Nov 2026 18:00:00 GMT"}
    passed = {"Range": "bytes=0-3", "If-Range": '"tag"', "User-Agent": "1CV8C", "Accept": "*/*", "If-None-Match": '"other"'}
    assert branch.get(f"/tc/{NEWEST}/{NAME}?secret", {**secrets, **passed}).status == 200
    (method, path, headers), = stranger.requests
    assert (method, path) == ("GET", f"/update/{NEWEST}/{NAME}")
    assert set(headers) <= ASKED and "secret" not in repr(headers) and headers["1c-relayed"] == "1"
    assert {name: headers[name.lower()] for name in passed} == passed


def test_of_the_upstream_s_headers_only_those_of_an_archive_reach_the_client(branch, stranger):
    stranger.answer(200, content_type="application/x-zip", etag='"tag"', set_cookie="a=b", www_authenticate="Basic realm=x",
                    location="http://elsewhere/", server="secret", x_powered_by="secret", last_modified="Sat, 21 Nov 2026 18:00:00 GMT",
                    content_location="/secret/x", cache_control="max-age=1000", strict_transport_security="max-age=1", vary="User-Agent",
                    **{"1C-Version": NEWEST, "Via": "secret", "Link": "<x>"})
    stranger.interim = b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=secret\r\nLink: <secret>\r\n\r\n"
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert (answer.status, answer.body) == (200, ZIP)
    assert {name.lower() for name in answer.headers} <= ANSWERED and "secret" not in str(answer.headers)
    assert answer.headers["Content-Type"] == "application/zip" and answer.headers["ETag"] == '"tag"'
    assert answer.headers["Cache-Control"] == "no-cache" and answer.headers["Vary"] == "User-Agent"
    assert answer.headers["Content-Location"] == f"/tc/{NEWEST}/{NAME}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{NAME}"'
    raw = branch.raw(f"GET /tc/{NEWEST}/{NAME} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert raw.startswith(b"HTTP/1.1 200 ") and b"early" not in raw


def test_not_modified_and_parts_are_handed_on(branch, stranger):
    stranger.answer(304, etag='"tag"', set_cookie="a=b")
    answer = branch.get(f"/tc/{NEWEST}/{NAME}", {"If-None-Match": '"tag"'})
    assert (answer.status, answer.headers["ETag"], answer.headers["Set-Cookie"]) == (304, '"tag"', None)
    stranger.answer(206, ZIP[4:8], content_range=f"bytes 4-7/{len(ZIP)}", etag='"tag"')
    answer = branch.get(f"/tc/{NEWEST}/{NAME}", {"Range": "bytes=4-7"})
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, ZIP[4:8], f"bytes 4-7/{len(ZIP)}")


@pytest.mark.parametrize("status", [412, 416])
def test_conditions_and_ranges_that_the_upstream_refuses_keep_their_status(branch, stranger, status):
    stranger.answer(status, b"<html>", content_type="text/html", content_range="bytes */22", set_cookie="a=b")
    answer = branch.get(f"/tc/{NEWEST}/{NAME}", {"Range": "bytes=100-"})
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.headers["Content-Range"] == "bytes */22" and answer.headers["Set-Cookie"] is None


# ---- answers that are none -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, own", [
    (301, 503), (302, 503), (307, 503), (400, 404), (401, 404), (403, 404), (404, 404), (407, 503), (410, 404), (429, 503), (500, 503),
    (502, 503), (503, 503), (504, 503), (204, 503)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_no_archive_becomes_the_branch_s_own_answer(branch, stranger, status, own, method):
    branch.allow("CD0130", "CD0132")
    stranger.answer(status, b"<html>secret", content_type="text/html", location="http://elsewhere/", set_cookie="a=b",
                    www_authenticate="Basic realm=x", proxy_authenticate="Basic realm=y", **({"Content-Length": "0"} if status == 204 else {}))
    answer = branch.get(f"/tc/{NEWEST}/{NAME}", method=method)
    assert (answer.status, answer.headers["Content-Type"]) == (own, "application/problem+json")
    assert {name.lower() for name in answer.headers} <= ANSWERED
    assert (answer.headers["Retry-After"] is not None) == (own == 503)
    assert b"secret" not in answer.body and (method == "HEAD" or json.loads(answer.body)["status"] == own)
    if status not in (404, 410, 502, 503, 504):
        assert f"the answer is {status}" in branch.wait_logged("CD0132")[0]
    assert branch.get("/tc/nothing.zip").status == 404


def test_a_connection_goes_on_after_an_answer_that_was_not_handed_on(branch, stranger):
    connection = branch.connect()
    for status, own in ((404, 404), (302, 503), (200, 200), (500, 503), (401, 404), (200, 200)):
        branch.allow("CD0132")
        stranger.answer(status, b"x" * 1000, location="http://elsewhere/")
        connection.request("GET", f"/tc/{NEWEST}/{NAME}")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == own and (body == b"x" * 1000) == (own == 200)
    connection.close()


def test_answers_are_the_same_where_mod_proxy_puts_errors_of_its_own_in_their_place(httpd, folder, stranger):
    (folder / "root").mkdir()
    branch = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {stranger.url}'}, modules=["proxy", "proxy_http"],
                   extra="ProxyErrorOverride On\nProxyPreserveHost On\nProxyVia Full\n")
    branch.allow("CD0130", "CD0132")
    for status, own in ((404, 404), (401, 404), (302, 503), (200, 200), (500, 503)):
        stranger.answer(status, location="http://elsewhere/", www_authenticate="Basic realm=x")
        answer = branch.get(f"/tc/{NEWEST}/{NAME}")
        assert answer.status == own and {name.lower() for name in answer.headers} <= ANSWERED | {"via"}


@pytest.mark.parametrize("headers, why", [
    ({"Content-Type": "text/html"}, "a page for people"), ({"Content-Encoding": "gzip"}, "Content-Encoding"),
    ({"1C-Version": OLD}, "another version"), ({"1C-Version": "newest"}, "no version")])
def test_an_answer_that_is_something_else_is_not_handed_on(branch, stranger, headers, why):
    branch.allow("CD0132")
    stranger.answer(200, **headers)
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert answer.status == 503 and ZIP not in answer.body and why in branch.wait_logged("CD0132")[0]


@pytest.mark.parametrize("status, why", [(206, "a part, and not the whole"), (304, "unchanged, which was not the question")])
def test_a_part_or_no_change_that_nobody_asked_for_is_not_handed_on(branch, stranger, status, why):
    branch.allow("CD0132")
    stranger.answer(status, ZIP[:4] if status == 206 else b"", etag='"tag"', content_range=f"bytes 0-3/{len(ZIP)}")
    answer = branch.get(f"/tc/{NEWEST}/{NAME}", {"Range": "bytes=0-3", "If-Range": "Sat, 21 Nov 2026 18:00:00 GMT"})
    assert answer.status == 503 and "cannot hand it out now" in json.loads(answer.body)["detail"]
    assert "range" not in stranger.requests[0][2] and why in branch.wait_logged("CD0132")[0]


def test_other_bytes_than_the_digest_asks_for_are_not_handed_on(branch, stranger):
    branch.allow("CD0132")
    stranger.answer(200, repr_digest="sha-256=:AAAA:")
    assert branch.get(f"/tc/sha256/{hashlib.sha256(ZIP).hexdigest()}/{NAME}").status == 503


def test_an_endless_answer_that_is_not_handed_on_is_hung_up_on(branch, stranger):
    branch.allow("CD0132")
    stranger.answer(401, b"x" * 50_000_000, content_type="application/problem+json")
    assert branch.get(f"/tc/{NEWEST}/{NAME}", timeout=20).status == 404
    stranger.answer(404, b'{"available":[' + b" " * 50_000_000, content_type="application/problem+json")
    assert branch.get(f"/tc/{NEWEST}/{NAME}", timeout=20).status == 404


def test_an_upstream_that_breaks_off_before_its_first_byte_is_away(branch, stranger):
    branch.allow("CD0130", "AH01110", "AH01102", "AH00898")
    stranger.answer(200, b"", **{"Content-Length": "1000"})
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert answer.status == 503 and "does not answer since" in json.loads(answer.body)["detail"]


def test_what_another_1cdist_has_instead_is_told_with_what_is_here(branch, stranger, folder):
    stranger.answer(404, json.dumps({"available": [
        {"version": CURRENT, "slots": ["windows64", "<b>", 7]}, {"version": "<script>", "slots": []}, 5,
        {"version": NEWEST}]}).encode(), content_type="application/problem+json")
    answer = branch.get(f"/tc/8.3.99.1/{NAME}")
    assert answer.status == 404
    assert json.loads(answer.body)["available"] == [{"version": CURRENT, "slots": ["windows64"]}, {"version": NEWEST, "slots": []}]


def test_a_503_of_another_1cdist_is_no_absence_and_says_when_to_come_again(branch, stranger):
    branch.allow("CD0132")
    stranger.answer(503, b'{"status":503}', content_type="application/problem+json", retry_after="17")
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "17") and "since" not in json.loads(answer.body)["detail"]
    stranger.answer(200)
    assert branch.get(f"/tc/{NEWEST}/{NAME}").status == 200


# ---- which version -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, asked", [
    (NAME, NAME), ("WINDOWS64TC.ZIP", NAME), ("tc.zip?arch=win64", NAME), ("?arch=windows64", NAME), (f"8.3/{NAME}", f"8.3/{NAME}"),
    (f"8.3.25/{NAME}", f"8.3.25/{NAME}"), (f"{NEWEST}/{NAME}", f"{NEWEST}/{NAME}"), (f"{NAME}?version=8.3.25", f"8.3.25/{NAME}"),
    (f"{NAME}.manifest", f"{NAME}.manifest"), ("sha256/" + "0" * 64 + f"/{NAME}", "sha256/" + "0" * 64 + f"/{NAME}")])
def test_every_form_of_url_is_asked_for_upstream_by_a_branch_that_has_nothing(branch, stranger, path, asked):
    assert branch.get(f"/tc/{path}").status == 200
    assert stranger.requests[0][:2] == ("GET", f"/update/{asked}")


def test_a_slot_that_the_current_release_lacks_is_asked_for_in_that_very_version(httpd, folder, stranger):
    add_release(folder / "root", OLD, ["windows64"])
    age(folder / "root")
    for current in ("newest", "8.3.22"):
        server = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {stranger.url}\n  CDistCurrent {current}'},
                       modules=["proxy", "proxy_http"])
        server.get_until("/tc/linux64tc.zip")
        assert stranger.requests[-1][1] == f"/update/{OLD}/linux64tc.zip"


def test_an_archive_that_is_being_laid_there_by_hand_is_awaited_and_not_asked_for(httpd, folder, stranger):
    (folder / "root").mkdir()
    server = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {stranger.url}'}, modules=["proxy", "proxy_http"],
                   process="CDistSettle 3600")
    add_ready(server.published("/tc") / NAME, "by hand")
    answer = server.get(f"/tc/{NAME}")
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0 and not stranger.requests
    assert server.get(f"/tc/{NEWEST}/{NAME}").body == ZIP


def test_a_location_that_has_an_upstream_alone_is_a_publication(httpd, shared, stranger):
    stranger.answer(200)
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"'}, modules=["proxy", "proxy_http"],
                   extra=f'<Location "/through">\nSetHandler 1cdist\nCDistUpstream {stranger.url}\nRequire all granted\n</Location>\n'
                         f'<Location "/tc/8.3.99.1">\nCDistUpstream {stranger.url}/below\n</Location>\n')
    assert server.get(f"/through/{NEWEST}/{NAME}").body == ZIP and server.get("/through/").status == 200
    assert stranger.requests[-1][1] == f"/update/{NEWEST}/{NAME}"
    assert server.get(f"/tc/8.3.99.1/{NAME}").body == ZIP and stranger.requests[-1][1] == f"/update/below/8.3.99.1/{NAME}"


# ---- holds ---------------------------------------------------------------------------------------------------------------

def test_a_version_that_is_held_is_not_handed_on(branch, stranger, folder):
    stranger.answer(200, **{"1C-Version": NEWEST})
    assert branch.get(f"/tc/{NEWEST}/{NAME}").status == 200
    hold(folder / "root", NEWEST)
    asked = len(stranger.requests)
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert answer.status == 404 and f"{NEWEST} is held here" in json.loads(answer.body)["detail"]
    assert len(stranger.requests) == asked
    for path in (NAME, f"8.3/{NAME}", f"{NAME}.manifest"):
        answer = branch.get(f"/tc/{path}")
        assert answer.status == 404 and f"{NEWEST} is held here" in json.loads(answer.body)["detail"], path
    assert branch.get("/tc/sha256/" + "0" * 64 + f"/{NAME}").status == 404
    stranger.answer(200, **{"1C-Version": CURRENT})
    assert branch.get(f"/tc/{NAME}").status == 200
    (folder / "root" / ".1cdist" / "holds").unlink()
    assert branch.get("/tc/sha256/" + "0" * 64 + f"/{NAME}").status == 200


def test_not_modified_is_handed_on_under_a_hold_on_another_version(branch, stranger, folder):
    hold(folder / "root", OLD)
    place = f"/update/{NEWEST}/{NAME}"
    stranger.answer(304, etag='"tag"', content_location=place)
    for path in (NAME, f"8.3/{NAME}"):
        assert branch.get(f"/tc/{path}", {"If-None-Match": '"tag"'}).status == 304, path
    hold(folder / "root", NEWEST)
    assert branch.get(f"/tc/{NAME}", {"If-None-Match": '"tag"'}).status == 404


def test_holds_that_cannot_be_understood_hand_on_nothing(branch, stranger, folder):
    hold(folder / "root", "8.3.x")
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert answer.status == 503 and not stranger.requests and str(folder).encode() not in answer.body


# ---- away ----------------------------------------------------------------------------------------------------------------

def test_since_when_an_upstream_is_away_every_process_says_until_it_answers(httpd, folder, shared, stranger):
    branch = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistUpstream {stranger.url}',
                    "/other": f'CDistRoot "{shared["plain"]}"\n  CDistUpstream http://127.0.0.1:9/other'},
                   modules=["proxy", "proxy_http"], mpm="prefork")
    branch.allow("CD0130")
    for base in ("/tc", "/other"):
        assert json.loads(branch.get(f"{base}/index.json").body)["upstream"]["away_since"] is None
    stranger.answer(502)
    assert branch.get(f"/tc/8.3.99.1/{NAME}").status == 503
    shown = [json.loads(branch.get("/tc/index.json").body)["upstream"] for _ in range(20)]
    assert shown == [shown[0]] * 20 and shown[0]["url"] == stranger.url
    assert shown[0]["away_since"].startswith("20") and shown[0]["away_since"].endswith("Z")
    page = branch.get("/tc/", {"Accept": "text/html"}).body.decode()
    assert stranger.url in page and shown[0]["away_since"] in page
    assert json.loads(branch.get("/other/index.json").body)["upstream"] == {"url": "http://127.0.0.1:9/other", "away_since": None}
    stranger.answer(404)
    wait_until(lambda: branch.get(f"/tc/8.3.99.1/{NAME}").status == 404, "the upstream is asked again", pause=0.5)
    assert json.loads(branch.get("/tc/index.json").body)["upstream"]["away_since"] is None
    assert stranger.url not in branch.get("/tc/", {"Accept": "text/html"}).body.decode()
