"""1cdist compare: arguments, exit statuses, output; what counts as changed is a matter of the unit tests."""
import json
import os
import sys

import pytest

from test_tool import run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))

import make_update_seeds as seeds  # noqa: E402

KEYS = ["id", "name", "class", "mine", "theirs", "support", "action"]
CLASSES = ["unchanged", "mine", "theirs", "identical", "conflict"]
A, B, C = (f"00000000-0000-0000-0000-00000000000{n}" for n in range(3))
INSTANCE = "50448ce6-72ca-48a5-961f-738c9a3b73f0"


def entries(**changed):
    """The entries of a configuration with the objects A, B and C, without support data."""
    made = {**dict(seeds.configuration()), A: b"{a}", B: b"{b}", C: b"{c}", seeds.OBJECT + ".4": None}
    made.update({{"a": A, "b": B, "c": C}.get(key, key): value for key, value in changed.items()})
    return sorted(((name, data) for name, data in made.items() if data is not None), key=lambda entry: entry[0].lower())


def cf(**changed):
    return seeds.container([(name, seeds.deflate(seeds.MARK + data if data[:1] == b"{" else data)) for name, data in entries(**changed)])


def support(rules, locked=0):
    rows = "".join(f"{rule},0,{uuid},{uuid}," for uuid, rule in rules.items())
    return (f'{{6,{locked},1,{INSTANCE},{locked},{seeds.VERSION},"1.0.2.7","Фирма ""Р""","Склад",{len(rules)},{rows}0,0,0,1,0}}').encode()


def result(done):
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return rows[0], {row["id"]: row for row in rows[1:]}


@pytest.fixture
def files(folder):
    """Base, mine that changed B and C, theirs that changed A and C."""
    (folder / "base.cf").write_bytes(cf())
    (folder / "mine.cf").write_bytes(cf(b=b"{mine}", c=b"{mine}"))
    (folder / "theirs.cf").write_bytes(cf(a=None, c=b"{theirs}"))
    return folder


def compare(files, *arguments, mine="mine.cf", theirs="theirs.cf"):
    return run("compare", "--json", "--mine", files / mine, "--theirs", files / theirs, *arguments)


def test_a_summary_and_a_line_for_each_item_that_is_not_unchanged(files):
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    done = compare(files, "--base", files / "base.cf")
    assert done.returncode == 0 and done.stderr == ""
    summary, items = result(done)
    assert summary["counts"] == {"unchanged": 1, "mine": 1, "theirs": 1, "identical": 0, "conflict": 1}
    assert list(summary["counts"]) == CLASSES and summary["base"] == "file"
    assert list(items) == [A, B, C] and all(list(row)[:7] == KEYS for row in items.values())
    assert [items[A][key] for key in KEYS[2:5]] == ["theirs", "unchanged", "deleted"]
    assert [items[B][key] for key in KEYS[2:5]] == ["mine", "changed", "unchanged"]
    assert [items[C][key] for key in KEYS[2:5]] == ["conflict", "changed", "changed"]
    assert before == {path.name: path.read_bytes() for path in files.iterdir()}


def test_the_configuration_is_one_object_whatever_its_uuids_are(files):
    def made(version, root, own):
        content = dict(seeds.configuration(), **{seeds.OBJECT + ".7": b"{module %s}" % version.encode()})
        del content[seeds.OBJECT + ".4"]
        moved = [tuple(part.replace(a, b) if isinstance(part, str) else part.replace(a.encode(), b.encode()) for part in entry)
                 for entry in content.items() for a, b in ((seeds.ROOT, root),)]
        moved = [(name.replace(seeds.OBJECT, own), data.replace(seeds.OBJECT.encode(), own.encode()).replace(b"1.0.2.7", version.encode()))
                 for name, data in moved]
        return seeds.container([(name, seeds.deflate(data if data[:1] == b"\xef" else seeds.MARK + data))
                                for name, data in sorted(moved, key=lambda entry: entry[0].lower())])

    (files / "base.cf").write_bytes(made("1.0", seeds.ROOT, seeds.OBJECT))
    (files / "mine.cf").write_bytes(made("1.1", A, B))
    (files / "theirs.cf").write_bytes(made("2.0", seeds.ROOT, seeds.OBJECT))
    summary, items = result(compare(files, "--base", files / "base.cf", "--level", "property"))
    assert list(items) == [A] and items[A]["class"] == "conflict" and items[A]["mine"] == "changed"
    assert [(part["id"], part["part_en"], part["class"]) for part in items[A]["parts"]] == [
        (A, "metadata", "conflict"), (B + ".7", "session module", "conflict")]
    properties = {item["name"]: item for item in items[A]["parts"][0]["details"][0]["properties"]}
    version = properties["version"]
    assert [version[side] for side in ("base", "mine", "theirs")] == ["1.0", "1.1", "2.0"] and version["twice"]
    assert version["object_en"] == "Configuration.Склад"


