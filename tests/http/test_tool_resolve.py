"""1cdist resolve: arguments, exit statuses, output, and what it writes; the decisions themselves are unit tests."""
import json
import os

import pytest

from test_tool import run

KEYS = ["infobase", "required", "chosen", "arch", "client", "origin", "path", "args", "steps"]
LIST = """[Продажи]
Connect=File="/b";Usr=admin;Pwd=S3cret;
ID=1
Version=8.3.22
App=Auto
PPasswd=S3cret
AdditionalParameters=/C x /P S3cret /UCS3cret
[Группа]
ID=2
[Склад = 1]
Connect=Srvr="h";Ref="r";
ID=3
Version=8.3.99.1
App=ThickClient
"""


@pytest.fixture
def place(folder):
    (folder / "a.v8i").write_bytes(b"\xef\xbb\xbf" + LIST.replace("\n", "\r\n").encode())
    for version in ("8.3.22.1750", "8.3.22.1704"):
        (folder / "inst" / version / "bin").mkdir(parents=True)
        (folder / "inst" / version / "bin" / "1cv8c.exe").write_bytes(b"x")
    slot = folder / "dist" / "8.3.22.2000" / "Win64"
    slot.mkdir(parents=True)
    (slot / "Setup.ini").write_text("[Startup]\nProductVersion=8.3.22.2000\n")
    return folder


def resolve(place, *options):
    return run("resolve", "--infobases", place / "a.v8i", "--installed", place / "inst", *options)


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_infobase_is_answered_with_the_keys_of_the_contract(place):
    done = resolve(place, "--json")
    assert done.returncode == 3
    first, second = rows(done)
    assert list(first) == KEYS and list(second) == KEYS
    assert (first["infobase"], first["required"], first["chosen"]) == ("Продажи", "8.3.22", "8.3.22.1750")
    assert (first["client"], first["origin"]) == ("thin", "installed")
    assert first["path"] == str(place / "inst" / "8.3.22.1750" / "bin" / "1cv8c.exe")
    assert first["args"] == ["ENTERPRISE", "/IBName", "Продажи", "/AppAutoCheckMode", "/C", "x"]
    assert (second["infobase"], second["chosen"], second["client"]) == ("Склад = 1", "", "thick")
    assert f"1cdist: {place}/a.v8i:10: Склад = 1: version 8.3.99.1 with a thick client is neither installed" in done.stderr
    assert any("the real launcher would start" in step or "no other version" in step for step in second["steps"])


def test_secrets_are_never_shown(place):
    for options in (["--json"], ["--explain"], ["--json", "--", "/P", "S3cret"]):
        done = resolve(place, *options)
        assert "3cret" not in done.stdout + done.stderr and "admin" not in done.stdout + done.stderr


def test_one_infobase_by_name_in_any_case(place):
    assert rows(resolve(place, "--json", "--infobase", "ПРОДАЖИ"))[0]["chosen"] == "8.3.22.1750"
    assert resolve(place, "--infobase", "Продажи").returncode == 0
    assert resolve(place, "--infobase", "Склад = 1").returncode == 3
    for name in ("Нет", "Группа"):
        done = resolve(place, "--infobase", name)
        assert done.returncode == 1 and done.stdout == "" and name in done.stderr


def test_a_distribution_wins_where_it_is_newer(place):
    row = rows(resolve(place, "--json", "--infobase", "Продажи", "--distributive", place / "dist"))[0]
    assert (row["chosen"], row["origin"], row["arch"]) == ("8.3.22.2000", "distributive", "x86_64")
    assert row["path"] == str(place / "dist" / "8.3.22.2000" / "Win64")


def test_explain_names_file_and_line_of_each_step(place):
    done = resolve(place, "--infobase", "Продажи", "--explain")
    assert f"    {place}/a.v8i:4: Version=8.3.22" in done.stdout
    assert "a.v8i:4" not in resolve(place, "--infobase", "Продажи").stdout


