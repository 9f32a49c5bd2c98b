"""The platform's own services: what its launcher and thin client ask for."""
import base64
import json
import subprocess
import uuid

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD

ZERO = "00000000-0000-0000-0000-000000000000"
INFO = "/tc/WebDistributiveLocation/GetDistributiveInfo"
BASES = "/tc/WebCommonInfoBases"


def root_of(answer):
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = json.loads(answer.body)
    assert list(body) == ["root"]
    return body["root"]


def info(server, query, headers=None, base=INFO):
    root = root_of(server.get(f"{base}?{query}", headers or {}))
    assert set(root) == {"size", "url"}
    return root["size"], root["url"]


# ---- GetDistributiveInfo ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("query, file", [
    ("OS=Windows&Arch=x86_64", "windows64tc.zip"), ("os=WINDOWS&arch=AMD64", "windows64tc.zip"),
    ("OS=win&Arch=x64", "windows64tc.zip"), ("OS=Windows_x86_64&Arch=", "windows64tc.zip"),
    ("OS=Windows_x86_64&Arch=x86_64", "windows64tc.zip"), ("OS=Windows&Arch=x86_64_prt", "windows64tc.zip"),
    ("OS=Linux&Arch=x86_64", "linux64tc.zip"), ("Arch=64&OS=lin", "linux64tc.zip"), ("OS=linux%20x86-64", "linux64tc.zip")])
def test_a_distribution_is_told_with_its_exact_size_and_address(httpd, shared, query, file):
    server = httpd(shared["plain"])
    size, url = info(server, f"{query}&Version={CURRENT}")
    assert url == f"http://127.0.0.1:{server.port}/tc/{CURRENT}/{file}"
    answer = server.get(url[url.index("/tc/"):])
    assert answer.status == 200 and len(answer.body) == size


@pytest.mark.parametrize("query", [
    f"OS=Solaris&Arch=x86_64&Version={CURRENT}", f"OS=Windows&Arch=sparc&Version={CURRENT}", f"Arch=x86_64&Version={CURRENT}",
    f"OS=Windows&Version={CURRENT}", "OS=Windows&Arch=x86_64", "OS=Windows&Arch=x86_64&Version=8.3.22.9999",
    f"OS=Windows_x86&Arch=x86_64&Version={CURRENT}", f"OS=Linux&Arch=e2k&Version={CURRENT}",
    f"OS=Windows%00&Arch=x86_64%2500&Version={CURRENT}", f"OS={'W' * 2000}&Arch=x86_64&Version={CURRENT}"])
def test_what_is_not_there_has_size_zero(httpd, shared, query):
    assert info(httpd(shared["plain"]), query) == (0, "")


@pytest.mark.parametrize("version", ["latest", "8", "8.3.22.1750.1", "8.3.22.1750%00", "", "%zz", "8.3.22.-1"])
def test_a_malformed_version_is_refused(httpd, shared, version):
    assert httpd(shared["plain"]).get(f"{INFO}?OS=Windows&Arch=x86_64&Version={version}").status == 400


def test_a_mask_that_current_satisfies_means_current(httpd, shared):
    server = httpd(shared["plain"], OLD)
    assert f"/{OLD}/" in info(server, "OS=Windows&Arch=x86_64&Version=8.3.22")[1]
    assert f"/{NEWEST}/" in info(server, "OS=Windows&Arch=x86_64&Version=8.3.25")[1]


def test_the_address_is_right_behind_a_proxy(httpd, shared):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "update.example.com"}
    _, url = info(httpd(shared["plain"]), f"OS=Windows&Arch=x86_64&Version={CURRENT}", headers)
    assert url == f"https://update.example.com/tc/{CURRENT}/windows64tc.zip"


