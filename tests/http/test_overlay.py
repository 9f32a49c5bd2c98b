"""CDistOverlay: customised files over a release's distribution; the release before, the overlay and the new release decide."""
import json
import subprocess
import zipfile
from io import BytesIO

import pytest

import releases
from conftest import CURRENT, OLD
from harness import TOOL, wait_until

NAME = "windows64tc.zip"
# The vendor's texts are the same in both releases, its 0x0409.ini is not.
KEPT, ADDED, BOTH = "data/Описание.txt", "own/site.cfg", "0x0409.ini"
MINE = {KEPT: b"mine\r\n", ADDED: b"[site]\r\n"}
TWICE = {**MINE, BOTH: b"my ini\r\n"}
RULES = {"none": "", "locked": "*.ini locked\n", "editable": "# branches\n*.ini editable\n", "removed": "*.ini removed\n"}


def vendor(version, slot="windows64"):
    return releases.distribution_files(version, slot)


def contents(body):
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def served(server, url):
    answer = server.get(f"{url}/{NAME}")
    return answer.headers["1C-Version"], contents(answer.body)


def index(server, url):
    return json.loads(server.get(f"{url}/index.json").body)


def make_place(top):
    """A root with two releases, two overlays, and a file of each kind of rules; nobody changes any of it."""
    for version in (OLD, CURRENT):
        releases.add_release(top / "root", version, ["windows64", "linux64"])
    releases.write_files(top / "mine" / "windows64", MINE)
    releases.write_files(top / "twice" / "Win64", TWICE)
    for name, text in RULES.items():
        (top / name).write_text(text)
    releases.age(top)
    return top


@pytest.fixture(scope="module")
def place(scratch):
    return make_place(scratch / "overlays")


@pytest.fixture
def own(folder):
    """The same for a test that changes it."""
    for version in (OLD, CURRENT):
        releases.add_release(folder / "root", version, ["windows64", "linux64"])
    releases.write_files(folder / "overlay" / "windows64", MINE)
    (folder / "rules").write_text("")
    releases.age(folder / "root", folder / "overlay")
    return folder


def directives(root, overlay, rules):
    return f'CDistRoot "{root}"\n  CDistOverlay "{overlay}" "{rules}"'


def own_directives(own):
    return directives(own / "root", own / "overlay", own / "rules")


def test_customised_files_are_kept_and_the_vendors_changes_taken(httpd, place):
    server = httpd({"/tc": directives(place / "root", place / "mine", place / "none"), "/plain": f'CDistRoot "{place}/root"'})
    assert served(server, "/tc") == (CURRENT, {**vendor(CURRENT), **MINE})
    assert served(server, f"/tc/{OLD}") == (OLD, {**vendor(OLD), **MINE})
    assert served(server, "/plain") == (CURRENT, vendor(CURRENT))
    linux = server.get("/tc/linux64tc.zip")
    assert contents(linux.body) == vendor(CURRENT, "linux64")
    assert index(server, "/tc")["conflicts"] == []
    assert "conflicts" not in index(server, "/plain")
    again = server.get(f"/tc/{NAME}", {"If-None-Match": server.get(f"/tc/{NAME}").headers["ETag"]})
    assert again.status == 304


def test_the_rules_decide_what_was_changed_by_both(httpd, place):
    server = httpd({f"/{name}": directives(place / "root", place / "twice", place / name) for name in RULES})
    for name, outcome in (("none", "ask"), ("locked", "no_update")):
        assert served(server, f"/{name}") == (OLD, {**vendor(OLD), **TWICE}), name
        assert server.get(f"/{name}/linux64tc.zip").headers["1C-Version"] == OLD
        refused = server.get(f"/{name}/{CURRENT}/{NAME}")
        assert refused.status == 503 and b"held back" in refused.body
        assert server.get(f"/{name}/{CURRENT}/linux64tc.zip").status == 200
        told = index(server, f"/{name}")
        assert told["current"] == OLD
        assert [(row["version"], row["slot"], row["path"], row["action"], row["open"]) for row in told["conflicts"]] == [
            (CURRENT, "windows64", BOTH, outcome, True)]
        page = server.get(f"/{name}/", {"Accept": "text/html", "Accept-Language": "ru"}).body.decode()
        assert f"windows64 {CURRENT}: <code>{BOTH}</code>: <strong>правила решения не дают" in page
    assert served(server, "/editable") == (CURRENT, {**vendor(CURRENT), **MINE})
    told = index(server, "/editable")
    assert [(row["path"], row["action"], row["open"]) for row in told["conflicts"]] == [(BOTH, "take_theirs", False)]
    page = server.get("/editable/", {"Accept": "text/html", "Accept-Language": "en"}).body.decode()
    assert f"<code>{BOTH}</code>: the vendor" in page
    assert served(server, "/removed") == (CURRENT, {**vendor(CURRENT), **TWICE})
    assert index(server, "/removed")["conflicts"] == []
    said = "\n".join(server.logged("CD0028"))
    assert said.count(f"windows64 {CURRENT}: {BOTH}: ") == 3
    assert said.count("the release is held back") == 2
    server.allow("CD0028")