def test_options_stand_anywhere_and_lists_may_be_operands(place):
    (place / "b.v8i").write_text("[third]\nConnect=File=x\nVersion=8.3.22.1704\n")
    done = run("resolve", "--json", "--infobases", place / "b.v8i", place / "a.v8i", "--installed", place / "inst")
    assert [row["infobase"] for row in rows(done)] == ["third", "Продажи", "Склад = 1"]
    assert rows(done)[0]["chosen"] == "8.3.22.1704"


def test_arguments_behind_two_dashes_go_to_the_client(place):
    done = resolve(place, "--json", "--infobase", "Продажи", "--", "/L", "ru")
    assert rows(done)[0]["args"][-2:] == ["/L", "ru"]


def test_start_files_are_followed(place):
    (place / "1cestart.cfg").write_bytes(b"\xff\xfe" + f"CommonCfgLocation={place}/1cescmn.cfg\r\n".encode("utf-16-le"))
    (place / "1cescmn.cfg").write_text(f"DistributiveLocation={place}/dist\nCommonInfoBases={place}/common.v8i")
    (place / "common.v8i").write_text("[Общая]\nConnect=File=x\nVersion=8.3.22\n")
    done = resolve(place, "--json", "--start-cfg", place / "1cestart.cfg")
    assert [(row["infobase"], row["chosen"]) for row in rows(done)] == [
        ("Продажи", "8.3.22.2000"), ("Склад = 1", ""), ("Общая", "8.3.22.2000")]
    alone = run("resolve", "--json", "--start-cfg", place / "1cestart.cfg")
    assert alone.returncode == 0 and rows(alone)[0]["infobase"] == "Общая"


def test_one_bad_file_does_not_stop_the_rest(place):
    (place / "bad.v8i").write_bytes(b"\xff\xfe[\x00a")
    (place / "long.v8i").write_bytes(b"[a]\nConnect=" + b"x" * (9 * 1024 * 1024))
    done = run("resolve", "--json", "--infobases", place / "bad.v8i", place / "long.v8i", place / "missing.v8i",
               place / "a.v8i", "--installed", place / "inst", "--installed", place / "nowhere")
    assert done.returncode == 1 and len(rows(done)) == 2
    for text in ("bad.v8i:1: the file ends in the middle", "long.v8i: larger than", "missing.v8i: ", "nowhere: cannot be read"):
        assert text in done.stderr


def test_a_version_that_is_none_is_an_error_with_its_line(place):
    (place / "bad.v8i").write_text("[a]\nConnect=File=x\nVersion=latest\n[b]\nConnect=File=x\nVersion=8.3.22\n")
    done = run("resolve", "--json", "--infobases", place / "bad.v8i", "--installed", place / "inst")
    assert done.returncode == 1 and [row["infobase"] for row in rows(done)] == ["b"]
    assert "bad.v8i:3: Version=latest: must be" in done.stderr


def test_write_records_once_and_keeps_everything_else(place):
    before = (place / "a.v8i").read_bytes()
    os.chmod(place / "a.v8i", 0o640)
    resolve(place, "--infobase", "Продажи")
    assert (place / "a.v8i").read_bytes() == before
    assert resolve(place, "--infobase", "Продажи", "--write").returncode == 0
    after = (place / "a.v8i").read_bytes()
    assert after == before.replace(b"/UCS3cret\r\n", b"/UCS3cret\r\nDefaultApp=ThinClient\r\n")
    assert (place / "a.v8i").stat().st_mode & 0o777 == 0o640
    resolve(place, "--infobase", "Продажи", "--write")
    assert (place / "a.v8i").read_bytes() == after


@pytest.mark.parametrize("options", [["--arch", "arm"], ["--rules", "8.4"], ["--legacy", "8.2=/x"], ["--legacy", "8.1"],
                                     ["--nonsense"]])
def test_wrong_usage_is_2(place, options):
    done = resolve(place, *options)
    assert done.returncode == 2 and "Try: 1cdist resolve --help" in done.stderr


def test_without_a_list_it_is_wrong_usage():
    assert run("resolve", "--infobase", "x").returncode == 2
    assert run("resolve", "--help").stdout.startswith("Usage: 1cdist resolve")
