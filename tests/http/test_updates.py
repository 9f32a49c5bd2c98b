"""{base}/updates/: the list of configuration updates, chains of them, and the files."""
import base64
import hashlib
import json
import os
import stat
import time
import zipfile
from urllib.parse import quote, urljoin

import pytest

import templates
from harness import IS_ROOT, give_to_server, wait_until

LISTED = ["name", "vendor", "version", "version_id", "kind", "file", "member", "url", "bytes", "released", "min_platform",
          "distribution", "sources"]


@pytest.fixture
def tmplts(folder):
    templates.line(folder / "1c" / "Склад", dates=[None, "22.09.2015", None, None])
    return folder / "1c"


@pytest.fixture
def server(httpd, tmplts):
    return httpd({"/tc": f'CDistUpdates "{tmplts}"'})


@pytest.fixture(scope="module")
def still(scratch):
    """Folders that no test changes: files are handed out when they have been still for two seconds."""
    top = scratch / "updates"
    templates.line(top / "1c" / "Склад", dates=[None, "22.09.2015", None, None])
    templates.put(top / "more" / "Склад", "1.0.2", templates.cfu("1.0.2", [("1.0.1", "b1.0.1")], "b1.0.2", vendor="W"))
    templates.put(top / "large", "1.0", templates.cf("1.0") + os.urandom(17 << 20), "1cv8.cf")
    (top / "zip").mkdir()
    with zipfile.ZipFile(top / "zip" / "setup 100%.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1cv8.cfu", templates.cfu("1.0.2", ["1.0.1"]))
    time.sleep(2.1)
    return top


@pytest.fixture
def still_server(httpd, still):
    return httpd({"/tc": f'CDistUpdates "{still / "1c"}"'})


def listed(server, base="/tc"):
    answer = server.get(f"{base}/updates/")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json", answer
    return json.loads(answer.body)["templates"]


def versions(server):
    return [item["version"] for item in listed(server)]


def chain(server, query, status=200):
    answer = server.get(f"/tc/updates/chain?{query}")
    assert answer.status == status, answer
    return json.loads(answer.body)


# ---- the list -------------------------------------------------------------------------------------------------------------

def test_the_list_tells_what_there_is_and_where(still_server, still):
    server, tmplts = still_server, still / "1c"
    items = listed(server)
    assert [item["version"] for item in items] == ["1.0.2", "1.0.3", "1.0.4"]
    assert all(list(item) == LISTED for item in items)
    first = items[0]
    assert (first["name"], first["vendor"], first["kind"]) == (templates.NAME, templates.VENDOR, "cfu")
    assert first["file"] == "Склад/1_0_2/1cv8.cfu" and first["released"] == "2015-09-22"
    assert first["bytes"] == (tmplts / first["file"]).stat().st_size
    assert first["sources"] == [{"name": templates.NAME, "vendor": templates.VENDOR, "version": "1.0.1",
                                 "version_id": templates.guid("b1.0.1")}]
    for item in items:
        assert server.get("/tc/updates/" + item["url"]).body == (tmplts / item["file"]).read_bytes()


def test_the_list_has_a_tag_and_is_not_kept_without_asking(server):
    answer = server.get("/tc/updates/")
    assert answer.headers["Cache-Control"] == "no-cache" and answer.headers["ETag"].startswith('"')
    assert server.get("/tc/updates/", {"If-None-Match": answer.headers["ETag"]}).status == 304


def test_what_changes_in_the_folders_is_seen(server, tmplts):
    assert versions(server) == ["1.0.2", "1.0.3", "1.0.4"]
    templates.put(tmplts / "Склад", "1.0.5", templates.cfu("1.0.5", [("1.0.4", "b1.0.4")], "b1.0.5"))
    wait_until(lambda: versions(server) == ["1.0.2", "1.0.3", "1.0.4", "1.0.5"], "the new release is listed")
    (tmplts / "Склад" / "1_0_3" / "1cv8.cfu").unlink()
    wait_until(lambda: versions(server) == ["1.0.2", "1.0.4", "1.0.5"], "the removed release is not")


