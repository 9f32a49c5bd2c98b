"""Mistakes in the configuration: httpd -t names directive, file and line, and what is allowed."""
import re

import pytest

NUMBERS = ("CDistLevel", "CDistSettle", "CDistScanInterval", "CDistBuildTimeout", "CDistBuildMax", "CDistWaitMax")
PROCESS_WIDE = [f"{name} 1" for name in NUMBERS] + ["CDistStore /tmp/cdist-store-of-no-test", "CDistPrebuild On"]


def complaint(httpd, **parts):
    """What `httpd -t` says about a configuration that it must refuse because of one of our directives."""
    server = httpd({}, start=False)
    status, said = server.check_config(**parts)
    assert status != 0, said
    path = server.folder / "httpd.conf"
    place = re.search(rf"Syntax error on line (\d+) of {re.escape(str(path))}:\n(.*)", said)
    assert place, said
    directive = path.read_text().splitlines()[int(place[1]) - 1].split()[0]
    assert directive.startswith("CDist") and directive in place[2]
    return said


@pytest.mark.parametrize("line", [
    "CDistLevel 0", "CDistLevel 10", "CDistLevel x", "CDistLevel 6x", 'CDistLevel ""', "CDistLevel 1e1",
    "CDistLevel -1",
    "CDistSettle -1", "CDistSettle 30s", "CDistSettle 86401", "CDistSettle 99999999999999999999999",
    "CDistScanInterval -1", "CDistScanInterval ten", "CDistBuildTimeout 0", "CDistBuildTimeout 3601",
    "CDistBuildMax 0",
    "CDistBuildMax 65", "CDistWaitMax -1", "CDistWaitMax 65537", 'CDistStore ""', "CDistPrebuild maybe", 'CDistPrebuild ""'])
def test_bad_value_of_a_process_directive_is_refused(httpd, line):
    said = complaint(httpd, process=line + "\n")
    name, value = line.split(" ", 1)
    assert name in said
    assert value.strip('"') in said
    assert "must be" in said or "takes one argument" in said


@pytest.mark.parametrize("name", [*NUMBERS, "CDistStore", "CDistRoot", "CDistCurrent", "CDistRequire"])
def test_directive_without_argument_is_refused(httpd, name):
    assert name in complaint(httpd, process=name + "\n")


@pytest.mark.parametrize("name", [*NUMBERS, "CDistStore", "CDistCurrent"])
def test_second_argument_is_refused(httpd, name):
    assert name in complaint(httpd, process=f"{name} 5 6\n")


@pytest.mark.parametrize("value", ["abc", "8", "8.3.x", "latest", "8.3.22.1750.1", '""', "8.3.", "8.3.22-1750", "*"])
def test_current_that_is_no_version_is_refused(httpd, value):
    said = complaint(httpd, body=f'<Directory "/srv/x">\n  CDistCurrent {value}\n</Directory>\n')
    assert "CDistCurrent" in said
    assert "newest" in said and "8.3.22" in said


@pytest.mark.parametrize("value", ["newest", "Newest", "8.3", "8.3.22", "8.3.22.1750"])
def test_current_that_is_a_version_is_taken(httpd, value):
    status, said = httpd({}, start=False).check_config(
        body=f'<Directory "/srv/x">\n  CDistCurrent {value}\n</Directory>\n')
    assert (status, "Syntax OK" in said) == (0, True), said


def test_empty_root_is_refused(httpd):
    assert "CDistRoot" in complaint(httpd, body='<Directory "/srv/x">\n  CDistRoot ""\n</Directory>\n')


@pytest.mark.parametrize("line", PROCESS_WIDE)
@pytest.mark.parametrize("section", ["<VirtualHost *:80>", '<Directory "/srv/x">', '<Location "/x">',
                                     '<VirtualHost *:80>\n<Directory "/srv/x">'])
def test_process_wide_directive_in_a_section_is_refused(httpd, line, section):
    ends = "".join(f"</{part.split()[0][1:]}>\n" for part in reversed(section.split("\n")))
    said = complaint(httpd, body=f"{section}\n  {line}\n{ends}")
    assert line.split()[0] in said


def test_missing_root_and_store_do_not_fail_the_check(httpd, folder):
    server = httpd({}, start=False)
    status, said = server.check_config(process=f'CDistStore "{folder}/no/store"\n',
                                       body=f'<Directory "/srv/x">\n  CDistRoot "{folder}/no/root"\n</Directory>\n')
    assert status == 0, said
    assert not (folder / "no").exists(), "a check changes nothing"


