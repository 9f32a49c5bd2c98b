"""--overlay of the command line: what the module hands out, byte for byte, and what it holds back."""
import hashlib
import json
import subprocess

import pytest

import releases
from conftest import CURRENT, OLD
from harness import TOOL
from test_overlay import BOTH, MINE, NAME, contents, directives, make_place, vendor


@pytest.fixture(scope="module")
def place(scratch):
    return make_place(scratch / "overlay-tool")


@pytest.fixture
def public(folder):
    made = folder / "public"
    made.mkdir()
    return made


def run(verb, *args):
    return subprocess.run([TOOL, verb, *args], capture_output=True, text=True)


def build(place, overlay, rules, version, out, slot="windows64"):
    done = run("build", place / "root", "--version", version, "--slot", slot, "-o", out, "--overlay", place / overlay, "--rules",
               place / rules)
    return done, out.read_bytes() if out.exists() else None


@pytest.mark.parametrize("overlay, rules", [("mine", "none"), ("twice", "editable"), ("twice", "removed")])
def test_build_and_publish_give_the_modules_bytes(httpd, place, folder, public, overlay, rules):
    server = httpd({"/tc": directives(place / "root", place / overlay, place / rules)})
    listed = run("publish", place / "root", "--index", public / "index.json", "--overlay", place / overlay, "--rules",
                 place / rules, "--json")
    assert listed.returncode == 0, listed.stderr
    digests = {(row["version"], row["slot"]): row["sha256"] for row in map(json.loads, listed.stdout.splitlines()) if "slot" in row}
    for version in (OLD, CURRENT):
        for slot in ("windows64", "linux64"):
            served = server.get(f"/tc/{version}/{slot}tc.zip").body
            done, built = build(place, overlay, rules, version, folder / f"{slot}-{version}.zip", slot)
            assert done.returncode == 0, done.stderr
            assert built == served
            assert digests[version, slot] == hashlib.sha256(served).hexdigest()
            assert (public / version / f"{slot}tc.zip").read_bytes() == served
    # What was changed by both, and is the vendor's by the rule, is for a person to look at.
    for said in (listed.stderr, build(place, overlay, rules, CURRENT, folder / "again.zip")[0].stderr):
        assert (f"windows64 {CURRENT}: {BOTH}" in said) == (rules == "editable")
    if rules == "editable":
        server.allow("CD0028")


@pytest.mark.parametrize("rules", ["none", "locked"])
def test_what_nobody_decided_is_neither_built_nor_published(place, folder, public, rules):
    done, built = build(place, "twice", rules, CURRENT, folder / "out.zip")
    assert (done.returncode, built) == (1, None)
    assert f"windows64 {CURRENT}: {BOTH}: " in done.stderr and "no rule decides" in done.stderr
    assert build(place, "twice", rules, OLD, folder / "old.zip")[0].returncode == 0
    options = [place / "root", "--overlay", place / "twice", "--rules", place / rules, "--json"]
    published = run("publish", "--index", public / "index.json", *options)
    assert published.returncode == 0
    assert {json.loads(line).get("version") for line in published.stdout.splitlines()} == {OLD, None}
    assert f"release {CURRENT} is left out" in published.stderr and BOTH in published.stderr
    scanned = run("scan", *options)
    assert scanned.returncode == 1 and BOTH in scanned.stderr
    assert {(row["version"], row["slot"]) for row in map(json.loads, scanned.stdout.splitlines())} == {
        (OLD, "windows64"), (OLD, "linux64"), (CURRENT, "linux64")}


def test_an_overlay_that_was_written_just_now_is_waited_for(folder):
    for version in (OLD, CURRENT):
        releases.add_release(folder / "root", version, ["windows64"])
    releases.write_files(folder / "mine" / "windows64", MINE)
    (folder / "none").write_text("")
    done, built = build(folder, "mine", "none", CURRENT, folder / "out.zip")
    assert done.returncode == 0, done.stderr
    assert contents(built) == {**vendor(CURRENT), **MINE}
    assert NAME in run("publish", folder / "root", "--index", folder / "index.json", "--overlay", folder / "mine", "--rules",
                       folder / "none").stdout


@pytest.mark.parametrize("args, said", [(["--overlay", "x"], "--overlay wants --rules"), (["--rules", "x"], "--rules is for --overlay")])
@pytest.mark.parametrize("verb", ["scan", "build", "publish"])
def test_folder_and_rules_go_together(place, folder, verb, args, said):
    others = {"build": ["--version", CURRENT, "--slot", "windows64", "-o", folder / "out.zip"], "publish": ["--index", folder / "i"]}
    done = run(verb, place / "root", *others.get(verb, []), *args)
    assert done.returncode == 2 and said in done.stderr


def test_an_overlay_that_is_away_stops_everything(place, folder):
    done, built = build(place, "away", "none", CURRENT, folder / "out.zip")
    assert (done.returncode, built) == (1, None) and f"{place}/away" in done.stderr
    scanned = run("scan", place / "root", "--overlay", place / "mine", "--rules", place / "nowhere")
    assert scanned.returncode == 1 and "nowhere" in scanned.stderr and scanned.stdout == ""