def test_details_are_told_in_whatever_order_the_entries_stand(files):
    names = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(200)]

    def made(value):
        content = dict(entries(), **{name: value if name in names[101:103] else b"{1,x}" for name in names})
        order = sorted(content, key=str.lower)
        at = order.index(names[101])
        order[at:at + 2] = reversed(order[at:at + 2])
        return seeds.container([(name, seeds.deflate(seeds.MARK + content[name] if content[name][:1] == b"{" else content[name]))
                                for name in order])

    for side in ("base", "mine", "theirs"):
        (files / f"{side}.cf").write_bytes(made(b"{1,%s}" % side.encode()))
    _, items = result(compare(files, "--base", files / "base.cf", "--level", "property"))
    assert list(items) == names[101:103]
    for item in items.values():
        (found,) = item["parts"][0]["details"][0]["properties"]
        assert [found[side] for side in ("base", "mine", "theirs")] == ["base", "mine", "theirs"]


@pytest.mark.parametrize("arguments", [[], ["--level", "object"], ["--level", "property"]])
def test_that_names_cannot_be_read_is_said_with_the_other_notes(files, arguments):
    damaged = dict(seeds.configuration())[seeds.ROOT] + b'{"open'
    (files / "mine.cf").write_bytes(cf(**{"a": b"{mine}", seeds.ROOT: damaged}))
    summary, items = result(compare(files, "--base", files / "base.cf", *arguments))
    assert "no_names" in [note["code"] for note in summary["notes"]] and A in items
    page = files / "page.html"
    compare(files, "--base", files / "base.cf", "--html", page, *arguments)
    assert "inside of quotes" in page.read_text()


def test_parts_that_are_larger_than_what_they_are_in_are_not_looked_into(files):
    def made(value):
        part = seeds.deflate(b"\x01" + value * (2 << 20))
        return cf(a=seeds.container([(f"part{number:02d}", part) for number in range(20)]))

    for side in ("base", "mine", "theirs"):
        (files / f"{side}.cf").write_bytes(made(side[:1].encode()))
    _, items = result(compare(files, "--base", files / "base.cf", "--level", "property"))
    (detail,) = items[A]["parts"][0]["details"]
    assert detail["kind"] == "bytes" and "part15: larger than 32 MiB" in detail["problem"]


def page_of_texts(files, text_of):
    for side in ("base", "mine", "theirs"):
        (files / f"{side}.cf").write_bytes(cf(a=text_of(side[:1].encode())))
    assert compare(files, "--base", files / "base.cf", "--html", files / "page.html").returncode == 0
    page = (files / "page.html").read_text()
    assert page.endswith("</html>\n") and A in page
    return page


@pytest.mark.parametrize("code", [0x1, 0xD, 0xAD, 0x200B, 0x200D, 0x202E, 0x2060, 0x2066, 0xFEFF, 0xE0041])
def test_what_shows_nothing_itself_stands_in_the_page_by_its_number(files, code):
    page = page_of_texts(files, lambda side: b"a" + (side + chr(code).encode() if side == b"m" else side) + b"b\n")
    assert f"U+{code:04X}</span>b" in page and chr(code) + "b" not in page