def test_who_asks_for_the_size_waits_for_the_build_within_the_limits(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    releases.age(folder / "root")
    server = httpd(folder / "root")
    assert info(server, f"OS=Windows&Arch=x86_64&Version={CURRENT}")[0] > 0
    assert len(server.wait_logged("CD0013")) == 1
    assert server.get(f"/tc/{CURRENT}/windows64tc.zip").status == 200
    assert len(server.logged("CD0013")) == 1, "built once"


def test_over_the_limits_the_answer_is_503_and_no_guess(httpd, folder):
    releases.add_release(folder / "root", CURRENT)
    releases.age(folder / "root")
    server = httpd(folder / "root", process="CDistWaitMax 0")
    answer = server.get(f"{INFO}?OS=Windows&Arch=x86_64&Version={CURRENT}")
    assert answer.status == 503 and answer.headers["Retry-After"]


@pytest.mark.parametrize("say, told", [("On", False), ("advertise", True)])
def test_an_installed_platform_is_told_only_where_the_administrator_says_so(httpd, folder, say, told):
    releases.write_files(folder / "root" / CURRENT / "bin", {"1cv8c.exe": releases.pe(CURRENT), "core.dll": b"MZ" + bytes(5000)})
    releases.age(folder / "root")
    server = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistInstalled {say}'})
    assert (info(server, f"OS=Windows&Arch=x86_64&Version={CURRENT}")[0] > 0) == told


@pytest.mark.parametrize("path", ["/tc/WebDistributiveLocation", "/tc/WebDistributiveLocation/"])
def test_the_probe_by_head_is_200_and_a_soap_call_405(httpd, shared, path):
    server = httpd(shared["plain"])
    assert server.get(path, method="HEAD").status == 200
    assert server.get(path, method="POST", body=b"").status == 405


# ---- infobases --------------------------------------------------------------------------------------------------------

COMMON = "\ufeff[Бухгалтерия = основная!]\r\nConnect=Srvr=\"app\";Ref=\"buh\";\r\nID=f0e1d2c3-0000-4000-8000-000000000001\r\n"
SECOND = "[Склад]\nConnect=ws=\"http://app/sklad\";"


def publish_lists(folder, lines):
    (folder / "common.v8i").write_bytes(COMMON.encode())
    (folder / "second.v8i").write_bytes(SECOND.encode("utf-16"))
    return "\n  ".join(lines).format(folder=folder)


def check(server, code, client=ZERO):
    return root_of(server.get(f"{BASES}/CheckInfoBases?ClientId={client}&InfoBasesCheckCode={code}"))["infoBasesChanged"]


def fetch(server, headers=None, client=ZERO):
    root = root_of(server.get(f"{BASES}/GetInfoBases?ClientId={client}&InfoBasesCheckCode={ZERO}", headers or {}))
    assert str(uuid.UUID(root["InfoBasesCheckCode"])) == root["InfoBasesCheckCode"]
    assert str(uuid.UUID(root["ClientId"])) == root["ClientId"]
    return root


def test_lists_are_joined_and_a_change_is_noticed(httpd, folder):
    server = httpd({"/tc": publish_lists(folder, ['CDistInfobases "{folder}/common.v8i" "{folder}/second.v8i"'])})
    assert check(server, ZERO) is True
    got = fetch(server)
    assert got["InfoBases"] == COMMON[1:] + SECOND.replace("\n", "\r\n") + "\r\n"
    assert got["ClientId"] != ZERO
    assert check(server, got["InfoBasesCheckCode"], got["ClientId"]) is False
    assert check(server, got["InfoBasesCheckCode"].upper()) is False
    (folder / "second.v8i").write_text(SECOND.replace("app", "new"))
    assert check(server, got["InfoBasesCheckCode"]) is True
    again = fetch(server, client=got["ClientId"])
    assert again["ClientId"] == got["ClientId"] and "http://new/sklad" in again["InfoBases"]


def test_a_list_for_each_user_by_httpds_own_authentication(httpd, folder):
    lists = publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"',
                                   'CDistInfobases "{folder}/second.v8i" "expr=%{{REMOTE_USER}} == \'olga\'"'])
    passwords = folder / "users"
    passwords.write_text("".join(
        f"{user}:{subprocess.run(['openssl', 'passwd', '-apr1', user], capture_output=True, text=True).stdout}"
        for user in ("olga", "ivan")))
    extra = (f'<Location "{BASES}/GetInfoBases">\nAuthType Basic\nAuthName 1C\nAuthUserFile "{passwords}"\nRequire valid-user\n'
             "</Location>\n")
    server = httpd({"/tc": lists}, extra=extra, modules=["auth_basic", "authn_core", "authn_file", "authz_user"])
    server.allow("AH01617", "AH01618")

    def as_user(name):
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{name}".encode()).decode()}

    assert server.get(f"{BASES}/GetInfoBases?ClientId={ZERO}").status == 401
    olga, ivan = fetch(server, as_user("olga")), fetch(server, as_user("ivan"))
    assert "Склад" in olga["InfoBases"] and "Склад" not in ivan["InfoBases"]
    assert "Бухгалтерия" in ivan["InfoBases"]
    assert check(server, olga["InfoBasesCheckCode"]) is False, "asked without a name"
    assert check(server, ivan["InfoBasesCheckCode"]) is False
    (folder / "second.v8i").write_text(SECOND + "\nShowInList=1\n")
    assert check(server, olga["InfoBasesCheckCode"]) is True
    assert check(server, ivan["InfoBasesCheckCode"]) is False


