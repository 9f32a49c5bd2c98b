"""index.json and manifests: what branches and scripts read."""
import hashlib
import json
import struct
import zipfile
from io import BytesIO

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD

WINDOWS64 = f"/tc/{CURRENT}/windows64tc.zip"


def index_of(server):
    answer = server.get("/tc/index.json")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    return answer, json.loads(answer.body)


def slot_of(index, version, slot):
    release = next(entry for entry in index["releases"] if entry["version"] == version)
    return next(entry for entry in release["slots"] if entry["slot"] == slot)


def test_index_lists_all_releases_and_their_slots(httpd, shared):
    _, index = index_of(httpd(shared["plain"]))
    assert (index["current"], index["problems"]) == (NEWEST, 0)
    assert [entry["version"] for entry in index["releases"]] == [NEWEST, CURRENT, OLD]
    assert [entry["current"] for entry in index["releases"]] == [True, False, False]
    slots = {entry["version"]: [slot["slot"] for slot in entry["slots"]] for entry in index["releases"]}
    assert slots[CURRENT] == ["windows32", "windows64", "linux64", "macos64"]
    entry = slot_of(index, CURRENT, "windows64")
    files = releases.distribution_files(CURRENT, "windows64")
    assert (entry["files"], entry["bytes"]) == (len(files), sum(map(len, files.values())))
    assert (entry["source"], entry["installable"], entry["built"]) == ("distribution", True, False)


def test_urls_in_the_index_lead_to_the_archives(httpd, shared):
    server = httpd(shared["plain"])
    _, index = index_of(server)
    for release in index["releases"]:
        for slot in release["slots"]:
            answer = server.get("/tc/" + slot["url"])
            assert (answer.status, answer.headers["1C-Version"]) == (200, release["version"])
            assert slot["file"] in answer.headers["Content-Disposition"]


def test_index_changes_its_tag_when_a_build_ends(httpd, shared):
    server = httpd(shared["plain"])
    before, _ = index_of(server)
    assert server.get("/tc/index.json", {"If-None-Match": before.headers["ETag"]}).status == 304
    body = server.get(WINDOWS64).body
    after, index = index_of(server)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert server.get("/tc/index.json", {"If-None-Match": before.headers["ETag"]}).status == 200
    entry = slot_of(index, CURRENT, "windows64")
    assert entry["built"] is True
    assert entry["archive_bytes"] == len(body)
    assert entry["sha256"] == hashlib.sha256(body).hexdigest()
    assert slot_of(index, CURRENT, "linux64")["built"] is False


def test_index_never_builds(httpd, shared):
    server = httpd(shared["plain"])
    for _ in range(3):
        index_of(server)
    assert not server.archives() and not server.logged("CD0013")


def test_index_of_two_servers_is_the_same(httpd, shared):
    one, other = httpd(shared["plain"]), httpd(shared["plain"], mpm="prefork")
    assert index_of(one)[0].headers["ETag"] == index_of(other)[0].headers["ETag"]


def test_index_tells_a_ready_archive(httpd, shared):
    assert slot_of(index_of(httpd(shared["ready"]))[1], CURRENT, "windows64")["source"] == "ready"


def test_index_lists_archives_that_lie_in_the_published_folder_by_hand(httpd, shared, folder):
    server = httpd(shared["plain"])
    assert index_of(server)[1]["by_hand"] == []
    bodies = {name: releases.add_ready(server.published("/tc") / name, name)
              for name in ("windows64tc.zip", "win 64.zip", "linux-e2k.zip")}
    releases.add_ready(folder / "away.zip", "linked")
    (server.published("/tc") / "linux32tc.zip").symlink_to(folder / "away.zip")
    releases.add_ready(server.published("/tc") / "other.zip", "no slot")
    releases.age(server.published("/tc"))
    _, index = index_of(server)
    assert [(row["slot"], row["url"], row["source"], row["built"]) for row in index["by_hand"]] == [
        ("windows64", "win%2064.zip", "ready", False), ("windows64", "windows64tc.zip", "ready", False),
        ("linux32", "linux32tc.zip", "ready", False), ("linux-e2k", "linux-e2k.zip", "ready", False)]
    for name, body in bodies.items():
        assert server.get("/tc/" + name.replace(" ", "%20")).body == body
    rows = {row["url"]: row for row in index_of(server)[1]["by_hand"]}
    row = rows["windows64tc.zip"]
    body = bodies["windows64tc.zip"]
    assert (row["built"], row["archive_bytes"], row["sha256"]) == (True, len(body), hashlib.sha256(body).hexdigest())
    assert set(row) == set(slot_of(index, CURRENT, "windows64")) | {"archive_bytes", "sha256"}
    assert json.loads(server.get("/tc/", {"Accept": "application/json"}).body)["by_hand"] == list(rows.values())


