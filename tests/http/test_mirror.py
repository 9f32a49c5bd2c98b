"""publish, sync and key: a centre, a branch, and what goes over the wire between them."""
import base64
import hashlib
import io
import json
import os
import pty
import re
import shutil
import stat
import struct
import subprocess
import zipfile

import pytest

import releases
from mirror import FILE, NEW, OLD, Upstream, locked, publish, refused, rows, run, served, sync


def index_of(folder):
    return json.loads((folder / "index.json").read_text())


# ---- publish -----------------------------------------------------------------------------------------------------------

def test_a_publication_holds_what_a_plain_web_server_needs(centre):
    index = index_of(centre.second)
    assert (index["format"], index["counter"]) == (1, 2)
    assert [release["version"] for release in index["releases"]] == [NEW, OLD]
    for release in index["releases"]:
        assert release["complete"] and release["required"] == ["windows64", "modules"]
        for slot in release["slots"]:
            archive = (centre.second / slot["url"]).read_bytes()
            manifest = (centre.second / (slot["url"] + ".manifest")).read_bytes()
            assert len(archive) == slot["archive_bytes"] and hashlib.sha256(archive).hexdigest() == slot["sha256"]
            assert len(manifest) == slot["manifest_bytes"] and hashlib.sha256(manifest).hexdigest() == slot["manifest_sha256"]


def test_published_archives_have_the_bytes_of_a_build(centre, folder):
    done = run("build", centre.root, "--version", NEW, "--slot", "windows64", "-o", folder / "built.zip")
    assert done.returncode == 0, done.stderr
    assert (folder / "built.zip").read_bytes() == centre.archive


def test_what_did_not_change_is_not_published_again(centre, folder):
    first = publish(centre.root, folder / "pub")
    before = {path: path.stat().st_mtime_ns for path in (folder / "pub").rglob("*.*") if path.is_file()}
    again = publish(centre.root, folder / "pub")
    assert first["changed"] and not again["changed"] and not again["written"] and again["counter"] == first["counter"] == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_index_that_grows_old_is_renewed_without_counting(centre, folder):
    first = publish(centre.root, folder / "pub", "--expires", "2")
    again = publish(centre.root, folder / "pub", "--expires", "30")
    assert (again["changed"], again["written"], again["counter"]) == (False, True, 1)
    assert again["expires"] > first["expires"]


def test_an_index_that_a_wrong_clock_made_tomorrow_is_renewed_without_counting(centre, folder):
    first = publish(centre.root, folder / "pub")
    path = folder / "pub" / "index.json"
    path.write_text(re.sub('"(created|expires)": "20', r'"\1": "21', path.read_text()))
    with Upstream(folder / "pub") as upstream:
        assert "the centre, which then publishes again" in refused(upstream.url, folder / "branch")
        again = publish(centre.root, folder / "pub")
        assert (again["changed"], again["written"], again["counter"]) == (False, True, 1)
        assert first["expires"][:2] == again["expires"][:2] == "20"
        sync(upstream.url, folder / "branch")


def test_a_release_without_what_is_required_is_not_published(centre, folder):
    done = run("publish", centre.root, "--index", folder / "index.json", "--require", "linux64")
    assert done.returncode == 3 and not (folder / "index.json").exists()
    assert f"release {OLD} is left out: it has no linux64" in done.stderr


def test_what_is_required_of_a_release_must_be_published(centre, folder):
    index = folder / "index.json"
    done = run("publish", centre.root, "--index", index, "--require", "windows64", "--component", "modules")
    assert done.returncode == 2 and "--require windows64" in done.stderr and not index.exists()
    done = run("publish", centre.root, "--index", index, "--require", "win64", "--component", "modules", "--component", "windows64")
    assert done.returncode == 0, done.stderr