@pytest.mark.parametrize("code", [0x9, 0x20, 0xA0, 0x401, 0x2014, 0xFFFD, 0x1F600])
def test_what_shows_itself_stands_in_the_page_as_it_is(files, code):
    assert chr(code) + "b" in page_of_texts(files, lambda side: side + chr(code).encode() + b"b\n")


def test_a_page_without_a_base_has_no_column_for_it(files):
    (files / "mine.cf").write_bytes(cf(a=b"\0mine"))
    (files / "theirs.cf").write_bytes(cf(a=b"\0theirs"))
    assert compare(files, "--html", files / "page.html").returncode == 0
    page = (files / "page.html").read_text()
    assert "Theirs</span></th>" in page and "Base</span></th>" not in page


def test_the_page_of_a_text_that_differs_everywhere_is_cut_off_and_says_so(files):
    page = page_of_texts(files, lambda side: b"".join(b"%d\x01\x02\x03\x04%s\n" % (number, side * (number % 2))
                                                      for number in range(300000)))
    assert "Not shown: the page would become too large." in page and len(page) < 50 << 20


def test_of_a_very_long_line_the_page_shows_the_start(files):
    page = page_of_texts(files, lambda side: side + "я".encode() + b"\x01" * (1 << 20))
    assert page.count(" …</td>") == 3 and len(page) < 1 << 20


def test_names_of_objects_in_very_many_others_are_cut(files):
    catalog, ids = "cf4abea6-37b2-11d4-940f-008048da11f9", [f"{number:08x}-1111-4000-8000-000000000000" for number in range(60)]

    def made(value):
        top = seeds.metadata().decode()[:-len(",0}}}")] + f",1,{{{catalog},1,{ids[0]}}}}}}}}}"
        objects = {uuid: f'{{1,{{1,{{0,0,{uuid}}},"N",{{0}},""}},{value},{{{catalog},1,{below}}}}}'.encode()
                   for uuid, below in zip(ids, ids[1:] + [A])}
        return cf(**{seeds.ROOT: top.encode()}, **objects)

    (files / "mine.cf").write_bytes(made("mine"))
    (files / "base.cf").write_bytes(made("base"))
    (files / "theirs.cf").write_bytes(made("base"))
    _, items = result(compare(files, "--base", files / "base.cf"))
    assert items[ids[0]]["name_en"] == "Catalog.N" and items[ids[32]]["name_en"] == ".".join(["Catalog.N"] * 33)
    assert items[ids[59]]["name_en"] == "…." + ".".join(["Catalog.N"] * 33)


def test_where_mine_has_one_uuid_for_all_the_vendors_parts_keep_their_names(files):
    content = dict(entries())
    content.update({"root": seeds.MARK + b"{2," + A.encode() + b",}",
                    A: content.pop(seeds.ROOT).replace(seeds.ROOT.encode(), A.encode()).replace(seeds.OBJECT.encode(), A.encode())})
    vendors = cf(a=None, **{seeds.OBJECT: b"{part}"})
    (files / "mine.cf").write_bytes(seeds.container([(name, seeds.deflate(data if data[:1] == b"\xef" else seeds.MARK + data))
                                                     for name, data in sorted(content.items())]))
    (files / "base.cf").write_bytes(vendors)
    (files / "theirs.cf").write_bytes(vendors)
    done = compare(files, "--base", files / "base.cf", "--level", "object")
    assert done.returncode == 0 and done.stderr == ""
    _, items = result(done)
    assert {part["id"]: part["mine"] for item in items.values() for part in item["parts"]} == {A: "changed", seeds.OBJECT: "deleted"}