def test_index_lists_no_link_that_is_not_served(httpd, shared, folder):
    releases.add_ready(folder / "away.zip", "linked")
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  Options -FollowSymLinks'})
    (server.published("/tc") / "windows64tc.zip").symlink_to(folder / "away.zip")
    releases.age(folder)
    assert index_of(server)[1]["by_hand"] == []


def test_index_tells_how_much_cannot_be_offered(httpd, folder):
    release = releases.add_release(folder / "root", CURRENT)
    (release / "linux64").symlink_to(folder / "root")
    (release / "distr").symlink_to(folder / "root")
    releases.age(folder / "root")
    server = httpd(folder / "root")
    server.allow("CD0020")
    _, index = index_of(server)
    assert (index["problems"], index["current"]) == (2, CURRENT)
    assert [row["slot"] for row in index["releases"][0]["slots"]] == ["windows64"]
    assert b"cannot be offered" in server.get("/tc/").body
    assert all("is a symbolic link" in line for line in server.wait_logged("CD0020", 2))
    assert server.get(f"/tc/{CURRENT}/linux64tc.zip").status == 503


def test_index_reveals_no_place_on_the_server(httpd, shared, scratch):
    assert str(scratch).encode() not in index_of(httpd(shared["plain"]))[0].body


def test_base_url_lists_the_releases(httpd, shared):
    server = httpd(shared["plain"])
    for url in ("/tc/", "/tc"):
        answer = server.get(url)
        assert answer.status in (200, 301), url
    assert CURRENT.encode() in server.get("/tc/").body


@pytest.mark.parametrize("which", ["plain", "ready"])
def test_manifest_agrees_with_the_archive(httpd, shared, which):
    server = httpd(shared[which])
    body = server.get(WINDOWS64).body
    answer = server.get(WINDOWS64 + ".manifest")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    manifest = json.loads(answer.body)
    assert manifest["format"] == 1
    assert manifest["archive"] == {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    with zipfile.ZipFile(BytesIO(body)) as archive:
        by_name = {info.filename: info for info in archive.infolist()}
        names = [entry["name"] for entry in manifest["entries"]]
        assert sorted(names) == sorted(by_name)
        assert names == (sorted(by_name, key=str.encode) if which == "plain" else list(by_name))
        for entry in manifest["entries"]:
            info = by_name[entry["name"]]
            assert (entry["bytes"], entry["packed_bytes"], entry["offset"]) == \
                (info.file_size, info.compress_size, info.header_offset)
            assert entry["method"] == {zipfile.ZIP_STORED: "store", zipfile.ZIP_DEFLATED: "deflate"}[info.compress_type]
            assert int(entry["crc32"], 16) == info.CRC and len(entry["crc32"]) == 8
            assert entry["sha256"] == hashlib.sha256(archive.read(info)).hexdigest()
            begin = entry["offset"] + 30 + sum(struct.unpack_from("<HH", body, entry["offset"] + 26))
            packed = body[begin:begin + entry["packed_bytes"]]
            assert entry["packed_sha256"] == hashlib.sha256(packed).hexdigest()


def test_manifest_comes_for_every_form_of_url(httpd, shared):
    server = httpd(shared["plain"])
    first = server.get(WINDOWS64 + ".manifest")
    digest = json.loads(first.body)["archive"]["sha256"]
    for url in ("/tc/8.3.22/windows64tc.zip.manifest", f"/tc/sha256/{digest}/windows64tc.zip.manifest"):
        assert server.get(url).body == first.body
    assert first.headers["ETag"].strip('"').startswith(digest[:32])
    assert first.headers["ETag"] != server.get(WINDOWS64).headers["ETag"]
    assert first.headers["Content-Location"] == WINDOWS64 + ".manifest"


def test_archive_has_the_constant_parts_of_the_format(httpd, shared):
    body = httpd(shared["plain"]).get(f"/tc/{CURRENT}/linux64tc.zip").body
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.comment == b""
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.flag_bits & 0x0808 == 0x0800, "names in UTF-8, no data descriptor"
            assert info.extra == b""
            mode = 0o755 if info.filename.endswith(".run") else 0o644
            assert info.external_attr >> 16 == 0o100000 | mode