def test_nothing_is_written_into_the_folders(server, tmplts):
    if IS_ROOT:
        for path in [tmplts, *tmplts.rglob("*")]:
            give_to_server(path)
    before = sorted(tmplts.rglob("*"))
    assert versions(server) == ["1.0.2", "1.0.3", "1.0.4"]
    assert sorted(tmplts.rglob("*")) == before
    facts = server.store / "facts"
    assert len(list(facts.iterdir())) == 3 and stat.S_IMODE(facts.stat().st_mode) == 0o700


def test_with_a_watchdog_no_request_looks_and_all_processes_agree(httpd, tmplts):
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'}, mpm="prefork", modules=["watchdog"], process="CDistScanInterval 1")
    wait_until(lambda: server.get("/tc/updates/").status == 200, "the first list")
    templates.put(tmplts / "Склад", "1.0.5", templates.cfu("1.0.5", [("1.0.4", "b1.0.4")], "b1.0.5"))
    wait_until(lambda: all("1.0.5" in versions(server) for _ in range(10)), "every process lists the new release")
    assert chain(server, "from=1.0.1")["to"] == "1.0.5"


def test_damaged_and_lying_files_are_logged_once_and_stop_nothing(httpd, tmplts):
    (tmplts / "broken.cfu").write_bytes((tmplts / "Склад" / "1_0_2" / "1cv8.cfu").read_bytes()[:100])
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'})
    server.allowed.add("CD0121")
    for _ in range(5):
        assert versions(server) == ["1.0.2", "1.0.3", "1.0.4"]
    assert len(server.logged("CD0121")) == 1 and "broken.cfu" in server.logged("CD0121")[0]
    assert server.get("/tc/updates/files/broken.cfu").status == 404
    (tmplts / "broken.cfu").unlink()
    wait_until(lambda: versions(server) and server.logged("CD0122"), "it is mended")


def test_a_folder_that_cannot_be_read_is_503_and_the_other_one_s_files_are_served(httpd, still, folder):
    server = httpd({"/tc": f'CDistUpdates "{still / "1c"}" "{folder / "away"}"'})
    server.allowed.update(["CD0101", "CD0121"])
    answer = server.get("/tc/updates/")
    assert answer.status == 503 and answer.headers["Retry-After"] and str(folder).encode() not in answer.body
    assert server.get("/tc/updates/chain?from=1.0.1").status == 503
    assert server.get("/tc/updates/files/" + quote("Склад/1_0_2/1cv8.cfu")).status == 200
    assert server.get("/tc/updates/files/other.cfu").status == 503
    (folder / "away").mkdir()
    assert server.get_until("/tc/updates/").status == 200


def test_the_address_of_the_list_without_its_slash_leads_there(server, httpd, shared):
    for method in ("GET", "HEAD"):
        answer = server.get("/tc/updates", method=method)
        assert answer.status == 301 and urljoin("http://h/tc/updates", answer.headers["Location"]) == "http://h/tc/updates/"
    assert httpd(shared["plain"]).get("/tc/updates").status == 404


def test_the_page_for_people_leads_to_the_list(httpd, tmplts, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistUpdates "{tmplts}"', "/none": f'CDistRoot "{shared["plain"]}"',
                    "/alone": f'CDistUpdates "{tmplts}"'})
    for base, links in (("/tc", True), ("/none", False), ("/alone", True)):
        answer = server.get(base + "/", {"Accept": "text/html"})
        assert answer.status == 200 and (b'href="updates/"' in answer.body) == links, base
        assert "updates" not in json.loads(server.get("/tc/index.json").body)
    assert "Обновления конфигураций" in server.get("/tc/", {"Accept": "text/html", "Accept-Language": "ru"}).body.decode()


