"""A branch behind a centre: what it lacks is relayed and never kept, what it has is its own, and a switch keeps it from
handing anything out."""
import base64
import hashlib
import json
import socket

import pytest

from conftest import CURRENT, NEWEST, OLD
from harness import TOP, wait_until
from releases import add_release, age

NAME = "windows64tc.zip"
MPMS = ["event", "worker", "prefork"]


@pytest.fixture
def pair(httpd, shared, folder):
    """A centre with three releases, and a branch that has only the oldest of them."""
    root = folder / "branch-root"
    add_release(root, OLD, ["windows64", "linux64"])
    age(root)

    def make(directives="", mpm="event", upstream=None):
        centre = httpd({"/update": f'CDistRoot "{shared["plain"]}"'}, mpm=mpm)
        upstream = upstream or centre.url("/update")
        branch = httpd({"/tc": f'CDistRoot "{root}"\n  CDistUpstream {upstream}\n  {directives}'}, mpm=mpm,
                       modules=["proxy", "proxy_http"])
        return centre, branch
    return make


def ask_for_distribution(server, version):
    answer = server.get(f"/tc/WebDistributiveLocation/GetDistributiveInfo?OS=Windows&Arch=x86_64&Version={version}")
    return json.loads(answer.body)["root"]


@pytest.mark.parametrize("mpm", MPMS)
def test_what_a_branch_lacks_is_the_centres_byte_for_byte_and_not_kept(pair, mpm):
    centre, branch = pair(mpm=mpm)
    for path in (f"{NEWEST}/{NAME}", f"8.3.25/{NAME}", f"{CURRENT}/macos64tc.zip", f"{NEWEST}/{NAME}.manifest"):
        theirs, ours = centre.get(f"/update/{path}"), branch.get(f"/tc/{path}")
        assert (ours.status, ours.body) == (200, theirs.body), path
        assert ours.headers["ETag"] == theirs.headers["ETag"]
        assert ours.headers["1C-Version"] == theirs.headers["1C-Version"]
        assert ours.headers["Content-Location"] == theirs.headers["Content-Location"].replace("/update/", "/tc/")
    digest = hashlib.sha256(centre.get(f"/update/{NEWEST}/{NAME}").body).hexdigest()
    by_bytes = branch.get(f"/tc/sha256/{digest}/{NAME}")
    assert by_bytes.status == 200 and hashlib.sha256(by_bytes.body).hexdigest() == digest
    assert branch.archives() == []