def test_the_counter_is_never_lost_with_a_damaged_index(centre, folder):
    (folder / "index.json").write_text('{"format": 1, "counter": ')
    done = run("publish", centre.root, "--index", folder / "index.json")
    assert done.returncode == 1 and "--counter" in done.stderr
    (folder / "index.json").unlink()
    assert publish(centre.root, folder, "--counter", "41", "--component", "modules")["counter"] == 41
    assert [slot["slot"] for slot in index_of(folder)["releases"][0]["slots"]] == ["modules"]


def test_a_root_is_no_place_for_built_archives(centre):
    done = run("publish", centre.root, "--index", centre.root / "index.json")
    assert done.returncode == 1 and "--archives" in done.stderr
    assert not (centre.root / OLD / FILE).exists()


def test_ready_archives_are_published_where_they_lie_or_copied(folder):
    ready = releases.add_ready(folder / "root" / OLD / "distr" / FILE, "ready")
    publish(folder / "root", folder / "pub")
    publish(folder / "root", folder / "root")
    assert index_of(folder / "root")["releases"][0]["slots"][0]["url"] == f"{OLD}/distr/{FILE}"
    copy = folder / "pub" / OLD / FILE
    assert copy.read_bytes() == ready and copy.stat().st_nlink == 1
    with Upstream(folder / "root") as one, Upstream(folder / "pub") as other:
        for upstream in (one, other):
            branch = folder / f"branch{upstream.server.server_port}"
            sync(upstream.url, branch)
            assert served(branch) == {f"{OLD}/distr/{FILE}": ready}


# ---- keys --------------------------------------------------------------------------------------------------------------

def test_a_private_key_is_for_its_owner_and_never_overwritten(folder):
    told = rows(run("key", "new", folder / "key", "--json"))
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "key.pub").stat().st_mode) == 0o644
    assert len(told[0]["key"]) == 16
    before = (folder / "key").read_bytes()
    assert run("key", "new", folder / "key").returncode == 1
    (folder / "key").rename(folder / "moved")
    assert run("key", "new", folder / "key").returncode == 1
    assert (folder / "moved").read_bytes() == before and not (folder / "key").exists()


def test_openssl_verifies_what_key_signs(folder):
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing")
    run("key", "new", folder / "key")
    (folder / "text").write_bytes(b"some bytes\n")
    assert run("key", "sign", "--key", folder / "key", folder / "text").returncode == 0
    head, line = (folder / "text.sig").read_text().splitlines()
    assert head == "1cdist-signature 1"
    (folder / "raw").write_bytes(base64.b64decode(line.split()[1]))
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", folder / "key.pub", "-rawin", "-in",
                           folder / "text", "-sigfile", folder / "raw"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("damage", ["text", "signature", "key", "nothing"])
def test_only_the_very_bytes_and_key_verify(folder, damage):
    run("key", "new", folder / "key", folder / "other")
    (folder / "text").write_bytes(b"some bytes\n")
    run("key", "sign", "--key", folder / "key", folder / "text")
    if damage == "text":
        (folder / "text").write_bytes(b"some bytes\r\n")
    elif damage == "signature":
        text = (folder / "text.sig").read_text()
        (folder / "text.sig").write_text(text[:50] + ("A" if text[50] != "A" else "B") + text[51:])
    key = folder / ("other.pub" if damage == "key" else "key.pub")
    assert run("key", "verify", "--key", key, folder / "text").returncode == (0 if damage == "nothing" else 1)


# ---- sync ----------------------------------------------------------------------------------------------------------------

def test_an_empty_root_becomes_whole(centre, folder):
    with Upstream(centre.second) as upstream:
        archives, summary = sync(upstream.url, folder / "branch", "--key", centre.public)
    assert served(folder / "branch") == centre.whole
    assert {row["action"] for row in archives} == {"taken"} and summary["releases"] == 2 and summary["signed"]
    for path in (folder / "branch" / NEW).rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)
    scanned = rows(run("scan", "--json", folder / "branch"))
    assert {(row["version"], row["slot"]) for row in scanned} == {(OLD, "windows64"), (NEW, "windows64")}