def test_what_is_wrong_in_the_folders_is_told_without_their_place(httpd, tmplts, folder):
    (tmplts / "broken.cfu").write_bytes(b"x" * 100)
    if IS_ROOT:
        (tmplts / "closed").mkdir(mode=0o700)
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'})
    server.allow("CD0121")
    answer = server.get("/tc/updates/")
    told = json.loads(answer.body)
    assert [one["file"] for one in told["wrong"]] == ["broken.cfu"] + ["closed"] * IS_ROOT and told["problems"] == len(told["wrong"])
    assert all(one["message"] for one in told["wrong"]) and str(folder).encode() not in answer.body


# ---- chains ---------------------------------------------------------------------------------------------------------------

def test_a_chain_is_that_of_the_command_line_with_addresses(still_server):
    server = still_server
    answer = chain(server, "from=1.0.1")
    assert [step["version"] for step in answer["steps"]] == ["1.0.2", "1.0.4"]
    assert (answer["name"], answer["from"], answer["to"], answer["strategy"]) == (templates.NAME, "1.0.1", "1.0.4", "shortest")
    for step in answer["steps"]:
        got = server.get("/tc/updates/" + step["url"])
        assert got.status == 200 and len(got.body) == step["bytes"]
    query = f"name={quote(templates.NAME)}&vendor={quote(templates.VENDOR)}&from=1.0.1&strategy=sequential&to=1.0.3"
    assert [step["version"] for step in chain(server, query)["steps"]] == ["1.0.2", "1.0.3"]


def test_arguments_are_the_options_of_the_command_line(server):
    for query, expected in (
            ("from=1.0.1&min_age=30", ["1.0.2"]), ("from=1.0.1&min-age=30&undated=allow", ["1.0.2", "1.0.4"]),
            ("from=1.0.2&from_id=" + templates.guid("b1.0.2"), ["1.0.4"]), ("from=1.0.4", []), ("from=1.0.4&use_cf=1&to=1.0.4", [])):
        assert [step["version"] for step in chain(server, query)["steps"]] == expected, query


def test_a_cf_is_taken_where_it_is_asked_for(httpd, tmplts):
    templates.put(tmplts, "2.0", templates.cf("2.0"), "1cv8.cf")
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'})
    assert "a .cf of 2.0 is here" in chain(server, "from=1.0.1", 404)["detail"]
    for word in ("1", "on", "true", "yes"):
        assert [step["kind"] for step in chain(server, f"from=1.0.1&use_cf={word}")["steps"]] == ["cf"]
    assert chain(server, "from=1.0.1&to=1.0.4&use-cf=0")["steps"][-1]["kind"] == "cfu"


def test_chains_of_all_questions_at_once_are_those_of_one_at_a_time_and_follow_the_folder(server, tmplts):
    queries = [f"from=1.0.{start}{more}" for start in (1, 2, 3, 9) for more in ("", "&strategy=sequential", "&to=1.0.3", "&use_cf=1")]
    paths = [f"/tc/updates/chain?{query}" for query in queries]
    alone = [server.get(path) for path in paths]
    for answer, before in zip(server.get_many(paths * 3), alone * 3):
        assert (answer.status, answer.body) == (before.status, before.body)
    templates.put(tmplts / "Склад", "1.0.5", templates.cfu("1.0.5", [("1.0.4", "b1.0.4")], "b1.0.5"))
    wait_until(lambda: chain(server, "from=1.0.1")["to"] == "1.0.5", "the chain leads to the new release")


def test_without_a_chain_it_is_404_and_says_why(server, tmplts):
    (tmplts / "Склад" / "1_0_2" / "1cv8.cfu").unlink()
    wait_until(lambda: versions(server) == ["1.0.3", "1.0.4"], "the removed release is not listed")
    problem = chain(server, "from=1.0.1", 404)
    assert problem["status"] == 404 and "the update to 1.0.2 is missing" in problem["detail"]
    assert chain(server, "from=1.0.1&name=x", 404) and chain(server, "from=1.0.1&vendor=x", 404)


