"""1cdist compare: what is said of sides that do not belong together, and of rules that changed. It is said, and ends nothing."""
import json

from test_tool import run
from test_tool_compare import B, C, INSTANCE, cf, compare, entries, files, result, seeds, support  # noqa: F401

OTHER_ID = "11111111-b151-4efe-8b31-f0897db3142a"


def notes_of(done):
    assert done.returncode == 0, done.stderr
    return {note["code"]: note["text"] for note in result(done)[0]["notes"]}


def renamed(name):
    return seeds.metadata().replace("Склад".encode(), name.encode())


def of_version(version, version_id=None):
    changed = {seeds.ROOT: seeds.metadata().replace(b'"1.0.2.7"', b'"%s"' % version.encode())}
    if version_id:
        changed["versions"] = seeds.MARK + b'{1,1,"",' + version_id.encode() + b"}"
    return changed


def customer(data, **vendor):
    own = {seeds.OBJECT + ".4": data, f"{seeds.ROOT}.{INSTANCE}": seeds.deflate(seeds.container(entries(**vendor)))}
    return cf(b=b"{mine}", **own)


def test_sides_that_belong_together_need_no_word(files):
    (files / "theirs.cf").write_bytes(cf(**of_version("1.0.3.1", OTHER_ID)))
    (files / "mine.cf").write_bytes(customer(support({B: 1})))
    assert set(notes_of(compare(files))) <= {"theirs_no_distribution", "support_data"}
    arguments = ["--base", files / "base.cf", "--level", "object"]
    assert set(notes_of(compare(files, *arguments))) <= {"theirs_no_distribution", "base_no_distribution"}


def test_a_base_that_mine_does_not_come_from_is_said(files):
    (files / "other.cf").write_bytes(cf(**{seeds.ROOT: renamed("Касса")}))
    assert "Касса" in notes_of(compare(files, "--base", files / "other.cf"))["base_not_of_mine"]
    (files / "mine.cf").write_bytes(customer(support({B: 1})))
    (files / "other.cf").write_bytes(cf(**of_version("1.0.2.6", OTHER_ID)))
    assert "1.0.2.6" in notes_of(compare(files, "--base", files / "other.cf"))["base_not_of_mine"]
    # A configuration that the customer renamed comes from the vendor's all the same.
    (files / "mine.cf").write_bytes(cf(**{seeds.ROOT: renamed("Наш склад"), seeds.OBJECT + ".4": support({B: 1})}))
    assert "base_not_of_mine" not in notes_of(compare(files, "--base", files / "base.cf"))


def test_support_data_of_another_product_or_release_are_said(files):
    other = support({B: 1}).replace("Склад".encode(), "Касса".encode()).replace(seeds.VERSION.encode(), OTHER_ID.encode())
    (files / "support.bin").write_bytes(other)
    arguments = ["--base", files / "base.cf", "--support", files / "support.bin"]
    assert "Касса" in notes_of(compare(files, *arguments))["support_of_other"]
    assert "Касса" in notes_of(compare(files, "--support", files / "support.bin"))["support_of_other"]
    (files / "support.bin").write_bytes(support({B: 1}))
    assert "support_of_other" not in notes_of(compare(files, *arguments))
    (files / "mine.cf").write_bytes(customer(support({B: 1}), **of_version("1.0.2.6", OTHER_ID)))
    assert "1.0.2.6" in notes_of(compare(files))["support_of_other"]


def test_a_release_that_is_not_newer_is_said(files):
    for version, said in (("1.0.2.6", 1), ("1.0.2.7", 1), ("1.0.10.1", 0)):
        (files / "theirs.cf").write_bytes(cf(**of_version(version)))
        assert ("not_newer" in notes_of(compare(files, "--base", files / "base.cf"))) == said


def test_a_vendor_whose_objects_are_all_locked_is_said(files):
    data = support({C: 1}).replace(b"{6,0,1," + INSTANCE.encode() + b",0,", b"{6,0,1," + INSTANCE.encode() + b",1,")
    (files / "support.bin").write_bytes(data)
    done = compare(files, "--base", files / "base.cf", "--support", files / "support.bin")
    assert "not editable" in notes_of(done)["vendor_locked"]
    assert result(done)[1][C]["action"] == "no_update"


def test_the_page_has_the_notes_in_russian_too(files):
    (files / "mine.cf").write_bytes(customer(support({B: 1}, 1)))
    assert compare(files, "--html", files / "page.html").returncode == 0
    page = (files / "page.html").read_text()
    assert "обновление заменяет её новым выпуском целиком" in page and "an update replaces it" in page
    assert 'data-ru="конфигурация поставщика в ней"' in page and "mine.cf: the vendor" not in page


def test_support_data_differ_always_which_is_said_where_they_are_listed(files):
    (files / "mine.cf").write_bytes(customer(support({B: 1})))
    done = compare(files)
    assert seeds.OBJECT + ".4" in result(done)[1] and "--level object" in notes_of(done)["support_data"]
    done = compare(files, "--level", "object")
    assert seeds.OBJECT + ".4" not in result(done)[1] and "support_data" not in notes_of(done)
    (files / "mine.cf").write_bytes(cf(b=b"{mine}"))
    assert "support_data" not in notes_of(compare(files, "--base", files / "base.cf"))


def test_the_register_tells_of_rules_that_changed_and_of_nothing(files):
    arguments = ["compare", "--base", files / "base.cf", "--mine", files / "mine.cf", "--support", files / "support.bin"]
    (files / "support.bin").write_bytes(support({B: 1, C: 1}))
    assert run(*arguments, "--register", files / "register").returncode == 0
    done = run(*arguments, "--against", files / "register")
    assert done.stdout.endswith("since the register: nothing changed\n") and "was made against" not in done.stdout
    (files / "support.bin").write_bytes(support({B: 2, C: 1}))
    done = run(*arguments, "--against", files / "register")
    assert f"since the register: changed   {B}" in done.stdout
    assert done.stdout.endswith("(ObjectNotSupported, was ObjectIsEditableSupportEnabled)\n")
    row = json.loads(run(*arguments, "--against", files / "register", "--json").stdout.splitlines()[-1])
    assert row["since"] == "changed" and row["before"] == row["now"] == "changed"
    assert [row["support_before"], row["support"]] == ["ObjectIsEditableSupportEnabled", "ObjectNotSupported"]


def test_a_register_of_another_base_is_said(files):
    arguments = ["compare", "--base", files / "base.cf", "--mine", files / "mine.cf"]
    assert run(*arguments, "--register", files / "register").returncode == 0
    text = (files / "register").read_text()
    for old, new in (("Склад", "Касса"), (seeds.VERSION, INSTANCE)):
        assert old in text
        (files / "register").write_text(text.replace(old, new))
        done = run(*arguments, "--against", files / "register", "--json")
        assert done.returncode == 0 and "register_of_other" in [note["code"] for note in json.loads(done.stdout.splitlines()[0])["notes"]]
