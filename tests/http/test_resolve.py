"""{base}/resolve: which version an infobase of the published lists is started with, out of the releases that are published."""
import json

import pytest

from conftest import CURRENT, NEWEST, OLD
from test_services import info

BASES_TO_RESOLVE = f"""[Exact]
Connect=Srvr="app";Ref="buh";Usr="ivan";Pwd="secret";
Version={OLD}

[Mask]
Connect=ws="http://app/sklad";
Version=8.3.22

[Gone]
Connect=File="C:\\b";
Version=8.3.22.9999
"""


@pytest.fixture(name="resolver")
def running_resolver(httpd, shared, folder):
    (folder / "own.v8i").write_text(BASES_TO_RESOLVE)
    return httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistInfobases "{folder}/own.v8i"'})


def test_resolve_answers_as_the_command_line_does(resolver, folder):
    for name, chosen in (("Exact", OLD), ("Mask", CURRENT), ("Gone", "")):
        answer = resolver.get(f"/tc/resolve?infobase={name}&os=Windows&arch=x86_64")
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        told = json.loads(answer.body)
        assert list(told) == ["infobase", "required", "chosen", "arch", "client", "origin", "path", "args", "steps"]
        assert (told["infobase"], told["chosen"], told["client"]) == (name, chosen, "thin")
        if chosen:
            assert resolver.get(told["path"][told["path"].index("/tc/"):]).status == 200
        assert "secret" not in answer.body.decode() and str(folder) not in answer.body.decode()


def test_an_infobase_without_a_version_gets_current_and_no_other_family(httpd, shared, folder):
    (folder / "own.v8i").write_text('[Any]\nConnect=Srvr="app";Ref="buh";\n')
    lists = f'CDistRoot "{shared["families"]}"\n  CDistInfobases "{folder}/own.v8i"'
    server = httpd({"/tc": lists})
    assert server.get("/tc/resolve?infobase=Any").status == 404, "8.3 or 8.5: nobody has said"
    server = httpd({"/tc": lists + "\n  CDistCurrent 8.3"})
    assert json.loads(server.get("/tc/resolve?infobase=Any").body)["chosen"] == CURRENT


def resolved(server, query):
    answer = server.get(f"/tc/resolve?{query}")
    assert answer.status == 200, answer
    return json.loads(answer.body)


@pytest.mark.parametrize("mask", ["8.3", "8.3.22", "8.3.25"])
def test_a_part_of_a_version_gets_what_getdistributiveinfo_names(httpd, shared, folder, mask):
    (folder / "own.v8i").write_text(f'[Mask]\nConnect=File="x";\nVersion={mask}\n')
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {OLD}\n  CDistInfobases "{folder}/own.v8i"'})
    for machine in ("os=Windows&arch=x86_64", "os=Linux&arch=x86_64", "os=Windows&arch=x86"):
        size, url = info(server, f"{machine}&Version={mask}")
        told = resolved(server, f"infobase=Mask&{machine}")
        assert told["path"] == url and (size > 0) == bool(told["chosen"]), (machine, told)
    told = resolved(server, "infobase=Mask")
    assert told["chosen"] == (NEWEST if mask == "8.3.25" else OLD), "whatever the machine"
    assert any("current here" in step and OLD in step for step in told["steps"])


def test_a_mask_whose_current_release_lacks_the_slot_gets_the_newest_that_has_it(httpd, shared, folder):
    (folder / "own.v8i").write_text('[Mask]\nConnect=File="x";\nVersion=8.3.22\n')
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {OLD}\n  CDistInfobases "{folder}/own.v8i"'})
    _, url = info(server, "os=macOS&arch=&Version=8.3.22")
    told = resolved(server, "infobase=Mask&os=macOS")
    assert told["chosen"] == CURRENT and told["path"] == url
    assert any("newest that has one" in step for step in told["steps"]), told["steps"]


def test_who_asks_for_no_version_is_told_of_the_current_one_alone(httpd, shared, folder):
    (folder / "own.v8i").write_text('[Any]\nConnect=File="x";\n')
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {OLD}\n  CDistInfobases "{folder}/own.v8i"'})
    told = resolved(server, "infobase=Any&os=Windows&arch=x86_64")
    assert told["chosen"] == OLD and any(f"current here, {OLD}" in step for step in told["steps"])
    lacking = resolved(server, "infobase=Any&os=macOS")
    assert lacking["chosen"] == "" and any(f"version {OLD}, which is current here, is published without" in step
                                           for step in lacking["steps"]), lacking["steps"]
    for step in told["steps"] + lacking["steps"]:
        assert "whatever family" not in step and "the newest is taken" not in step


def test_the_first_of_two_infobases_of_one_name_is_taken_with_a_word_about_the_other(httpd, shared, folder):
    (folder / "own.v8i").write_text(f'[Two]\nConnect=File="x";\nVersion={OLD}\n\n[two]\nConnect=File="y";\nVersion={CURRENT}\n')
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistInfobases "{folder}/own.v8i"'})
    told = resolved(server, "infobase=TWO")
    assert told["chosen"] == OLD and any("own.v8i:5: [two] has the same name" in step for step in told["steps"])


@pytest.mark.parametrize("query, status", [("", 400), ("infobase=", 400), ("infobase=None", 404), ("infobase=Exact&os=Amiga", 400),
                                           ("infobase=Exact&arch=sparc", 400)])
def test_resolve_refuses_what_it_cannot_answer(resolver, query, status):
    assert resolver.get(f"/tc/resolve?{query}").status == status