def test_malformed_arguments_are_400(server):
    for query in ("", "from=", "from=1&strategy=best", "from=1&min_age=x", "from=1&min_age=-1", "from=1&undated=x",
                  "from=1&use_cf=maybe", "from=1&from_id=zzz", "from=1&from_id=", "from=1&scan=fast", "from=1&name=%zz", "from=1&to="):
        answer = server.get(f"/tc/updates/chain?{query}")
        assert answer.status == 400 and answer.headers["Content-Type"] == "application/problem+json", query


def test_arguments_that_are_unknown_or_repeated_are_400_and_named(server):
    for query, said in (("from=1.0.1&minage=30", "minage"), ("from=1.0.1&from=1.0.2", "from is there twice"),
                        ("from=1.0.1&min_age=1&min-age=2", "min_age is there twice"), ("from=1.0.1&to", "to has no value")):
        assert said in chain(server, query, 400)["detail"], query
    assert "36500" in chain(server, "from=1.0.1&min_age=40000", 400)["detail"]
    assert chain(server, "from=1.0.1&use-cf") and chain(server, "from=1.0.1&use_cf&to=1.0.4")


def test_several_configurations_or_vendors_must_be_told_apart(httpd, tmplts):
    templates.put(tmplts, "7.0", templates.cfu("7.0", ["6.0"], vendor="Another"))
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'})
    assert "Another" in chain(server, "from=6.0", 400)["detail"]
    assert "Another" in chain(server, f"from=6.0&name={quote(templates.NAME)}", 400)["detail"]
    assert len(chain(server, f"from=6.0&name={quote(templates.NAME)}&vendor=Another")["steps"]) == 1


# ---- files ----------------------------------------------------------------------------------------------------------------

FILE = "/tc/updates/files/" + quote("Склад/1_0_2/1cv8.cfu")


def test_a_file_has_a_strong_tag_a_digest_and_ranges(still_server, still):
    server = still_server
    content = (still / "1c" / "Склад" / "1_0_2" / "1cv8.cfu").read_bytes()
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(content).digest()).decode() + ":"
    whole = server.get(FILE)
    assert whole.status == 200 and whole.body == content and whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["ETag"].startswith('"') and whole.headers["Repr-Digest"] == digest
    assert whole.headers["Content-Disposition"] == "attachment; filename*=UTF-8''1cv8.cfu"
    part = server.get(FILE, {"Range": "bytes=10-19", "If-Range": whole.headers["ETag"]})
    assert part.status == 206 and part.body == content[10:20] and part.headers["Repr-Digest"] == digest
    assert server.get(FILE, {"If-None-Match": whole.headers["ETag"]}).status == 304
    head = server.get(FILE, method="HEAD")
    assert (head.status, head.headers["Content-Length"], head.headers["ETag"]) == (200, str(len(content)), whole.headers["ETag"])


def test_a_file_that_is_replaced_has_another_tag_and_no_range_mixes_them(server, tmplts):
    before = server.get(FILE, method="HEAD")
    place = tmplts / "Склад" / "1_0_2" / "1cv8.cfu"
    place.write_bytes(templates.cfu("1.0.2", [("1.0.1", "b1.0.1")], "another"))
    after = server.get(FILE, {"Range": "bytes=10-19", "If-Range": before.headers["ETag"]})
    assert after.status == 200 and after.body == place.read_bytes() and after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["Repr-Digest"] != before.headers["Repr-Digest"]


def test_the_digest_of_a_large_file_is_read_in_the_background(httpd, still):
    content = (still / "large" / "1_0" / "1cv8.cf").read_bytes()
    server = httpd({"/tc": f'CDistUpdates "{still / "large"}"'})
    url = "/tc/updates/files/1_0/1cv8.cf"
    assert server.get(url, method="HEAD").status == 200
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(content).digest()).decode() + ":"
    wait_until(lambda: server.get(url, method="HEAD").headers["Repr-Digest"] == digest, "the digest is known")