def test_a_relayed_download_resumes_and_is_conditional(pair):
    centre, branch = pair()
    whole = centre.get(f"/update/{NEWEST}/{NAME}")
    etag = whole.headers["ETag"]
    part = branch.get(f"/tc/{NEWEST}/{NAME}", {"Range": "bytes=1000-", "If-Range": etag})
    assert (part.status, part.body) == (206, whole.body[1000:])
    assert branch.get(f"/tc/{NEWEST}/{NAME}", {"If-None-Match": etag}).status == 304
    head = branch.get(f"/tc/{NEWEST}/{NAME}", method="HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(whole.body)))


def test_what_the_branch_has_is_its_own_and_stays_current(pair):
    centre, branch = pair()
    centre.stop()
    for path in (NAME, f"8.3/{NAME}", f"{OLD}/{NAME}"):
        answer = branch.get(f"/tc/{path}")
        assert (answer.status, answer.headers["1C-Version"]) == (200, OLD), path


def test_a_request_with_a_body_does_not_wait_for_it_at_the_centre(pair):
    _, branch = pair()
    assert branch.get(f"/tc/{NEWEST}/{NAME}", body=b"x" * 100, timeout=10).status == 200


def test_what_is_still_being_filled_is_relayed_as_long(httpd, shared, folder):
    root = folder / "filling"
    add_release(root, OLD)
    age(root)
    add_release(root, NEWEST)
    add_release(root, "8.3.99.7")
    centre = httpd({"/update": f'CDistRoot "{shared["plain"]}"'})
    branch = httpd({"/tc": f'CDistRoot "{root}"\n  CDistUpstream {centre.url("/update")}'}, modules=["proxy", "proxy_http"],
                   process="CDistSettle 3600")
    answer = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert (answer.status, answer.body) == (200, centre.get(f"/update/{NEWEST}/{NAME}").body)
    assert ask_for_distribution(branch, NEWEST)["size"] == len(answer.body)
    unknown = branch.get(f"/tc/8.3.99.7/{NAME}")
    assert unknown.status == 503 and "still being filled" in json.loads(unknown.body)["detail"]
    centre.stop()
    branch.allow("CD0130", "AH00957", "AH01114", "AH10155")
    filling = branch.get(f"/tc/{NEWEST}/{NAME}")
    assert filling.status == 503 and "still being filled" in json.loads(filling.body)["detail"]


def test_what_nobody_has_is_the_centres_404(pair):
    _, branch = pair()
    answer = branch.get(f"/tc/8.3.99.1/{NAME}")
    assert answer.status == 404 and answer.headers["Content-Type"] == "application/problem+json"
    assert CURRENT in [entry["version"] for entry in json.loads(answer.body)["available"]]


def test_a_centre_that_is_away_is_said_with_what_is_here(pair):
    centre, branch = pair()
    centre.stop()
    branch.allow("CD0130", "AH00957", "AH01114", "AH10155")
    answers = [branch.get(f"/tc/{NEWEST}/{NAME}") for _ in range(2)]
    for answer in answers:
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
        problem = json.loads(answer.body)
        assert "does not answer since " in problem["detail"]
        assert [entry["version"] for entry in problem["available"]] == [OLD]
    assert branch.get(f"/tc/{NAME}").status == 200
    assert branch.logged("CD0130")


def test_a_branch_that_has_nothing_hands_on_the_centres_current_release(httpd, shared, folder):
    centre = httpd({"/update": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {CURRENT}'})
    (folder / "empty").mkdir()
    branch = httpd({"/tc": f'CDistRoot "{folder / "empty"}"\n  CDistUpstream {centre.url("/update/")}'},
                   modules=["proxy", "proxy_http"])
    assert branch.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT


def test_current_of_the_branch_is_asked_for_under_the_branchs_own_rule(pair):
    _, branch = pair(f"CDistCurrent {CURRENT}")
    assert branch.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT


def test_servers_that_relay_in_a_circle_end_with_404(httpd, folder):
    (folder / "empty").mkdir()
    one, other = (httpd({}, start=False, modules=["proxy", "proxy_http"]) for _ in range(2))
    one.publications = {"/tc": f'CDistRoot "{folder / "empty"}"'}
    one.start()
    other.publications = {"/tc": f'CDistRoot "{folder / "empty"}"\n  CDistUpstream {one.url("/tc")}'}
    other.start()
    one.publications = {"/tc": f'CDistRoot "{folder / "empty"}"\n  CDistUpstream {other.url("/tc")}'}
    one.graceful()
    assert one.get(f"/tc/8.3.1.1/{NAME}", timeout=20).status == 404


def test_an_empty_publication_names_the_cure(httpd, folder):
    (folder / "empty").mkdir()
    server = httpd(folder / "empty")
    server.allow("CD0106")
    for path in (f"/tc/{NAME}", f"/tc/8.3.22.1/{NAME}"):
        answer = server.get(path)
        assert answer.status == 404
        assert "nothing to hand out: run 1cdist sync --from" in json.loads(answer.body)["detail"], path


def test_publish_off_hands_out_nothing_and_answers_the_platform(httpd, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistPublish Off',
                    "/on": f'CDistRoot "{shared["plain"]}"\n  CDistPublish On'}, process="CDistPrebuild On")
    for path in ("", NAME, f"{OLD}/{NAME}", f"{OLD}/{NAME}.manifest", "sha256/" + "0" * 64 + f"/{NAME}", "index.json",
                 "ClientUpdate.cfg"):
        answer = server.get(f"/tc/{path}")
        assert answer.status == 403 and "CDistPublish Off" in json.loads(answer.body)["detail"], path
    info = server.get(f"/tc/WebDistributiveLocation/GetDistributiveInfo?OS=Windows&Arch=x86_64&Version={OLD}")
    assert (info.status, json.loads(info.body)["root"]["size"]) == (200, 0)
    assert server.get(f"/on/{NAME}").status == 200


@pytest.mark.parametrize("directive, said", [
    ("CDistPublish Maybe", "must be On or Off"), ("CDistUpstream ftp://centre/x", "must begin with http"),
    ("CDistUpstream centre", "must be the URL"), ("CDistUpstream http://", "must be the URL"),
    ("CDistUpstream http://me:secret@centre/x", "must not hold a name"), ("CDistUpstream http://centre/?x", "must not hold a '?'"),
    ("CDistUpstream https://centre/x", "needs mod_ssl")])
def test_values_that_are_unknown_refuse_to_start(httpd, directive, said):
    server = httpd({}, start=False, modules=["proxy", "proxy_http"])
    status, text = server.check_config(body=server.publication("/tc", directive))
    assert status != 0 and said in text


def test_upstream_without_a_proxy_refuses_to_start(httpd):
    server = httpd({}, start=False)
    status, text = server.check_config(body=server.publication("/tc", "CDistUpstream http://centre/update"))
    assert status != 0 and "mod_proxy" in text


# ---- what branches say of themselves ------------------------------------------------------------------------------------

def as_user(name, **headers):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{name}".encode()).decode(),
            "Content-Type": "application/json", **headers}


@pytest.fixture
def centre(httpd, shared, folder):
    """A centre that knows two branches by name, and asks for names where they report."""
    passwords = folder / "passwords"
    passwords.write_text("".join(f"{name}:{{SHA}}{base64.b64encode(hashlib.sha1(name.encode()).digest()).decode()}\n"
                                 for name in ("north", "south")))
    extra = (f'<Location "/tc/branches">\nAuthType Basic\nAuthName 1C\nAuthUserFile "{passwords}"\nRequire valid-user\n</Location>\n'
             f'<If "%{{QUERY_STRING}} == \'branches\'">\nAuthType Basic\nAuthName 1C\nAuthUserFile "{passwords}"\nRequire valid-user\n'
             "</If>\n")
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"'}, extra=extra,
                   modules=["auth_basic", "authn_core", "authn_file", "authz_user"])
    server.allow("AH01617", "AH01618")
    return server