def test_level_property_tells_lines_and_properties_with_three_values(files):
    def module(*lines):
        return seeds.container([("text", seeds.MARK + "\r\n".join(lines).encode())])

    for name, number, text in (("base", 1, "two"), ("mine", 2, "mine"), ("theirs", 3, "theirs")):
        (files / f"{name}.cf").write_bytes(cf(a=b"{1,%d,{2,\"x\"}}" % number, b=module("one", text, "three"),
                                              c=b"\0%d" % number))
    done = compare(files, "--base", files / "base.cf", "--level", "property")
    assert done.returncode == 0 and done.stderr == ""
    details = {uuid: item["parts"][0]["details"] for uuid, item in result(done)[1].items()}
    assert details[A] == [{"part": "", "kind": "properties", "class": "conflict", "conflicts": 1, "properties": [
        {"path": "[1]", "name": "", "object": "", "object_en": "", "class": "conflict", "twice": True, "base": "1", "mine": "2",
         "theirs": "3"}]}]
    assert details[B] == [{"part": "text", "kind": "lines", "class": "conflict", "conflicts": 1, "regions": [
        {"class": "conflict", **{side: {"line": 2, "lines": 1, "text": text + "\r\n"} for side, text in (
            ("base", "two"), ("mine", "mine"), ("theirs", "theirs"))}}]}]
    assert details[C] == [{"part": "", "kind": "bytes", "class": "conflict", "base_bytes": 2, "mine_bytes": 2, "theirs_bytes": 2}]
    table = run("compare", "--mine", files / "mine.cf", "--theirs", files / "theirs.cf", "--base", files / "base.cf", "--level",
                "property").stdout
    assert "conflict  [1]: 1 | 2 | 3\n" in table and "        mine       2 | mine\n" in table
    assert "details" not in compare(files, "--base", files / "base.cf", "--level", "object").stdout


@pytest.mark.parametrize("rules, locked, name, action", [
    ({C: 0}, 0, "ObjectNotEditable", "no_update"), ({C: 1}, 0, "ObjectIsEditableSupportEnabled", "take_theirs"),
    ({C: 2}, 0, "ObjectNotSupported", "keep_mine"), ({B: 1}, 0, "unknown", "ask"), ({C: 1}, 1, "ObjectNotEditable", "no_update")])
def test_the_rule_of_support_decides_what_both_changed(files, rules, locked, name, action):
    (files / "support.bin").write_bytes(support(rules, locked))
    summary, items = result(compare(files, "--base", files / "base.cf", "--support", files / "support.bin"))
    assert items[C]["support"] == name and items[C]["action"] == action
    assert summary["support"] == ("locked" if locked else "rules")
    assert ("locked" in [note["code"] for note in summary["notes"]]) == bool(locked)


def test_the_base_is_taken_from_mine(files):
    vendor = seeds.deflate(seeds.container(entries()))
    own = {seeds.OBJECT + ".4": support({B: 1, C: 1}), f"{seeds.ROOT}.{INSTANCE}": vendor}
    (files / "customer.cf").write_bytes(cf(b=b"{mine}", c=b"{mine}", **own))
    (files / "next.cf").write_bytes(cf(c=seeds.MARK + b"{theirs}", a=seeds.MARK + b"{new}"))
    (files / "vendor.cf").write_bytes(seeds.container(entries()))
    summary, items = result(compare(files, mine="customer.cf", theirs="next.cf", *["--level", "object"]))
    assert summary["base"] == "embedded" and summary["sides"]["base"]["version"] == "1.0.2.7"
    assert items[C]["class"] == "conflict" and items[C]["action"] == "take_theirs" and items[C]["confirm"] is True
    assert [part["id"] for part in items[C]["parts"]] == [C]
    assert seeds.ROOT not in items


def test_without_a_base_things_are_alike_or_not(files):
    summary, items = result(compare(files))
    assert summary["base"] == "none" and "no_base" in [note["code"] for note in summary["notes"]]
    assert {row["class"] for row in items.values()} == {"identical", "conflict"}
    assert items[B]["class"] == items[A]["class"] == "conflict" and items[B]["action"] == "ask"


def test_an_update_is_applied_to_the_base_or_refused(files):
    info = seeds.update_info().replace(b'"gone"', f'"{A}"'.encode())
    update = seeds.container([(seeds.ROOT, seeds.metadata()), ("UpdateInfo.inf", info)])
    (files / "good.cfu").write_bytes(seeds.deflate(update))
    _, items = result(compare(files, "--base", files / "base.cf", theirs="good.cfu"))
    assert items[A]["theirs"] == "deleted" and items[C]["class"] == "mine"
    other = update.replace(seeds.VERSION.encode(), INSTANCE.encode(), 1)
    (files / "other.cfu").write_bytes(seeds.deflate(other))
    done = compare(files, "--base", files / "base.cf", theirs="other.cfu")
    assert done.returncode == 1 and "does not apply" in done.stderr and done.stdout == ""
    done = compare(files, theirs="good.cfu")
    assert done.returncode == 1 and "--base" in done.stderr