def test_nothing_else_is_handed_out(server):
    assert versions(server)
    for path in ("files/", "files/none.cfu", "files/../1_0_2/1cv8.cfu", "files/%2e%2e/httpd.conf", "files//etc/passwd", "other",
                 "files/" + quote("Склад/1_0_2/UpdInfo.txt"), "files/" + quote("Склад/1_0_2/.1cv8.cfu.1cdist"), "chain/",
                 "files/" + quote("Склад"), "files/" + "x/" * 1000, "x/" * 300):
        assert server.get("/tc/updates/" + path).status in (400, 404), path[:100]


def test_no_link_is_followed(httpd, tmplts, folder):
    (folder / "secret.cfu").write_bytes((tmplts / "Склад" / "1_0_2" / "1cv8.cfu").read_bytes())
    (tmplts / "link.cfu").symlink_to(folder / "secret.cfu")
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'})
    server.allowed.add("CD0121")
    assert len(listed(server)) == 3 and server.get("/tc/updates/files/link.cfu").status == 404
    place = tmplts / "Склад" / "1_0_2" / "1cv8.cfu"
    place.rename(folder / "moved.cfu")
    place.symlink_to(folder / "moved.cfu")
    assert server.get(FILE).status in (404, 503)


def test_a_file_that_is_still_being_copied_is_503(httpd, tmplts):
    server = httpd({"/tc": f'CDistUpdates "{tmplts}"'}, process="CDistSettle 60")
    assert versions(server)
    answer = server.get(FILE)
    assert answer.status == 503 and answer.headers["Retry-After"]


def test_two_folders_may_have_files_of_one_path(httpd, still):
    tmplts, more = still / "1c", still / "more"
    server = httpd({"/tc": f'CDistUpdates "{tmplts}" "{more}"'})
    same = {item["vendor"]: item for item in listed(server) if item["version"] == "1.0.2"}
    assert same["W"]["file"] == "~2/Склад/1_0_2/1cv8.cfu" and same[templates.VENDOR]["file"] == "Склад/1_0_2/1cv8.cfu"
    for item, place in ((same["W"], more), (same[templates.VENDOR], tmplts)):
        assert server.get("/tc/updates/" + item["url"]).body == (place / "Склад" / "1_0_2" / "1cv8.cfu").read_bytes()


def test_a_delivery_is_handed_out_as_it_lies(httpd, still):
    server = httpd({"/tc": f'CDistUpdates "{still / "zip"}"'})
    item, = listed(server)
    assert (item["file"], item["member"], item["url"]) == ("setup 100%.zip", "1cv8.cfu", "files/setup%20100%25.zip")
    answer = server.get("/tc/updates/" + item["url"])
    assert answer.body == (still / "zip" / "setup 100%.zip").read_bytes()
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''setup%20100%25.zip"


# ---- configuration --------------------------------------------------------------------------------------------------------

def test_without_the_directive_there_is_nothing(httpd, shared):
    server = httpd(shared["plain"])
    for path in ("updates/", "updates/chain?from=1", "updates/files/x"):
        answer = server.get("/tc/" + path)
        assert answer.status == 404 and b"CDistUpdates is not set" in answer.body
    assert server.get("/tc/updates").status == 404


def test_a_machine_that_hands_nothing_out_hands_no_updates_out(httpd, still):
    server = httpd({"/tc": f'CDistUpdates "{still / "1c"}"\n  CDistPublish Off'})
    for path in ("updates/", "updates/chain?from=1.0.1", "updates/files/" + quote("Склад/1_0_2/1cv8.cfu")):
        assert server.get("/tc/" + path).status == 403


def test_a_store_that_was_emptied_or_a_restart_change_no_answer(server):
    before = server.get("/tc/updates/").body
    server.restart()
    assert server.get("/tc/updates/").body == before
    for path in [*(server.store / "notes").iterdir(), *(server.store / "facts").iterdir()]:
        path.unlink()
    assert server.get("/tc/updates/").body == before


def test_clients_in_crowds_get_one_answer(still_server):
    answers = still_server.get_many(["/tc/updates/", FILE, "/tc/updates/chain?from=1.0.1"] * 20)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 3
