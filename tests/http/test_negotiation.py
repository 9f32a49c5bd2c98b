"""Which version a URL gets, and what is said when there is none."""
import json
import shutil

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD

NAME = "windows64tc.zip"


def problem(answer, status):
    """The problem+json of an answer."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    said = json.loads(answer.body)
    assert said["status"] == status
    assert said["title"] and said["detail"] and said["type"]
    return said


def test_an_unknown_version_is_404_and_says_what_is_there(httpd, shared):
    said = problem(httpd(shared["plain"]).get(f"/tc/8.3.22.9999/{NAME}"), 404)
    assert [entry["version"] for entry in said["available"]] == [NEWEST, CURRENT, OLD]
    assert said["available"][0]["slots"] == ["windows64", "linux64"]
    assert "8.3.22.9999" in said["detail"]


@pytest.mark.parametrize("version", ["8.3.22.1750.1", "8", "8.3.x", "8..3", "8.3.22.", "8.3.22.1750a",
                                     "8.3.99999999999999999999", "8.3.22.-1", "8.3.4294967296.1"])
def test_a_malformed_version_is_400(httpd, shared, version):
    problem(httpd(shared["plain"]).get(f"/tc/{version}/{NAME}"), 400)


@pytest.mark.parametrize("name", ["solaris64tc.zip", "windows128tc.zip", "windows64tc.rar", "readme.txt", "tc.zip",
                                  ".zip", "windows64tc.zip.manifest.manifest"])
def test_an_unknown_slot_is_404(httpd, shared, name):
    server = httpd(shared["plain"])
    problem(server.get(f"/tc/{name}"), 404)
    problem(server.get(f"/tc/{CURRENT}/{name}"), 404)


def test_a_slot_that_the_release_lacks_is_404(httpd, shared):
    said = problem(httpd(shared["plain"]).get(f"/tc/{OLD}/macOS64tc.zip"), 404)
    assert OLD in said["detail"] and "macos64" in said["detail"]


def test_a_mask_ends_at_a_whole_number(httpd, shared):
    server = httpd(shared["plain"])
    problem(server.get(f"/tc/8.3.2/{NAME}"), 404)
    problem(server.get(f"/tc/8.3.22.17/{NAME}"), 404)
    assert server.get(f"/tc/8.3.22/{NAME}").headers["1C-Version"] == CURRENT


def test_leading_zeros_never_name_another_version(httpd, shared):
    problem(httpd(shared["plain"]).get(f"/tc/08.3.22.1750/{NAME}"), 400)


def test_with_two_families_the_administrator_must_say_which_is_current(httpd, shared):
    server = httpd(shared["families"])
    server.allow("CD0106")
    said = problem(server.get(f"/tc/{NAME}"), 404)
    assert "CDistCurrent" in said["detail"]
    assert "CDistCurrent" in server.wait_logged("CD0106")[0]
    assert "8.3" in said["detail"] and "8.5" in said["detail"]
    for version in (CURRENT, "8.5.1.1000"):
        assert server.get(f"/tc/{version}/{NAME}").headers["1C-Version"] == version
    assert server.get(f"/tc/8.3/{NAME}").headers["1C-Version"] == CURRENT
    assert json.loads(server.get("/tc/index.json").body)["current"] is None


@pytest.mark.parametrize("current, expected", [
    ("newest", "8.5.1.1000"), ("8.3", CURRENT), ("8.5", "8.5.1.1000"), ("8.3.22", CURRENT), (CURRENT, CURRENT)])
def test_current_is_what_the_administrator_says(httpd, shared, current, expected):
    server = httpd(shared["families"], current)
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == expected
    index = json.loads(server.get("/tc/index.json").body)
    assert index["current"] == expected
    assert [entry["version"] for entry in index["releases"] if entry["current"]] == [expected]


def test_a_current_that_is_not_there_is_404_and_never_another_version(httpd, shared):
    server = httpd(shared["plain"], "8.3.23")
    server.allow("CD0106")
    said = problem(server.get(f"/tc/{NAME}"), 404)
    assert "CDistCurrent is 8.3.23" in said["detail"]
    assert server.get(f"/tc/{CURRENT}/{NAME}").status == 200


def test_a_mask_in_the_url_prefers_current_where_it_matches(httpd, shared):
    server = httpd(shared["plain"], OLD)
    assert server.get(f"/tc/8.3.22/{NAME}").headers["1C-Version"] == OLD
    assert server.get(f"/tc/8.3.25/{NAME}").headers["1C-Version"] == NEWEST
    assert server.get("/tc/8.3.22/macOS64tc.zip").headers["1C-Version"] == CURRENT


def test_versions_compare_by_number(httpd, folder):
    for version in ("8.3.9.2033", "8.3.10.2772", "8.3.10.999"):
        releases.add_release(folder / "root", version, size=10_000)
    releases.age(folder / "root")
    assert httpd(folder / "root").get(f"/tc/{NAME}").headers["1C-Version"] == "8.3.10.2772"


def test_releases_of_several_roots_are_one_list(httpd, shared):
    server = httpd([shared["plain"], shared["families"]], "8.3")
    said = problem(server.get(f"/tc/1.2.3.4/{NAME}"), 404)
    assert [entry["version"] for entry in said["available"]] == ["8.5.1.1000", NEWEST, CURRENT, OLD]


@pytest.mark.parametrize("version, expected", [(OLD, OLD), ("8.3.22", CURRENT), ("8_3_22_1704", OLD)])
def test_query_and_header_choose_where_the_path_does_not(httpd, shared, version, expected):
    server = httpd(shared["plain"])
    for answer in (server.get(f"/tc/{NAME}?version={version}"), server.get(f"/tc/{NAME}", {"1C-Version": version})):
        assert answer.status == 200
        assert answer.headers["1C-Version"] == expected
        assert answer.headers["Vary"].replace(" ", "") == "1C-Version,1C-Arch"
    answer = server.get(f"/tc/{CURRENT}/{NAME}?version={OLD}", {"1C-Version": OLD})
    assert answer.headers["1C-Version"] == CURRENT, "the path decides"


def test_query_wins_over_header_and_malformed_ones_are_400(httpd, shared):
    server = httpd(shared["plain"])
    assert server.get(f"/tc/{NAME}?version={OLD}", {"1C-Version": NEWEST}).headers["1C-Version"] == OLD
    for answer in (server.get(f"/tc/{NAME}?version=8.3.22.1750.1"), server.get(f"/tc/{NAME}?version="),
                   server.get(f"/tc/{NAME}", {"1C-Version": "latest"})):
        assert "malformed" in problem(answer, 400)["detail"]
    problem(server.get(f"/tc/{NAME}?version=8.3.22.1"), 404)


def test_a_release_becomes_current_only_with_every_required_slot(httpd, folder):
    root = folder / "root"
    releases.add_release(root, CURRENT, ["windows64", "linux64"])
    releases.add_release(root, NEWEST, ["windows64"])
    releases.age(root)
    server = httpd({"/tc": f'CDistRequire win64 linux64\n  CDistRoot "{root}"\n  CDistCurrent newest'})
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT
    assert server.get(f"/tc/8.3/{NAME}").headers["1C-Version"] == CURRENT
    assert server.get(f"/tc/{NEWEST}/{NAME}").headers["1C-Version"] == NEWEST
    index = json.loads(server.get("/tc/index.json").body)
    assert [(row["version"], row["complete"]) for row in index["releases"]] == [(NEWEST, False), (CURRENT, True)]
    releases.add_release(root, NEWEST, ["linux64"])
    releases.age(root)
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == NEWEST


def test_without_a_complete_release_the_answer_names_what_is_missing(httpd, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistRequire linux-e2k'})
    server.allow("CD0106")
    detail = problem(server.get(f"/tc/{NAME}"), 404)["detail"]
    assert "linux-e2k" in detail and "CDistRequire" in detail


def test_current_follows_the_installed_server(httpd, folder, shared):
    installed = folder / "x86_64"
    for version, program in ((OLD, "ragent"), (CURRENT, "bin/ragent.exe"), (NEWEST, "1cv8c")):
        path = installed / version / program
        path.parent.mkdir(parents=True)
        path.write_bytes(b"program")
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent server "{installed}"'})
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT
    assert json.loads(server.get("/tc/index.json").body)["current"] == CURRENT
    (installed / NEWEST / "ragent").write_bytes(b"program")
    assert server.get(f"/tc/{NAME}").headers["1C-Version"] == NEWEST
    for version in (OLD, CURRENT, NEWEST):
        shutil.rmtree(installed / version)
    server.allow("CD0106")
    assert "ragent" in problem(server.get(f"/tc/{NAME}"), 404)["detail"]
    assert server.get(f"/tc/{OLD}/{NAME}").headers["1C-Version"] == OLD
    installed.rmdir()
    server.allow("CD0119")
    problem(server.get(f"/tc/{NAME}"), 503)


def test_server_folder_that_is_away_is_told_and_never_makes_another_version_current(httpd, folder, shared):
    away = folder / "secret" / "1cv8"
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent server "{away}"'})
    server.allow("CD0101", "CD0119")
    assert f"CDistCurrent server {away}" in server.logged("CD0101")[0]
    for path in ("windows64tc.zip", "8.3/windows64tc.zip", "8.3.25/windows64tc.zip"):
        answer = server.get(f"/tc/{path}")
        assert (answer.status, "secret" in answer.body.decode()) == (503, False), path
    assert server.get(f"/tc/{CURRENT}/windows64tc.zip").status == 200, "an exact version asks for no current one"
    warned = server.wait_logged("CD0119")
    assert f"{away}: cannot be read" in warned[0] and "No such file" in warned[0]
    assert len(warned) <= len(server.children()), "once a minute in each process"
    releases.write_files(away / CURRENT, {"ragent": b"x"})
    assert server.get_until("/tc/8.3/windows64tc.zip").headers["1C-Version"] == CURRENT


# ---- where the path leaves the slot open, and what may say so ------------------------------------------------------------

@pytest.mark.parametrize("path", ["/tc/tc.zip", "/tc/", f"/tc/{CURRENT}/tc.zip", "/tc/8.3.22/TC.zip"])
@pytest.mark.parametrize("query, headers, file", [
    ("arch=linux64", {}, "linux64tc.zip"), ("os=Linux&arch=x86_64", {}, "linux64tc.zip"), ("ARCH=x64", {}, "windows64tc.zip"),
    ("os=linux&arch=x86_64_prt", {}, "linux64tc.zip"),
    ("", {"1C-Arch": "Linux_x86_64"}, "linux64tc.zip"), ("arch=win64", {"1C-Arch": "linux64"}, "windows64tc.zip")])
def test_query_or_header_names_the_slot(httpd, shared, path, query, headers, file):
    answer = httpd(shared["plain"], CURRENT).get(f"{path}?{query}", headers)
    assert answer.status == 200
    assert answer.headers["Content-Location"] == f"/tc/{CURRENT}/{file}"
    assert "1C-Arch" in answer.headers["Vary"]


def test_version_and_slot_by_header_alone(httpd, shared):
    answer = httpd(shared["plain"], CURRENT).get("/tc/tc.zip", {"1C-Version": OLD, "1C-Arch": "win64"})
    assert answer.headers["Content-Location"] == f"/tc/{OLD}/{NAME}"


def test_a_slot_that_is_not_said_or_not_known_is_an_error(httpd, shared):
    server = httpd(shared["plain"])
    assert "arch=" in problem(server.get("/tc/tc.zip"), 404)["detail"]
    for query, headers in (("arch=sparc", {}), ("arch=", {}), ("", {"1C-Arch": "../etc"})):
        assert "malformed" in problem(server.get(f"/tc/tc.zip?{query}", headers), 400)["detail"]
    problem(server.get(f"/tc/sha256/{'0' * 64}/tc.zip?arch=win64"), 404)


def test_the_path_decides_about_the_slot(httpd, shared):
    answer = httpd(shared["plain"]).get(f"/tc/{NAME}?arch=linux64", {"1C-Arch": "linux64"})
    assert answer.headers["Content-Location"].endswith(f"/{NAME}")


def publication(shared, *lines):
    return {"/tc": "\n  ".join((f'CDistRoot "{shared["plain"]}"', f"CDistCurrent {CURRENT}", *lines))}


def test_only_what_is_listed_is_looked_at(httpd, shared):
    server = httpd(publication(shared, "CDistNegotiate path"))
    answer = server.get(f"/tc/{NAME}?version={OLD}", {"1C-Version": OLD})
    assert answer.headers["1C-Version"] == CURRENT and "Vary" not in answer.headers
    problem(server.get("/tc/tc.zip?arch=win64", {"1C-Arch": "win64"}), 404)
    server = httpd(publication(shared, "CDistNegotiate header"))
    answer = server.get(f"/tc/{NAME}?version=nonsense", {"1C-Version": OLD})
    assert answer.headers["1C-Version"] == OLD


def test_the_headers_may_have_other_names(httpd, shared):
    server = httpd(publication(shared, "CDistVersionHeader X-Platform", "CDistArchHeader X-Slot"))
    answer = server.get("/tc/tc.zip", {"X-Platform": OLD, "X-Slot": "win64", "1C-Version": NEWEST})
    assert answer.headers["1C-Version"] == OLD
    assert answer.headers["Vary"].replace(" ", "") == "X-Platform,X-Slot"


@pytest.mark.parametrize("agent, expected", [
    (f"1C+Enterprise/{OLD}", OLD), (f"Mozilla/5.0 (Windows) 1CV8C/{OLD} x", OLD), ("1C+Enterprise/8.3", CURRENT),
    (f"1C:Enterprise/{OLD}; other", OLD), ("1CV8C", CURRENT), (f"X1C/{OLD}", CURRENT), ("1C/8.3.22.1750.1", CURRENT),
    ("1C/", CURRENT), (f"curl/{OLD}", CURRENT)])
def test_the_user_agent_counts_where_it_is_listed(httpd, shared, agent, expected):
    listed = httpd(publication(shared, "CDistNegotiate query header agent")).get(f"/tc/{NAME}", {"User-Agent": agent})
    assert listed.headers["1C-Version"] == expected
    assert "User-Agent" in listed.headers["Vary"]


def test_by_default_the_user_agent_does_not_count(httpd, shared):
    answer = httpd(shared["plain"], CURRENT).get(f"/tc/{NAME}", {"User-Agent": f"1C+Enterprise/{OLD}"})
    assert answer.headers["1C-Version"] == CURRENT