def test_what_cannot_be_read_is_an_item_and_exit_status_1(files):
    good = seeds.deflate(seeds.MARK + b"{mine}")
    (files / "bad.cf").write_bytes(cf(b=b"{mine}").replace(good, b"\xff" * len(good)))
    done = compare(files, "--base", files / "base.cf", mine="bad.cf")
    summary, items = result(done)
    assert done.returncode == 1 and summary["unreadable"] == 1
    assert "error" in items[B] and items[B]["class"] != "unchanged" and items[B]["action"] == "ask"
    assert f"bad.cf: entry {B}" in done.stderr


def test_the_register_tells_what_changed_since(files):
    arguments = ["compare", "--base", files / "base.cf", "--mine", files / "mine.cf", "--level", "object", "--json"]
    done = run(*arguments, "--register", files / "register")
    assert done.returncode == 0
    lines = [json.loads(line) for line in (files / "register").read_text().splitlines()]
    assert lines[0]["register"] == 1 and lines[0]["count"] == 2 and [row["id"] for row in lines[1:]] == [B, C]
    (files / "mine.cf").write_bytes(cf(a=b"{mine}", c=b"{other}"))
    done = run(*arguments, "--against", files / "register", "--register", files / "register")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0]["since"] == {"appeared": 1, "changed": 1, "gone": 1}
    assert [(row["since"], row["id"]) for row in rows if "since" in row and "id" in row] == [("appeared", A), ("gone", B), ("changed", C)]
    assert run(*arguments, "--against", files / "register").stdout.count('"since"') == 1
    (files / "register").write_text("no register\n")
    done = run(*arguments, "--against", files / "register")
    assert done.returncode == 1 and "register: line 1" in done.stderr and not done.stdout
    (files / "register").write_text("")
    done = run(*arguments, "--against", files / "register", "--register", files / "register")
    assert done.returncode == 1 and "register: is empty" in done.stderr and not done.stdout
    assert (files / "register").read_text() == ""


@pytest.mark.parametrize("option", ["--register", "--html"])
@pytest.mark.parametrize("name", ["mine.cf", "base.cf", "theirs.cf", "rules.bin", "./mine.cf", "hard.cf", "soft.cf"])
def test_what_is_compared_is_never_overwritten(files, option, name):
    (files / "rules.bin").write_bytes(support({A: 0}))
    (files / "hard.cf").hardlink_to(files / "mine.cf")
    (files / "soft.cf").symlink_to("mine.cf")
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    done = compare(files, "--base", files / "base.cf", "--support", files / "rules.bin", option, f"{files}/{name}")
    assert done.returncode == 2 and "is compared itself" in done.stderr and not done.stdout
    assert before == {path.name: path.read_bytes() for path in files.iterdir()}


def test_the_page_and_the_register_are_two_files(files):
    for html, register in (("out", "out"), ("out", "./out"), ("sub/../out", "out")):
        (files / "sub").mkdir(exist_ok=True)
        done = compare(files, "--base", files / "base.cf", "--html", f"{files}/{html}", "--register", f"{files}/{register}")
        assert done.returncode == 2 and "the same file" in done.stderr and not (files / "out").exists()
    assert compare(files, "--base", files / "base.cf", "--register", files / "old").returncode == 0
    done = compare(files, "--base", files / "base.cf", "--html", files / "old", "--against", files / "old")
    assert done.returncode == 2 and (files / "old").read_text().startswith('{"register":')