def test_protected_lists_have_no_other_spelling(httpd, folder):
    lists = publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"'])
    extra = f'<LocationMatch "/(WebCommonInfoBases/GetInfoBases|resolve)$">\nRequire all denied\n</LocationMatch>\n'
    server = httpd({"/tc": lists}, extra=extra)
    server.allow("AH01630")
    for path in ("GetInfoBases", "GetInfoBases/", "getinfobases", "GETINFOBASES", "/GetInfoBases", "GetInfoBases%2f", "%47etInfoBases"):
        answer = server.get(f"{BASES}/{path}")
        assert answer.status in (403, 404), path
        assert "Бухгалтерия".encode() not in answer.body
    for path in ("/tc/resolve", "/tc/resolve/", "/tc/Resolve"):
        assert server.get(f"{path}?infobase=x").status in (403, 404), path


def test_another_configuration_changes_everybodys_list(httpd, folder):
    first = publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"'])
    server = httpd({"/tc": first})
    code = fetch(server)["InfoBasesCheckCode"]
    assert check(server, code) is False
    server.publications = {"/tc": first + f'\n  CDistInfobases "{folder}/second.v8i"'}
    server.restart()
    assert check(server, code) is True
    code = fetch(server)["InfoBasesCheckCode"]
    server.publications = {"/tc": first + f'\n  CDistInfobases "{folder}/second.v8i" "expr=%{{REMOTE_ADDR}} != \'\'"'}
    server.restart()
    assert check(server, code) is True, "somebody else's it may be now"


def test_a_list_in_another_code_page_is_refused_and_not_mangled(httpd, folder):
    (folder / "old.v8i").write_bytes("[Склад]\r\nConnect=File=\"x\";\r\n".encode("cp1251"))
    server = httpd({"/tc": f'CDistInfobases "{folder}/old.v8i"'})
    server.allow("CD0117", "CD0120")
    assert server.get(f"{BASES}/GetInfoBases").status == 503
    assert "old.v8i" in server.wait_logged("CD0117")[0]


@pytest.mark.parametrize("query", ["ClientId=x", f"ClientId={ZERO[:-1]}", f"ClientId={ZERO}0", "InfoBasesCheckCode=1",
                                   "InfoBasesCheckCode=00000000-0000-0000-0000-00000000000g"])
