"""1cdist chain: arguments, exit statuses, output, and the chains of a real list beside searches that know nothing of it. Which
chain is taken when is a matter of the unit tests."""
import datetime
import json
import os
import re
import shlex
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import deque
from pathlib import Path

import pytest

import templates
from harness import TOOL, TOP

STEP = ["version", "version_id", "kind", "file", "member", "bytes", "released", "min_platform", "listed", "downgrade", "skips"]
REAL_LIST = TOP.parent / "shared" / "data" / "misc" / "hrm_v8upd11.xml"


def run(*args, home="/nonexistent"):
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home) + "/.cache"}
    return subprocess.run([TOOL, "chain", *map(str, args)], capture_output=True, text=True, timeout=60, env=environment)


def found(*args):
    done = run(*args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def way(*args):
    return [step["version"] for step in found(*args)["steps"]]


@pytest.fixture
def line(folder):
    templates.line(folder / "tmplts")
    return folder / "tmplts"


# ---- the contract -------------------------------------------------------------------------------------------------------

def test_json_has_the_keys_of_the_contract_and_the_files_are_there(line):
    answer = found("--templates", line, "--name", templates.NAME, "--from", "1.0.1")
    assert list(answer)[:6] == ["name", "vendor", "from", "to", "strategy", "min_platform"]
    assert (answer["from"], answer["to"], answer["strategy"]) == ("1.0.1", "1.0.4", "shortest")
    assert [step["version"] for step in answer["steps"]] == ["1.0.2", "1.0.4"]
    for step in answer["steps"]:
        assert list(step) == STEP and step["kind"] == "cfu"
        assert step["bytes"] == Path(step["file"]).stat().st_size
        assert step["version_id"] == templates.guid("b" + step["version"])
    assert answer["bytes"] == sum(step["bytes"] for step in answer["steps"])


def test_options_stand_anywhere_and_folders_follow_templates(line, folder):
    (folder / "other").mkdir()
    done = run("--from", "1.0.1", folder / "other", "--json", "--templates", line, "--strategy", "sequential")
    assert done.returncode == 0 and done.stderr == ""
    assert [step["version"] for step in json.loads(done.stdout)["steps"]] == ["1.0.2", "1.0.3", "1.0.4"]


def test_the_table_is_for_people(line):
    done = run("--templates", line, "--from", "1.0.1")
    head, columns, *steps = done.stdout.splitlines()
    assert done.returncode == 0 and head.startswith(f"{templates.NAME} ({templates.VENDOR}): from 1.0.1 to 1.0.4, 2 steps, ")
    assert columns.split() == ["step", "version", "kind", "bytes", "released", "platform", "file"]
    assert [step.split()[:3] for step in steps] == [["1", "1.0.2", "cfu"], ["2", "1.0.4", "cfu"]]


def test_no_chain_is_exit_status_3_and_names_what_is_missing(line):
    (line / "1_0_2" / "1cv8.cfu").unlink()
    done = run("--templates", line, "--from", "1.0.1", "--json")
    assert done.returncode == 3 and done.stdout == ""
    assert "the update to 1.0.2 is missing, which the one to 1.0.3 applies to" in done.stderr
    assert run("--templates", line, "--from", "0.9").returncode == 3
    assert run("--templates", line, "--from", "1.0.2", "--name", "other").returncode == 3
    done = run("--templates", line, "--from", "1.0.4", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["steps"] == [] and "nothing to do" in done.stdout


def test_wrong_usage_is_exit_status_2(line, folder):
    templates.put(folder / "tmplts", "7.0", templates.cfu("7.0", ["6.0"], vendor="Another"))
    for args in ([], ["--from", ""], ["--from", "1", "--strategy", "best"], ["--from", "1", "--scan", "slow"],
                 ["--from", "1", "--min-age", "-1"], ["--from", "1", "--min-age", "soon"], ["--from", "1", "--undated", "maybe"], ["--from", "1", "--from-id", "zzz"],
                 ["--from", "1", "--json", "--designer"], ["--from", "1", "--cache", folder, "--no-cache"], ["--none"]):
        assert run("--templates", line, *args).returncode == 2, args
    done = run("--templates", line, "--from", "1.0.1")
    assert done.returncode == 2 and f"{templates.NAME} (Another)" in done.stderr
    done = run("--templates", line, "--from", "1.0.1", "--name", templates.NAME)
    assert done.returncode == 2 and "--vendor is missing" in done.stderr
    assert way("--templates", line, "--from", "6.0", "--name", templates.NAME, "--vendor", "Another") == ["7.0"]
    done = run("--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: 1cdist chain")


def test_a_folder_that_is_not_there_is_exit_status_1(folder):
    done = run("--templates", folder / "nothing", "--from", "1")
    assert done.returncode == 1 and str(folder / "nothing") in done.stderr


def test_a_file_that_lies_or_is_damaged_is_told_and_stops_nothing(line):
    (line / "1_0_9").mkdir()
    (line / "1_0_9" / "1cv8.cfu").write_bytes(templates.cfu("1.0.3", ["1.0.2"], "b1.0.3"))
    (line / "broken.cfu").write_bytes((line / "1_0_2" / "1cv8.cfu").read_bytes()[:100])
    done = run("--templates", line, "--from", "1.0.1", "--json")
    assert done.returncode == 0 and [step["version"] for step in json.loads(done.stdout)["steps"]] == ["1.0.2", "1.0.4"]
    assert all(text.startswith("1cdist: ") for text in done.stderr.splitlines())
    assert f"{line}/broken.cfu: " in done.stderr and "1.0.9" not in done.stdout


# ---- builds, .cf, dates -------------------------------------------------------------------------------------------------

def test_two_builds_of_one_version_are_told_apart(folder):
    templates.put(folder, "2.0", templates.cfu("2.0", [("1.0", "first")]))
    templates.put(folder, "1.0", templates.cf("1.0", "first"), "1cv8.cf")
    templates.put(folder, "1.0", templates.cf("1.0", "second"), "again.cf")
    done = run("--templates", folder, "--from", "1.0", "--json")
    assert done.returncode == 0 and "2 builds" in done.stderr
    assert templates.guid("first") in done.stderr and templates.guid("second") in done.stderr
    assert way("--templates", folder, "--from", "1.0", "--from-id", templates.guid("first")) == ["2.0"]
    braced = "{" + templates.guid("first").upper() + "}"
    assert way("--templates", folder, "--from", "1.0", "--from-id", braced) == ["2.0"]
    done = run("--templates", folder, "--from", "1.0", "--from-id", templates.guid("second"))
    assert done.returncode == 3 and "while the one there is has the id " + templates.guid("second") in done.stderr


def test_a_distribution_is_a_jump_and_a_saved_configuration_is_not(folder):
    for version in ("1.0", "2.0", "3.0"):
        templates.put(folder, version, templates.cf(version, "b" + version), "1cv8.cf")
    templates.put(folder, "4.0", templates.cf("4.0", distribution=False), "1cv8.cf")
    assert run("--templates", folder, "--from", "1.0").returncode == 3
    answer = found("--templates", folder, "--from", "1.0", "--use-cf")
    assert [(step["kind"], step["version"], step["skips"]) for step in answer["steps"]] == [("cf", "3.0", ["2.0"])]
    assert any("goes over 1 release (2.0)" in text for text in answer["warnings"])
    assert way("--templates", folder, "--from", "1.0", "--use-cf", "--strategy", "sequential") == ["2.0", "3.0"]
    back = found("--templates", folder, "--from", "3.0", "--to", "1.0", "--use-cf")["steps"]
    assert [(step["kind"], step["version"], step["downgrade"]) for step in back] == [("cf", "1.0", True)]


def test_releases_that_are_too_young_or_have_no_date_are_left_out_and_told(folder):
    def day(days):
        return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime("%d.%m.%Y")

    templates.line(folder, dates=[None, day(90), day(20), None])
    assert way("--templates", folder, "--from", "1.0.1") == ["1.0.2", "1.0.4"]
    answer = found("--templates", folder, "--from", "1.0.1", "--min-age", "30")
    assert [step["version"] for step in answer["steps"]] == ["1.0.2"] and answer["to"] == "1.0.2"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", answer["steps"][0]["released"])
    assert {left["version"]: left["reason"].split(",")[0] for left in answer["skipped"]}["1.0.4"] == "its release date is not known"
    assert "1_0_4/1cv8.cfu: skipped: " in run("--templates", folder, "--from", "1.0.1", "--min-age", "30").stderr
    assert way("--templates", folder, "--from", "1.0.1", "--min-age", "10") == ["1.0.2", "1.0.3"]
    assert way("--templates", folder, "--from", "1.0.1", "--min-age", "10", "--undated", "allow") == ["1.0.2", "1.0.4"]


# ---- folders, caches ------------------------------------------------------------------------------------------------------

def test_the_folders_of_a_start_file_and_the_platform_s_own_are_found(line, folder):
    (folder / "1cestart.cfg").write_text(f"Other=1\nConfigurationTemplatesLocation={line}\n", encoding="utf-16")
    assert way("--start-cfg", folder / "1cestart.cfg", "--from", "1.0.1") == ["1.0.2", "1.0.4"]
    home = folder / "home"
    (home / ".1cv8" / "1C" / "1cv8").mkdir(parents=True)
    line.rename(home / ".1cv8" / "1C" / "1cv8" / "tmplts")
    done = run("--from", "1.0.1", "--json", home=home)
    assert done.returncode == 0 and [step["version"] for step in json.loads(done.stdout)["steps"]] == ["1.0.2", "1.0.4"]
    assert run("--from", "1.0.1").returncode == 1


def test_no_cache_writes_nothing_and_a_cache_changes_no_answer(line, folder):
    before = sorted(line.rglob("*"))
    first = run("--templates", line, "--from", "1.0.1", "--json", "--no-cache", home=folder / "home")
    assert sorted(line.rglob("*")) == before and not (folder / "home").exists()
    for _ in range(3):
        again = run("--templates", line, "--from", "1.0.1", "--json", "--cache", folder / "cache")
        assert (again.returncode, again.stdout) == (0, first.stdout)


def test_commands_of_designer_are_in_order_and_safe_to_paste(line, folder):
    nasty = folder / "it's; $(touch x) `x`"
    line.rename(nasty)
    done = run("--templates", nasty, "--from", "1.0.1", "--designer")
    commands = [text for text in done.stdout.splitlines() if not text.startswith("#")]
    assert done.returncode == 0 and len(commands) == 2
    for command, version in zip(commands, ("1_0_2", "1_0_4")):
        words = shlex.split(command)
        assert words[:2] == ["1cv8", "DESIGNER"] and words[-1] == "/UpdateDBCfg"
        assert words[words.index("/UpdateCfg") + 1] == str(nasty / version / "1cv8.cfu")
    (nasty / "1_0_4" / "1cv8.cfu").rename(nasty / "1_0_4" / "new\nline.cfu")
    done = run("--templates", nasty, "--from", "1.0.3", "--designer")
    assert done.returncode == 0 and all(text.startswith("#") for text in done.stdout.splitlines())


def test_designer_gets_no_delivery_that_only_texts_tell_of(folder):
    place = templates.put(folder / "tmplts", "1.0.2", b"PK", "1cv8.zip", date="22.09.2015", sources=["1.0.1"]).parent
    (place / "1cv8.mft").write_text(f"Vendor={templates.VENDOR}\nName={templates.NAME}\nVersion=1.0.2\n")
    done = run("--templates", folder / "tmplts", "--scan", "fast", "--from", "1.0.1", "--designer", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert f"# unpack 1cv8.cfu first, out of {place / '1cv8.zip'}\n" in done.stdout
    assert " /UpdateCfg 1cv8.cfu " in done.stdout and "/UpdateCfg /" not in done.stdout


def test_what_lies_in_a_delivery_is_unpacked_first_whichever_way_it_was_scanned(folder):
    place = folder / "1_0_2"
    place.mkdir()
    with zipfile.ZipFile(place / "1cv8.zip", "w") as archive:
        archive.writestr("1cv8.cfu", templates.cfu("1.0.2", ["1.0.1"]))
    (folder / "v8upd11.xml").write_text(
        '<v8u:updateList xmlns:v8u="http://v8.1c.ru/configuration-updates" version="1.1">'
        f'<v8u:update configuration="{templates.NAME}"><v8u:vendor>{templates.VENDOR}</v8u:vendor><v8u:file>1_0_2/1cv8.zip</v8u:file>'
        "<v8u:size>1</v8u:size><v8u:version>1.0.2</v8u:version><v8u:target>1.0.1</v8u:target></v8u:update></v8u:updateList>")
    exact, fast = (run("--templates", folder, "--from", "1.0.1", "--designer", "--scan", scan) for scan in ("exact", "fast"))
    assert fast.returncode == 0 and f"# unpack 1cv8.cfu first, out of {place}/1cv8.zip" in fast.stdout.splitlines()
    assert "/UpdateCfg 1cv8.cfu " in fast.stdout and fast.stdout == exact.stdout
    (place / "1cv8.zip").unlink()
    listed = run("--templates", folder, "--from", "1.0.1", "--designer", "--scan", "fast").stdout.splitlines()
    assert listed[1:] == [f"# fetch {place}/1cv8.zip first"] + fast.stdout.splitlines()[1:]


def test_after_a_downgrade_no_handlers_are_promised(folder):
    for version in ("1.0", "2.0"):
        templates.put(folder, version, templates.cf(version, "b" + version), "1cv8.cf")
    done = run("--templates", folder, "--from", "2.0", "--to", "1.0", "--use-cf", "--designer")
    assert done.returncode == 0 and "# a downgrade to 1.0: make a backup first" in done.stdout
    assert "/UpdateCfg " in done.stdout and "convert the data" not in done.stdout


# ---- a real list --------------------------------------------------------------------------------------------------------

def read_list(path):
    """(bytes, version, sources) of each update."""
    space = "{http://v8.1c.ru/configuration-updates}"
    for update in ElementTree.fromstring(path.read_bytes().replace(b"\xef\xbb\xbf", b"")):
        if update.tag == space + "update":
            size = int(re.sub(r"\D", "", update.findtext(space + "size")))
            yield size, update.findtext(space + "version"), [each.text for each in update.iter(space + "target")]


def number(version):
    return tuple(map(int, version.split(".")))


def fewest(updates, start, goal):
    """Steps and bytes, by looking at all ways of each length."""
    best, front = {start: (0, 0)}, deque([start])
    while front:
        version = front.popleft()
        steps, size = best[version]
        for more, to, sources in updates:
            if version in sources and (steps + 1, size + more) < best.get(to, (10**9, 0)):
                best[to] = (steps + 1, size + more)
                front.append(to)
    return best.get(goal)


def most(updates, start, goal):
    """The same for the most steps over rising versions, by going up from below; steps are counted down."""
    best = {start: (0, 0)}
    for more, to, sources in sorted(updates, key=lambda update: number(update[1])):
        below = [best[source] for source in sources if source in best and number(source) < number(to)]
        if below:
            best[to] = min([(steps - 1, size + more) for steps, size in below] + [best.get(to, (0, 0))])
    return best.get(goal)


@pytest.mark.skipif(not REAL_LIST.exists(), reason="skipped: no shared data")
def test_chains_of_a_real_list_are_those_of_an_independent_search(folder):
    (folder / "v8upd11.xml").write_bytes(REAL_LIST.read_bytes())
    updates = list(read_list(REAL_LIST))
    versions = sorted({to for _, to, _ in updates}, key=number)
    starts = sorted({source for _, _, sources in updates for source in sources} | set(versions), key=number)
    assert len(updates) == 54 and len(starts) == 78
    for start in starts:
        for goal in (versions[-1], versions[len(versions) // 2]):
            for strategy, search in (("shortest", fewest), ("sequential", most)):
                expected = search(updates, start, goal)
                done = run("--scan", "fast", "--templates", folder, "--from", start, "--to", goal, "--strategy", strategy, "--json")
                assert done.returncode == (3 if expected is None else 0), (start, goal, strategy, done.stderr)
                if expected is None:
                    continue
                answer = json.loads(done.stdout)
                assert (abs(expected[0]), expected[1]) == (len(answer["steps"]), answer["bytes"]), (start, goal, strategy)
                at = start
                for step in answer["steps"]:
                    assert any(step["version"] == to and at in sources for _, to, sources in updates)
                    at = step["version"]
                assert at == goal