def post(server, name, report, **headers):
    body = report if isinstance(report, (str, bytes)) else json.dumps(report)
    return server.get("/tc/branches", as_user(name, **headers), "POST", body)


def test_reports_can_be_kept_from_other_branches_as_the_documentation_says(httpd, shared, folder):
    text = (TOP / "docs" / "formats.md").read_text()
    section = text[text.index('<Location "/update/branches">'):]
    passwords = folder / "passwords"
    passwords.write_text("".join(f"{name}:{{SHA}}{base64.b64encode(hashlib.sha1(name.encode()).digest()).decode()}\n"
                                 for name in ("north", "admin")))
    extra = section[:section.index("```")].replace("/etc/apache2/1c-branches", str(passwords))
    server = httpd({"/update": f'CDistRoot "{shared["plain"]}"'}, extra=extra,
                   modules=["auth_basic", "authn_core", "authn_file", "authz_user"])
    server.allow("AH01617", "AH01618", "AH01631")
    assert server.get("/update/branches", as_user("north"), "POST", "{}").status == 200
    for path in ("/update/branches", "/update/index.json?branches", "/update/?branches", "/update/index.json?branches=1"):
        headers = {"Accept": "application/json"}
        assert server.get(path, headers).status == 401, path
        assert server.get(path, {**as_user("north"), **headers}).status in (401, 403), path
        shown = json.loads(server.get(path, {**as_user("admin"), **headers}).body)["branches"]
        assert [one["user"] for one in shown] == ["north"], path
    assert server.get("/update/index.json").status == 200 and server.get(f"/update/{NAME}").status == 200