def test_malformed_guids_are_refused(httpd, folder, query):
    server = httpd({"/tc": publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"'])})
    assert server.get(f"{BASES}/CheckInfoBases?{query}").status == 400
    assert server.get(f"{BASES}/GetInfoBases?{query}").status == 400


def test_codes_that_nobody_gave_out_mean_changed(httpd, folder):
    server = httpd({"/tc": publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"'])})
    for code in ("ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0001-0000-000000000001", str(uuid.uuid4())):
        assert check(server, code) is True


def test_a_list_that_cannot_be_read_is_503_without_its_path(httpd, folder):
    server = httpd({"/tc": f'CDistInfobases "{folder}/missing.v8i"'})
    server.allow("CD0117", "CD0120")
    answer = server.get(f"{BASES}/GetInfoBases")
    assert "missing.v8i" in server.wait_logged("CD0117")[0]
    assert answer.status == 503 and str(folder).encode() not in answer.body


def test_a_list_that_is_missing_or_broken_is_told_at_the_start(httpd, folder):
    (folder / "broken.v8i").write_text("[a]\nConnect=File=x\n[broken\n")
    (folder / "good.v8i").write_text("[a]\nConnect=File=x\n")
    server = httpd({"/tc": f'CDistInfobases "{folder}/missing.v8i" "{folder}/good.v8i" "{folder}/broken.v8i"'})
    server.allow("CD0120")
    said = server.wait_logged("CD0120", 2)
    assert len(said) == 2 and "missing.v8i" in said[0] and "broken.v8i:3: " in said[1], said


def test_each_thing_that_cannot_be_read_has_a_text_of_its_own(httpd, shared, folder):
    root = folder / "root"
    releases.add_release(root, CURRENT, ["windows64"], size=10_000)
    (root / CURRENT / "windows64" / "Setup.ini").write_text("[Startup]\nProductVersion=8.3.22.1\n")
    releases.add_release(root, OLD, ["windows64"], size=10_000)
    releases.age(root)
    server = httpd({"/list": f'CDistInfobases "{folder}/missing.v8i"', "/root": f'CDistRoot "{folder}/away"',
                    "/release": f'CDistRoot "{root}"'})
    server.allow("CD0101", "CD0117", "CD0120", "CD0020")
    details = {}
    for path, tag in (("/list/WebCommonInfoBases/GetInfoBases", "CD0117"), ("/root/windows64tc.zip", "CD0101"),
                      (f"/release/{CURRENT}/windows64tc.zip", "CD0020")):
        answer = server.get_until(path, 503)
        details[path] = json.loads(answer.body)["detail"]
        assert tag in details[path] and str(folder) not in details[path], details
    assert len(set(details.values())) == 3
    assert CURRENT in details[f"/release/{CURRENT}/windows64tc.zip"], "a version is no secret"


def test_a_list_is_read_once_until_it_changes(httpd, folder):
    lists = publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"'])
    releases.age(folder)
    server = httpd({"/tc": lists})
    first = fetch(server)
    assert [fetch(server)["InfoBases"] for _ in range(20)] == [first["InfoBases"]] * 20
    (folder / "common.v8i").write_text(COMMON.replace("buh", "huh"))
    for _ in range(20):
        assert "huh" in fetch(server)["InfoBases"] and check(server, first["InfoBasesCheckCode"]) is True


def test_without_lists_the_service_is_not_there(httpd, shared):
    server = httpd(shared["plain"])
    for path in ("", "/CheckInfoBases", "/GetInfoBases"):
        assert server.get(BASES + path).status == 404


def test_the_infobases_probe_is_200(httpd, folder):
    server = httpd({"/tc": publish_lists(folder, ['CDistInfobases "{folder}/common.v8i"'])})
    assert server.get(BASES, method="HEAD").status == 200


@pytest.mark.parametrize("line, said", [("CDistInfobases", "CDistInfobases"), ('CDistInfobases "expr=true"', "must name .v8i"),
                                        ('CDistInfobases "expr=true" a.v8i', "must stand last"),
                                        ('CDistInfobases a.v8i "expr=%{REMOTE_USER"', "expr="),
                                        ("CDistNegotiate cookie", "path, query, header and agent"),
                                        ('CDistVersionHeader "1C Version"', "name of a header")])
def test_directives_that_cannot_work_are_refused(httpd, line, said):
    status, text = httpd({"/tc": line}, start=False).check_config()
    assert status != 0 and said in text


# ---- ClientUpdate.cfg -------------------------------------------------------------------------------------------------

def test_the_next_release_is_told_for_preloading(httpd, folder):
    root = folder / "root"
    for version in (OLD, CURRENT, "8.3.25.1286", "8.5.1.1529"):
        releases.add_release(root, version, ["windows64", "linux64"], size=10_000)
    releases.age(root)
    server = httpd({"/tc": f'CDistRoot "{root}"\n  CDistCurrent {CURRENT}\n  CDistUpdateDate 20261201030000'})
    answer = server.get("/tc/ClientUpdate.cfg")
    base = f"http://127.0.0.1:{server.port}/tc/8.3.25.1286"
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-cache"
    assert sorted(answer.body.decode().split()) == sorted([
        "Version=8.3.25.1286", "UpdateDate=20261201030000", f"PublishDistributiveLocationWindows64={base}/windows64tc.zip",
        f"PublishDistributiveLocationLinux64={base}/linux64tc.zip"]), "another family is never suggested"
    again = server.get("/tc/ClientUpdate.cfg", {"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


def test_what_is_still_being_copied_is_not_told(httpd, folder):
    root = folder / "root"
    releases.add_release(root, CURRENT, ["windows64"], size=10_000)
    releases.add_release(root, "8.3.25.1286", ["windows64"], size=10_000)
    releases.age(root)
    server = httpd({"/tc": f'CDistRoot "{root}"\n  CDistCurrent {CURRENT}'}, process="CDistSettle 60\n")
    assert server.get("/tc/ClientUpdate.cfg").status == 503, "nothing is settled"


def test_without_a_next_release_there_is_no_such_file(httpd, folder):
    root = folder / "root"
    releases.add_release(root, OLD, ["windows64", "linux64"], size=10_000)
    releases.add_release(root, CURRENT, ["windows64"], size=10_000)
    releases.age(root)
    assert httpd(root).get("/tc/ClientUpdate.cfg").status == 404, "current is the newest"
    incomplete = httpd({"/tc": f'CDistRoot "{root}"\n  CDistCurrent {OLD}\n  CDistRequire windows64 linux64'})
    assert incomplete.get("/tc/ClientUpdate.cfg").status == 404, "the next one is not complete"


def test_a_malformed_update_date_is_refused(httpd, shared):
    for date in ("2026-12-01", "20261301000000", "2026120103000"):
        status, said = httpd({"/tc": f"CDistUpdateDate {date}"}, start=False).check_config()
        assert status != 0 and "YYYYMMDDHHMMSS" in said