def test_files_are_for_everybody_whatever_the_umask(centre, folder):
    with Upstream(centre.first) as upstream:
        old = os.umask(0o077)
        try:
            sync(upstream.url, folder / "branch")
        finally:
            os.umask(old)
    for path in (folder / "branch" / OLD, folder / "branch" / OLD / "distr"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "branch" / OLD / "distr" / FILE).stat().st_mode) == 0o644


def test_an_unchanged_index_costs_one_request(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.first) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
        upstream.requests.clear()
        _, summary = sync(upstream.url, branch, "--key", centre.public)
        assert [path for path, _ in upstream.requests] == ["/index.json"]
    assert summary["unchanged"] and summary["signed"] and summary["requests"] == 1 and summary["archives"] == 0


def test_of_an_upgrade_only_what_is_new_crosses_the_wire(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second) as upstream:
        archives, summary = sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole
    wire = upstream.sent + sum(len(path) + sum(len(name) + len(value) + 4 for name, value in headers.items())
                               for path, headers in upstream.requests)
    assert wire <= 0.07 * len(centre.archive), f"{wire} of {len(centre.archive)} bytes"
    taken = next(row for row in archives if row["version"] == NEW and row["slot"] == "windows64")
    assert taken["fetched_bytes"] + taken["reused_bytes"] >= taken["bytes"] and summary["wire_bytes"] <= wire


def test_check_tells_what_would_be_fetched_and_takes_nothing(centre, folder):
    branch = centre.branch(folder / "branch")
    before = served(branch)
    with Upstream(centre.second) as upstream:
        archives, _ = sync(upstream.url, branch, "--check", "--key", centre.public)
        assert not [path for path, _ in upstream.requests if path.endswith(".zip")] and served(branch) == before
        wanted = {(row["version"], row["slot"]): row for row in archives if row["action"] == "wanted"}
        taken, _ = sync(upstream.url, branch, "--key", centre.public)
    assert set(wanted) == {(NEW, "windows64"), (NEW, "modules")}
    for row in taken:
        if row["action"] == "taken":
            assert wanted[row["version"], row["slot"]]["fetched_bytes"] == row["fetched_bytes"]


def test_any_listed_release_and_component_can_be_taken(centre, folder):
    with Upstream(centre.second) as upstream:
        sync(upstream.url, folder / "branch", "--version", OLD, "--component", "windows64")
        assert list(served(folder / "branch")) == [f"{OLD}/distr/{FILE}"]
        sync(upstream.url, folder / "branch", "--version", OLD)
        assert sorted(served(folder / "branch")) == [f"{OLD}/distr/modules.zip", f"{OLD}/distr/{FILE}"]


def test_what_nobody_offers_is_exit_status_3(centre, folder):
    with Upstream(centre.second) as upstream:
        for args in (["--version", "8.5"], ["--component", "linux64"]):
            done = run("sync", "--from", upstream.url, "--to", folder / "branch", *args)
            assert done.returncode == 3 and served(folder / "branch") == {}, done.stderr


def test_a_held_release_is_left_alone_until_it_is_released(centre, folder):
    branch = folder / "branch"
    assert run("sync", "--to", branch, "--hold", NEW).returncode == 0
    with Upstream(centre.second) as upstream:
        _, summary = sync(upstream.url, branch)
        assert summary["held"] == 1 and not (branch / NEW).exists() and (branch / OLD).exists()
        assert run("sync", "--to", branch, "--release-hold", NEW).returncode == 0
        sync(upstream.url, branch)
    assert served(branch) == centre.whole


def test_a_root_that_lost_everything_but_archives_fetches_none(centre, folder):
    """Archives are recognised by their content, wherever they lie."""
    (folder / "branch" / "saved").mkdir(parents=True)
    for number, content in enumerate(centre.whole.values()):
        (folder / "branch" / "saved" / f"{number}.zip").write_bytes(content)
    with Upstream(centre.second) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
        assert not [path for path, _ in upstream.requests if path.endswith(".zip")]
    found = served(folder / "branch")
    assert {name: found[name] for name in centre.whole} == centre.whole