@pytest.mark.parametrize("name", RULES)
def test_compare_shows_the_same_decisions(place, name):
    base, theirs = (place / "root" / version / "windows64" for version in (OLD, CURRENT))
    run = subprocess.run([TOOL, "compare", "--tree", base, place / "twice" / "Win64", theirs, "--overlay", "--rules", place / name,
                          "--json"], capture_output=True, check=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()[1:]]
    expected = {"none": "ask", "locked": "no_update", "editable": "take_theirs", "removed": "keep_mine"}[name]
    assert {row["id"]: row["action"] for row in rows} == {KEPT: "keep_mine", ADDED: "keep_mine", BOTH: expected}


def test_an_overlay_changed_later_leads_to_a_new_archive(httpd, own):
    server = httpd({"/tc": own_directives(own)})
    first = server.get(f"/tc/{NAME}")
    (own / "overlay" / "windows64" / ADDED).write_bytes(b"[other]\r\n")
    still = server.get(f"/tc/{NAME}")
    assert still.headers["ETag"] == first.headers["ETag"]
    changed = wait_until(lambda: (found := server.get(f"/tc/{NAME}")).headers["ETag"] != first.headers["ETag"] and found,
                         "the new archive is served")
    assert contents(changed.body) == {**vendor(CURRENT), **MINE, ADDED: b"[other]\r\n"}


def test_a_conflict_that_opens_later_leaves_the_archive_until_it_is_decided(httpd, own):
    server = httpd({"/tc": own_directives(own)})
    first = server.get(f"/tc/{NAME}")
    server.get("/tc/index.json")
    (own / "overlay" / "windows64" / BOTH).write_bytes(TWICE[BOTH])
    wait_until(lambda: index(server, "/tc")["conflicts"], "the conflict is told")
    assert server.get(f"/tc/{NAME}").headers["ETag"] == first.headers["ETag"]
    assert index(server, "/tc")["current"] == CURRENT
    (own / "rules").write_text("*.ini removed\n")
    wait_until(lambda: not index(server, "/tc")["conflicts"], "the conflict is decided")
    assert served(server, "/tc") == (CURRENT, {**vendor(CURRENT), **TWICE})
    assert "the archive made before goes on" in server.logged("CD0028")[0]
    server.allow("CD0028")


def test_a_new_release_with_an_open_conflict_stays_behind_after_a_restart_too(httpd, own):
    (own / "overlay" / "windows64" / BOTH).write_bytes(TWICE[BOTH])
    releases.age(own / "overlay")
    server = httpd({"/tc": own_directives(own)})
    assert served(server, "/tc")[0] == OLD
    server.restart()
    assert served(server, "/tc")[0] == OLD
    assert server.get(f"/tc/{CURRENT}/{NAME}").status == 503
    server.allow("CD0028")


def link_for_slot(overlay):
    (overlay / "windows64").rename(overlay.parent / "elsewhere")
    (overlay / "windows64").symlink_to(overlay.parent / "elsewhere")


def link_out(overlay):
    (overlay / "windows64" / "passwd").symlink_to("/etc/passwd")


def deep_names(overlay):
    at = overlay / "windows64"
    for _ in range(70):
        at /= "x" * 40
    at.mkdir(parents=True)
    (at / "file").write_bytes(b"x")


def control_character(overlay):
    (overlay / "windows64" / "a\nb").write_bytes(b"x")


def too_many(overlay):
    for number in range(1001):
        (overlay / "windows64" / f"{number}").write_bytes(b"x")


def no_rules(overlay):
    (overlay.parent / "rules").unlink()


def no_folder(overlay):
    overlay.rename(overlay.parent / "away")


@pytest.mark.parametrize("spoil", [link_for_slot, link_out, deep_names, control_character, too_many, no_rules, no_folder])
def test_an_overlay_that_cannot_be_used_is_told_and_nothing_goes_out_without_it(httpd, folder, place, spoil):
    releases.write_files(folder / "overlay" / "windows64", MINE)
    (folder / "rules").write_text("")
    spoil(folder / "overlay")
    server = httpd({"/tc": directives(place / "root", folder / "overlay", folder / "rules")})
    answer = server.get(f"/tc/{CURRENT}/{NAME}")
    assert answer.status == 503 and b"etc" not in answer.body
    if spoil not in (no_rules, no_folder):
        assert server.get(f"/tc/{CURRENT}/linux64tc.zip").status == 200
    assert any("CDistOverlay: " in line for line in server.logged("CD0020"))
    assert server.archives() == [] or spoil not in (no_rules, no_folder)
    server.allow("CD0020", "CD0101")


def test_prebuilding_takes_the_overlay_along_and_leaves_out_what_is_held_back(httpd, own):
    (own / "overlay" / "windows64" / BOTH).write_bytes(TWICE[BOTH])
    server = httpd({"/tc": own_directives(own)}, process="CDistPrebuild On\nCDistScanInterval 1\nCDistSettle 2\n")
    wait_until(lambda: len(server.logged("CD0013")) == 3, "all but the held back one are built")
    assert served(server, "/tc") == (OLD, {**vendor(OLD), **TWICE})
    (own / "rules").write_text("0x0409.ini removed\n")
    wait_until(lambda: len(server.logged("CD0013")) == 4, "the release is built")
    wait_until(lambda: server.get(f"/tc/{NAME}").headers["1C-Version"] == CURRENT, "the release is current")
    assert served(server, "/tc") == (CURRENT, {**vendor(CURRENT), **TWICE})
    assert server.cache_counts(f"/tc/{NAME}", 1).keys() == {"hit"}
    server.allow("CD0028")