def test_the_warning_of_a_folder_that_is_away_names_the_directive(httpd, folder):
    lines = [f'CDistRoot "{folder}/no/root"', f'CDistSource modules "{folder}/no/modules/%v"',
             f'CDistCurrent server "{folder}/no/1cv8"']
    server = httpd({"/tc": "\n  ".join(lines)})
    server.allow("CD0101", "CD0020", "CD0119")
    warned = [line.partition("CD0101: ")[2].partition(": ")[0] for line in server.logged("CD0101")]
    assert sorted(warned) == sorted([f"CDistRoot {folder}/no/root", f"CDistSource {folder}/no/modules",
                                     f"CDistCurrent server {folder}/no/1cv8"])


@pytest.mark.parametrize("value, expected", [("beos", "windows64"), ("windows64 x", "linux64")])
def test_required_slot_that_is_none_is_refused(httpd, value, expected):
    said = complaint(httpd, body=f'<Directory "/srv/x">\n  CDistRequire {value}\n</Directory>\n')
    assert "CDistRequire" in said and expected in said


@pytest.mark.parametrize("value, named, allowed", [
    ("server", "server", "folder"), ('server ""', "server", "folder"), ("newest /opt/1cv8", '"/opt/1cv8"', '"server" only'),
    ("8.3 /opt/1cv8", '"/opt/1cv8"', '"server" only'), ("servr /opt/1cv8", '"servr"', '"server" with a folder'),
    ("server /opt/1cv8 /opt/other", "CDistCurrent", "server FOLDER")])
def test_current_that_follows_no_server_is_refused(httpd, value, named, allowed):
    said = complaint(httpd, body=f'<Directory "/srv/x">\n  CDistCurrent {value}\n</Directory>\n')
    assert named in said and allowed in said


@pytest.mark.parametrize("line, expected", [
    ("CDistSource modules /srv/modules", "%v"), ("CDistSource modules /srv/%V", "%v"),
    ('CDistSource modules ""', "two arguments"), ('CDistSource "" /srv/%v', "two arguments"),
    ("CDistSource modules /srv/%v-%v", "twice"), ("CDistSource mod.ules /srv/%v", "letters, digits"),
    (f"CDistSource {'a' * 32} /srv/%v", "31"),
    ("CDistSource modules", "two arguments"), ("CDistSource modules /srv/%v /srv/%v", "two arguments"),
    ("CDistInstalled yes", "advertise"), ("CDistInstalled", "one argument"), ('CDistInstalled ""', "On, Off"),
    ("CDistLayout deep", "flat or folder"), ("CDistLayout", "one argument"),
    ("CDistLayout flat folder", "one argument"),
    ("CDistRequire modules", "CDistSource"), ("CDistRequire windows64 modules", "CDistSource"),
    ("CDistRequire modules\n  CDistSource modules /srv/%v", "CDistSource")])
def test_bad_value_of_a_directory_directive_is_refused(httpd, line, expected):
    said = complaint(httpd, body=f'<Directory "/srv/x">\n  CDistRoot /srv/y\n  {line}\n</Directory>\n')
    assert line.split()[0] in said and expected in said
    config = said.partition("Syntax error on line ")[2].partition(":")[0].split(" of ")
    with open(config[1]) as file:
        assert line.split("\n")[0] in file.read().splitlines()[int(config[0]) - 1]


@pytest.mark.parametrize("line", [
    "CDistSource modules /srv/%v", "CDistSource Modules srv/%v/x.zip", 'CDistSource win64 "/srv/%v/Win 64"',
    "CDistSource modules /srv/%v\n  CDistRequire MODULES win64", "CDistInstalled ADVERTISE", "CDistInstalled off",
    "CDistLayout Folder", "CDistSource windows64tc /srv/%v"])
def test_good_value_of_a_directory_directive_is_taken(httpd, line):
    status, said = httpd({}, start=False).check_config(body=f'<Directory "/srv/x">\n  {line}\n</Directory>\n')
    assert (status, "Syntax OK" in said) == (0, True), said


ALIAS_MATCH = """AliasMatch "^/update(.*)$" "{target}$1"
<Directory "/srv/1c/published">
  SetHandler {handler}
</Directory>
"""


def test_alias_match_is_refused_with_what_to_use_instead(httpd):
    server = httpd({}, start=False)
    status, said = server.check_config(body=ALIAS_MATCH.format(target="/srv/1c/published", handler="1cdist"))
    assert status != 0
    assert "CD0109" in said and f"{server.folder}/httpd.conf:" in said
    assert 'Alias "/update" "/srv/1c/published"' in said


@pytest.mark.parametrize("target, handler", [("/srv/1c/elsewhere", "1cdist"), ("/srv/1c/published", "other"),
                                             ("/srv/1c/published2", "1cdist")])
def test_alias_match_that_leads_elsewhere_is_nobodys_business(httpd, target, handler):
    status, said = httpd({}, start=False).check_config(body=ALIAS_MATCH.format(target=target, handler=handler))
    assert (status, "Syntax OK" in said) == (0, True), said