def test_a_damaged_archive_is_made_whole_again(centre, folder):
    branch = centre.branch(folder / "branch")
    path = branch / OLD / "distr" / FILE
    content = path.read_bytes()
    path.write_bytes(content[:2_000_000] + b"?" + content[2_000_001:])
    with Upstream(centre.first) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    assert path.read_bytes() == content


def test_a_key_file_that_is_not_there_is_a_failure(centre, folder):
    assert run("publish", centre.root, "--index", folder / "index.json", "--key", folder / "none").returncode == 1
    with Upstream(centre.first) as upstream:
        for option in ("--key", "--user-file"):
            assert run("sync", "--from", upstream.url, "--to", folder / "branch", option, folder / "none").returncode == 1
        assert not upstream.requests


def test_a_key_counts_for_what_was_kept_without_one(centre, folder):
    with Upstream(centre.first) as upstream:
        _, first = sync(upstream.url, folder / "branch")
        _, second = sync(upstream.url, folder / "branch", "--key", centre.public)
        refused = run("sync", "--from", upstream.url, "--to", folder / "branch", "--key", centre.other_public)
    assert (first["signed"], second["signed"], second["unchanged"], refused.returncode) == (False, True, False, 1)


def test_on_a_terminal_progress_is_shown(centre, folder):
    ours, theirs = pty.openpty()
    with Upstream(centre.first) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", capture_output=False, stdout=subprocess.PIPE,
                   stderr=theirs)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0 and "50 %" in shown and "%" not in done.stdout


def test_two_syncs_of_one_root_are_one_too_many(centre, folder):
    with locked(folder / "branch"), Upstream(centre.first) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch")
        assert done.returncode == 1 and "another sync" in done.stderr and not upstream.requests


def test_a_rate_below_the_floor_is_no_way_to_get_anything(folder):
    for args, floor in ((["--rate", "500"], "1024"), (["--rate", "1M", "--floor", "2M"], "2097152")):
        done = run("sync", "--from", "http://127.0.0.1:1", "--to", folder / "branch", *args)
        assert done.returncode == 2 and "--rate" in done.stderr and f"--floor of {floor} bytes" in done.stderr
    assert not (folder / "branch").exists()


# ---- archives of other makers ------------------------------------------------------------------------------------------------

class Forward(io.RawIOBase):
    """Cannot seek, so that zipfile writes data descriptors."""

    def __init__(self, out):
        super().__init__()
        self.out = out

    def writable(self):
        return True

    def write(self, data):
        return self.out.write(data)


def pack_by_hand(path, version, extra, streamed):
    """A ready archive of 20 files, one of which is of its version alone; with fields that other packers write."""
    path.parent.mkdir(parents=True)
    with open(path, "wb") as out, zipfile.ZipFile(Forward(out) if streamed else out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            info = zipfile.ZipInfo(f"{number:02}.bin", (2026, 1, 1, 0, 0, 0))
            info.extra = struct.pack("<HHI", 0x7855, 4, number) * extra
            info.compress_type = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            archive.writestr(info, releases.binary(f"{number} {version if number == 7 else ''}", 100_000))


def test_archives_of_any_maker_are_put_together_out_of_what_is_here(folder):
    roots = {folder / "extra": (3, False), folder / "streamed": (2, True)}
    for root, (extra, streamed) in roots.items():
        for version in (OLD, NEW):
            pack_by_hand(root / version / "distr" / FILE, version, extra, streamed)
    releases.age(*roots)
    for root in roots:
        publish(root, root)
        branch = folder / f"branch of {root.name}"
        with Upstream(root) as upstream:
            sync(upstream.url, branch, "--version", OLD)
            upstream.sent = 0
            sync(upstream.url, branch)
            assert upstream.sent < 0.08 * 20 * 100_000, root.name
        assert served(branch) == {f"{version}/distr/{FILE}": (root / version / "distr" / FILE).read_bytes() for version in (OLD, NEW)}