REPORT = {"name": "Север", "releases": [OLD, CURRENT], "current": CURRENT, "last_sync": "2026-11-21T18:30:00Z", "error": ""}


def test_reports_of_branches_are_kept_each_under_its_own_name(centre):
    assert post(centre, "north", {**REPORT, "error": "first"}).status == 200
    assert post(centre, "north", {**REPORT, "user": "south", "unknown": 1}).status == 200
    assert post(centre, "south", {}).status == 200
    for path in ("/tc/branches", "/tc/index.json?branches"):
        shown = json.loads(centre.get(path, as_user("south")).body)["branches"]
        assert [one["user"] for one in shown] == ["north", "south"], path
        assert {key: shown[0][key] for key in REPORT} == REPORT and "unknown" not in shown[0]
        assert shown[1]["releases"] == [] and shown[1]["current"] == ""
    assert "branches" not in json.loads(centre.get("/tc/index.json").body)


def test_reports_are_for_named_users_alone(httpd, shared, centre):
    assert centre.get("/tc/branches").status == 401
    assert centre.get("/tc/index.json?branches").status == 401
    open_server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"'})
    json_type = {"Content-Type": "application/json"}
    assert open_server.get("/tc/branches", json_type, "POST", "{}").status == 403
    assert open_server.get("/tc/branches").status == 403
    assert open_server.get("/tc/index.json?branches").status == 403


@pytest.mark.parametrize("report, said", [
    ("[]", "one JSON object"), ("{", "one JSON object"), (b"\xff", "one JSON object"), ('{"name":"a","name":"b"}', "one JSON object"),
    ({**REPORT, "name": 1}, "name must be a text"), ({**REPORT, "name": "x" * 101}, "name is longer"),
    ({**REPORT, "releases": "8.3"}, "releases must be a list"), ({**REPORT, "releases": ["../x"]}, "releases must be versions"),
    ({**REPORT, "releases": [CURRENT] * 201}, "releases are too many"), ({**REPORT, "current": "8.3.x"}, "current must be"),
    ({**REPORT, "last_sync": "yesterday"}, "last_sync must be")])
def test_reports_that_are_none_are_refused_with_the_member(centre, report, said):
    answer = post(centre, "north", report)
    assert answer.status == 400 and said in json.loads(answer.body)["detail"]
    assert json.loads(centre.get("/tc/branches", as_user("north")).body)["branches"] == []


def test_a_report_is_bounded_and_no_form(centre):
    assert post(centre, "north", json.dumps({"error": "x" * 20000})).status == 413
    assert post(centre, "north", REPORT, **{"Content-Type": "text/plain"}).status == 415


@pytest.mark.parametrize("mpm, workers", [("event", 128), ("prefork", 80)])
def test_an_upstream_that_hangs_takes_a_quarter_of_the_server_s_workers_at_most(httpd, folder, mpm, workers):
    (folder / "empty").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        branch = httpd({"/tc": f'CDistRoot "{folder / "empty"}"\n  CDistUpstream http://127.0.0.1:{silent.getsockname()[1]}/u'},
                       modules=["proxy", "proxy_http"], mpm=mpm,
                       extra="ProxyTimeout 3\n" + ("StartServers 70\nMaxSpareServers 80\n" if mpm == "prefork" else ""))
        wait_until(lambda: mpm != "prefork" or len(branch.children()) >= 70, "all processes are there")
        branch.allow("CD0130", "AH00957", "AH01102", "AH01114", "AH10155", "AH00484", "AH01110", "AH00898")
        answers = branch.get_many([f"/tc/8.3.1.1/{NAME}"] * 60, timeout=30)
        assert {answer.status for answer in answers} == {503}
        at_once = [answer for answer in answers if "busy" in json.loads(answer.body)["detail"]]
        assert len(at_once) >= 60 - workers // 4