# What is missing, the sections ({0} is a folder), and in which line of them the warning is.
HALVES = [
    ("CD0112", 2, '<Directory "{0}">\nCDistRoot /srv\nCDistSource modules /srv/%v\n</Directory>'),
    ("CD0112", 2, '<Directory "{0}">\nCDistRoot /srv\nSetHandler 1cdst\n</Directory>'),
    ("CD0112", 2, '<Directory "{0}/b">\nCDistSource modules /srv/%v\n</Directory>\n'
                  '<Directory "{0}/a">\nCDistRoot /srv\nSetHandler 1cdist\n</Directory>'),
    ("CD0112", 2, '<Location "/x">\nCDistRoot /srv\nSetHandler default-handler\n</Location>'),
    ("CD0112", 1, "CDistRoot /srv"),
    ("CD0113", 2, '<Directory "{0}">\nSetHandler 1cdist\n</Directory>'),
    ("CD0113", 2, '<Directory "{0}/b">\nSetHandler 1cdist\n</Directory>\n'
                  '<Directory "{0}/a">\nCDistRoot /srv\nSetHandler 1cdist\n</Directory>')]


@pytest.mark.parametrize("tag, line, body", HALVES)
def test_half_a_publication_is_said_at_the_check_and_at_the_start(httpd, folder, tag, line, body):
    body = "# the sections\n" + body.format(folder)
    server = httpd({}, start=False, extra=body)
    status, said = server.check_config()
    assert status == 0 and "Syntax OK" in said
    warnings = [text for text in said.splitlines() if "CD011" in text]
    path = server.folder / "httpd.conf"
    number = path.read_text().splitlines().index("# the sections") + 1 + line
    assert len(warnings) == 1 and f"{tag}: {path}:{number}: " in warnings[0], said
    assert "1cdst" not in body or "1cdst" in warnings[0]
    server.start()
    server.allow(tag, "CD0101")
    assert len(server.logged(tag)) == 1 and f":{number}: " in server.logged(tag)[0]


@pytest.mark.parametrize("body", [
    '<Directory "{0}">\nCDistRoot /srv\nSetHandler "1CDist"\n</Directory>',
    'CDistRoot /srv\n<Directory "{0}">\nSetHandler 1cdist\n</Directory>',
    'CDistRoot /srv\n<VirtualHost *:1>\n<Directory "{0}">\nSetHandler 1cdist\n</Directory>\n</VirtualHost>',
    '<Directory "{0}">\nCDistRoot /srv\n</Directory>\n<Location "/x">\nSetHandler 1cdist\n</Location>',
    '<Location "/x">\nCDistRoot /srv\n</Location>\n<Directory "{0}/">\nSetHandler 1cdist\n</Directory>',
    '<Directory "{0}/a">\nCDistRoot /srv\n</Directory>\n<Directory "{0}">\nSetHandler 1cdist\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\n</Directory>\n<Directory "{0}/a">\nSetHandler 1cdist\n</Directory>',
    '<Directory "/">\nSetHandler 1cdist\n</Directory>\n<Directory "{0}">\nCDistRoot /srv\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\n</Directory>\n<DirectoryMatch "^/x">\nSetHandler 1cdist\n</DirectoryMatch>',
    '<Directory "{0}">\nCDistRoot /srv\n</Directory>\n<Directory "/*/x">\nSetHandler 1cdist\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\n<If "true">\nSetHandler 1cdist\n</If>\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\n<Files "*.zip">\nSetHandler 1cdist\n</Files>\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\nAllowOverride FileInfo\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\n</Directory>\n<Directory "/">\nAllowOverride All\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\nAllowOverrideList Require SetHandler\n</Directory>',
    '<Directory "{0}">\nCDistRoot /srv\nAddHandler 1cdist .zip\n</Directory>',
    '<Location "/x">\nSetHandler 1cdist\n</Location>',
    '<Directory "{0}/hand">\nSetHandler 1cdist\n</Directory>',
    '<Directory "{0}">\nSetHandler none\n</Directory>'])
def test_publication_whose_halves_stand_apart_gets_no_warning(httpd, folder, body):
    (folder / "hand").mkdir()
    (folder / "hand" / "windows64tc.zip").write_bytes(b"")
    status, said = httpd({}, start=False).check_config(body=body.format(folder))
    assert (status, "Syntax OK" in said, "CD011" in said) == (0, True, False), said


def test_handler_is_known_in_any_case(httpd, shared):
    server = httpd({}, extra=f'<Location "/loc">\nSetHandler 1CDIST\nCDistRoot "{shared["plain"]}"\n</Location>\n')
    assert server.get("/loc/index.json").status == 200
