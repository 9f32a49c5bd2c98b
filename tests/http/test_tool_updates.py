"""1cdist info and apply: arguments, exit statuses, output; what the files say is a matter of the unit tests."""
import json
import os
import sys

import pytest

from test_tool import run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))

import make_update_seeds as seeds  # noqa: E402

INFO = ["file", "kind", "name", "vendor", "version", "version_id", "compatibility", "container_bits", "entries", "distribution",
        "sources", "bytes_read"]
APPLY = ["file", "name", "vendor", "version", "version_id", "container_bits", "entries", "experimental"]


@pytest.fixture
def files(folder):
    made = dict(seeds.container_seeds())
    for name in ("cf32", "cf64", "cfu", "efd", "cut", "lfs"):
        (folder / name).write_bytes(made[name])
    (folder / "1cv8.mft").write_bytes(b"Vendor=V\r\nName=N\r\nVersion=1.0\r\n")
    return folder


def test_info_prints_the_keys_of_the_contract_a_line_each(files):
    done = run("info", files / "cf64", "--json", files / "cfu", files / "efd", files / "1cv8.mft")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and done.stderr == ""
    assert [list(row) for row in rows] == [INFO] * 4
    assert [row["kind"] for row in rows] == ["cf", "cfu", "efd", "mft"]
    assert rows[0]["distribution"] is True and rows[0]["container_bits"] == 64 and rows[0]["sources"] == []
    assert rows[1]["sources"] == [{"name": "Склад", "vendor": "Фирма", "version": "1.0.2.6", "version_id": seeds.VERSION}]
    assert all(row["bytes_read"] <= (files / name).stat().st_size
               for row, name in zip(rows, ("cf64", "cfu", "efd", "1cv8.mft")))


def test_one_bad_file_does_not_stop_the_rest(files):
    done = run("info", files / "lfs", files / "cf32", files / "cut", files / "none", files)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{files / 'cf32'}: cf, a vendor's distribution\n")
    errors = done.stderr.splitlines()
    assert len(errors) == 4 and all(line.startswith("1cdist: ") for line in errors)
    assert "git lfs pull" in errors[0] and "offset 0x" in errors[1]


@pytest.mark.parametrize("name, content, said", [
    ("1cv8.mft", b"Vendor=V\r\nName=N\r\n\r\n version =\r\n", "line 4: Version= is empty"),
    ("UpdInfo.txt", b"FromVersions=;1;\r\n", "the key Version is missing; a template is not found without it: write Version="),
    ("updates.zip", b"PK\3\4" + bytes(60), "a ZIP archive, not a file of a configuration: unpack it"),
    ("zeros", bytes(600), "it is damaged, or no file of 1C:Enterprise"),
])
def test_what_cannot_be_read_says_why_and_what_to_do(files, name, content, said):
    (files / name).write_bytes(content)
    done = run("info", files / name)
    assert done.returncode == 1 and done.stderr.startswith(f"1cdist: {files / name}: ") and said in done.stderr


def test_standard_input_is_refused_by_its_name(files):
    done = run("info", "-")
    assert done.returncode == 2 and done.stderr.startswith("1cdist info: -: standard input is not read: name a file\n")


def test_wrong_usage_is_exit_status_2(files):
    assert run("info").returncode == 2
    assert run("info", "--none", files / "cf32").returncode == 2
    assert run("apply", files / "cf32", "-o", files / "new").returncode == 2
    assert run("apply", files / "cf32", files / "cfu").returncode == 2
    done = run("apply", files / "cf32", files / "cfu", "-o", "-")
    assert done.returncode == 2 and "missing" not in done.stderr and "standard output" in done.stderr
    for verb in ("info", "apply"):
        done = run(verb, "--help")
        assert done.returncode == 0 and done.stdout.startswith(f"Usage: 1cdist {verb}")


def test_apply_prints_the_result_and_touches_nothing_when_it_refuses(files):
    update = seeds.deflate(seeds.container([(seeds.ROOT, seeds.metadata()), ("UpdateInfo.inf", seeds.update_info())]))
    (files / "good.cfu").write_bytes(update)
    done = run("apply", "-o", files / "new.cf", files / "cf64", files / "good.cfu", "--json")
    row = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == "" and list(row) == APPLY
    assert row["version"] == "1.0.2.7" and row["container_bits"] == 64 and row["experimental"] is False
    assert json.loads(run("info", "--json", files / "new.cf").stdout)["entries"] == row["entries"]
    other = seeds.update_info().replace(seeds.VERSION.encode(), seeds.OBJECT.encode(), 1)
    (files / "other.cfu").write_bytes(seeds.deflate(seeds.container([(seeds.ROOT, seeds.metadata()), ("UpdateInfo.inf", other)])))
    before = (files / "new.cf").read_bytes()
    done = run("apply", files / "cf64", files / "other.cfu", "-o", files / "new.cf")
    assert done.returncode == 1 and "does not apply" in done.stderr and done.stdout == ""
    assert (files / "new.cf").read_bytes() == before
    (files / "pipe").mkdir()
    done = run("apply", files / "cf64", files / "good.cfu", "-o", files / "pipe")
    assert done.returncode == 1 and "no plain file" in done.stderr


def test_an_update_of_another_configuration_is_told_so(files):
    other = seeds.update_info().replace(seeds.VERSION.encode(), seeds.OBJECT.encode(), 1)
    other = other.replace("Склад".encode(), "Касса".encode())
    entries = [(seeds.ROOT, seeds.metadata()), ("UpdateInfo.inf", other)]
    (files / "other.cfu").write_bytes(seeds.deflate(seeds.container(entries)))
    done = run("apply", files / "cf64", files / "other.cfu", "-o", files / "new.cf")
    assert done.returncode == 1 and "another configuration, Касса of Фирма, and not of Склад" in done.stderr
    assert not (files / "new.cf").exists()


def test_a_missing_folder_for_the_result_is_told_before_anything_is_read(files):
    done = run("apply", files / "none.cf", files / "none.cfu", "-o", files / "nowhere" / "new.cf")
    assert done.returncode == 1 and f"new.cf: cannot be written: there is no folder {files}/nowhere" in done.stderr


def test_updates_of_64_bits_are_marked(files):
    update = seeds.container([(seeds.ROOT, seeds.metadata()), ("UpdateInfo.inf", seeds.update_info())], bits=64)
    (files / "wide.cfu").write_bytes(seeds.deflate(update))
    done = run("apply", files / "cf32", files / "wide.cfu", "-o", files / "new.cf", "--json")
    assert done.returncode == 0 and "experimental" in done.stderr
    assert json.loads(done.stdout)["experimental"] is True