def test_a_file_of_another_kind_is_not_replaced(files):
    for option in ("--html", "--register"):
        other = files / f"other{option}"
        for there in (b"a letter\n", b"<!DOCTYPE html>\n<p>of mine", b'{"register', cf()):
            other.write_bytes(there)
            done = compare(files, "--base", files / "base.cf", option, other)
            assert done.returncode == 1 and "is not overwritten" in done.stderr and not done.stdout
            assert other.read_bytes() == there
        other.write_bytes(b"")
        for _ in range(2):
            assert compare(files, "--base", files / "base.cf", option, other).returncode == 0
            assert len(other.read_bytes()) > 100
    done = compare(files, "--base", files / "base.cf", "--html", files / "none" / "page.html")
    assert done.returncode == 1 and "cannot be written" in done.stderr and not done.stdout


def test_folders_are_compared_by_the_same_rules(folder):
    for side, texts in (("base", "111-"), ("mine", "122x"), ("theirs", "333-")):
        for name, text in zip(("vendor.dll", "both.cfg", "own.txt", "new.txt"), texts):
            if text != "-":
                (folder / side / "conf").mkdir(parents=True, exist_ok=True)
                (folder / side / "conf" / name).write_text(text)
    (folder / "rules").write_text("# what the branch may change\n* locked\n*.cfg editable\nconf/own.txt removed\n")
    sides = [folder / side for side in ("base", "mine", "theirs")]
    done = run("compare", "--tree", *sides, "--rules", folder / "rules", "--json")
    summary, items = result(done)
    assert done.returncode == 0 and summary["counts"] == {"unchanged": 0, "mine": 1, "theirs": 1, "identical": 0, "conflict": 2}
    assert {name: row["action"] for name, row in items.items()} == {
        "conf/vendor.dll": "take_theirs", "conf/both.cfg": "take_theirs", "conf/own.txt": "keep_mine", "conf/new.txt": "keep_mine"}
    assert items["conf/both.cfg"]["support"] == "ObjectIsEditableSupportEnabled" and items["conf/both.cfg"]["name"] == "both.cfg"
    _, items = result(run("compare", "--tree", *sides, "--json"))
    assert items["conf/both.cfg"]["action"] == "ask" and items["conf/both.cfg"]["support"] == "unknown"
    assert summary["notes"] == [] and summary["level"] == "file"
    (folder / "rules").write_text("*.cfg editable\n\nconf/none.* locked\n[a-z]* locked\n")
    done = run("compare", "--tree", *sides, "--rules", folder / "rules", "--json")
    assert [note["text"].split(": ", 1)[1] for note in result(done)[0]["notes"]] == [
        "line 3: conf/none.*: matches no file of any side", "line 4: [a-z]*: matches no file of any side"]
    (folder / "rules").write_text("* locked\n*.cfg maybe\n")
    done = run("compare", "--tree", *sides, "--rules", folder / "rules")
    assert done.returncode == 1 and "rules: line 2" in done.stderr and done.stdout == ""
    assert run("compare", "--tree", sides[0], folder / "none", sides[2]).returncode == 1


def test_people_get_a_table(files):
    done = run("compare", "--mine", files / "mine.cf", "--theirs", files / "theirs.cf", "--base", files / "base.cf", "--level", "object")
    assert done.returncode == 0
    assert "unchanged 1, mine 1, theirs 1, identical 0, conflict 1\n" in done.stdout
    assert f"conflict  changed   changed   ask         unknown                         {C}" in done.stdout


def test_wrong_usage_is_exit_status_2(files):
    mine, theirs = ["--mine", files / "mine.cf"], ["--theirs", files / "theirs.cf"]
    for arguments in ([], mine, theirs, [*mine, *theirs, "--level", "line"], [*mine, *theirs, "--rules", "x"], [*mine, *theirs, "x"],
                      ["--tree", files], ["--tree", files, files, files, *mine], ["--nothing"], [*mine, *mine, *theirs],
                      ["--tree", files, files, files, "--level", "entry"]):
        assert run("compare", *arguments).returncode == 2, arguments
    assert run("compare", "--help").stdout.startswith("Usage: 1cdist compare")
    for bad in ("none.cf", "."):
        done = run("compare", "--mine", files / bad, *theirs)
        assert done.returncode == 1 and done.stderr.startswith("1cdist: ")
    (files / "text.cf").write_text("text")
    done = run("compare", "--mine", files / "text.cf", *theirs)
    assert done.returncode == 1 and "text.cf" in done.stderr
