"""The page for people at the publication's URL: chosen by Accept, in two languages, with the lines for the 1C server."""
import html
import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
VOID = {"meta", "br", "link"}


class Page(HTMLParser):
    """Checks that tags nest, and collects links and what stands in <pre>."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.pre, self.lang = [], [], "", None
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.lang = attrs["lang"]
        if tag == "a":
            self.links.append(attrs["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "pre":
            self.pre += data


def page_of(server, path="/tc/", **headers):
    answer = server.get(path, {**HTML, **headers})
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer, Page(answer.body.decode())


@pytest.mark.parametrize("accept, kind", [
    (None, "text/html"), ("*/*", "text/html"), ("text/html", "text/html"), (HTML["Accept"], "text/html"),
    ("application/json", "application/json"), ("application/json, */*;q=0.5", "application/json"),
    ("text/html;q=0.5, application/json", "application/json"), ("application/json;q=0.5, text/html", "text/html"),
    ("application/*", "application/json"), ("text/html;q=0, */*", "application/json"), ("text/*;q=x,,;", "text/html"),
    ("image/png", "text/html")])
def test_accept_decides_between_page_and_json(httpd, shared, accept, kind):
    server = httpd(shared["plain"])
    answer = server.get("/tc/", {"Accept": accept} if accept else None)
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, kind)
    assert "Accept" in answer.headers["Vary"]
    if kind == "application/json":
        assert answer.body == server.get("/tc/index.json").body


@pytest.mark.parametrize("wanted, lang", [
    (None, "en"), ("ru", "ru"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("en-US,en;q=0.9,ru;q=0.8", "en"), ("de", "en"),
    ("de,ru;q=0.1", "ru"), ("*", "en")])
def test_page_speaks_the_readers_language(httpd, shared, wanted, lang):
    answer, page = page_of(httpd(shared["plain"]), **({"Accept-Language": wanted} if wanted else {}))
    assert (page.lang, answer.headers["Content-Language"]) == (lang, lang)
    assert "Accept-Language" in answer.headers["Vary"]
    assert ("Текущая версия" if lang == "ru" else "Current version").encode() in answer.body


@pytest.mark.parametrize("path", ["/tc/", "/tc"])
def test_links_of_the_page_lead_to_all_archives(httpd, shared, path):
    server = httpd(shared["plain"])
    server.get(f"/tc/{CURRENT}/windows64tc.zip")
    _, page = page_of(server, path)
    targets = {urljoin(path, link) for link in page.links}
    index = json.loads(server.get("/tc/index.json").body)
    assert targets == {"/tc/index.json", f"/tc/{CURRENT}/windows64tc.zip.manifest"} | {
        "/tc/" + slot["url"] for release in index["releases"] for slot in release["slots"]}
    assert all(server.get(target, method="HEAD").status == 200 for target in targets)


def test_page_gives_the_lines_of_conf_cfg_for_the_current_release(httpd, shared):
    server = httpd(shared["plain"], current=CURRENT)
    _, page = page_of(server, Host="update.example:8080")
    assert page.pre.split() == [
        f"PublishDistributiveLocation{key}=http://update.example:8080/tc/{name}" for key, name in (
            ("Windows32", "windows32tc.zip"), ("Windows64", "windows64tc.zip"), ("Linux64", "linux64tc.zip"),
            ("MacOS64", "macOS64tc.zip"))]
    for line in page.pre.split():
        assert server.get("/tc/" + line.rpartition("/")[2]).headers["1C-Version"] == CURRENT


@pytest.mark.parametrize("headers, base", [
    ({"X-Forwarded-Host": "update.example.ru", "X-Forwarded-Proto": "https"}, "https://update.example.ru/tc/"),
    ({"X-Forwarded-Host": "first.example, second.example"}, "http://first.example/tc/"),
    ({"X-Forwarded-Host": 'x"><script>', "Host": "own.example"}, "http://own.example/tc/"),
    ({"X-Forwarded-Host": "[2001:db8::1]:8080"}, "http://[2001:db8::1]:8080/tc/"),
    ({"X-Forwarded-Host": "a]:b:c..[d", "Host": "own.example"}, "http://own.example/tc/"),
    ({"X-Forwarded-Host": "x.example:99999", "Host": "own.example"}, "http://own.example/tc/"),
    ({"X-Forwarded-Proto": "javascript", "Host": "own.example"}, "http://own.example/tc/")])
def test_lines_show_the_url_that_a_proxy_in_front_has(httpd, shared, headers, base):
    _, page = page_of(httpd(shared["plain"]), **headers)
    assert page.pre and all(line.split("=", 1)[1].startswith(base) for line in page.pre.split())


def test_page_has_its_own_validator_and_no_scripts(httpd, shared):
    server = httpd(shared["plain"])
    answer, _ = page_of(server)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert b"<script" not in answer.body
    assert server.get("/tc/", {**HTML, "If-None-Match": answer.headers["ETag"]}).status == 304
    assert server.get("/tc/index.json").headers["ETag"] != answer.headers["ETag"]
    head = server.get("/tc/", HTML, method="HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(answer.body)))


def test_page_says_why_there_is_no_current_version(httpd, shared):
    answer, _ = page_of(httpd(shared["families"]))
    text = html.unescape(answer.body.decode())
    assert "There is no current version: there are releases of several families (8.5, 8.3)" in text
    assert "conf.cfg" not in text


def test_page_of_an_empty_root_says_so(httpd, folder):
    (folder / "root").mkdir()
    answer, _ = page_of(httpd(folder / "root"), **{"Accept-Language": "ru"})
    assert "Пока ничего не опубликовано".encode() in answer.body


def test_page_shows_archives_that_lie_there_by_hand(httpd, shared, folder):
    (folder / "root").mkdir()
    releases.age(folder / "root")
    server = httpd({"/tc": f'CDistRoot "{folder}/root"', "/bare": ""})
    server.allow("CD0113")
    for url in ("/tc", "/bare"):
        releases.add_ready(server.published(url) / "windows64tc.zip", "by hand")
        releases.add_ready(server.published(url) / "linux64.zip", "not under the name of its line")
        releases.age(server.published(url))
        answer, page = page_of(server, url + "/", **{"Accept-Language": "ru"})
        assert "Положено сюда вручную".encode() in answer.body
        assert "Пока ничего не опубликовано".encode() not in answer.body
        assert page.links[:2] == ["windows64tc.zip", "linux64.zip"]
        assert page.pre == f"PublishDistributiveLocationWindows64={server.url(url)}/windows64tc.zip\n"
        assert server.get(url + "/windows64tc.zip").status == 200
    answer, _ = page_of(httpd(shared["plain"]))
    assert b"by hand" not in answer.body


def test_columns_are_the_same_in_all_tables(httpd, shared):
    answer, _ = page_of(httpd(shared["plain"]))
    heads = re.findall(rb"<thead>.*?</thead>", answer.body)
    assert len(heads) == 3 and len(set(heads)) == 1
    assert b"table-layout:fixed" in answer.body
    classes = re.findall(rb'<th scope="col" class="(\w+)"', heads[0])
    widths = re.findall(rb"\.(\w+)\{width:", answer.body)
    assert len(classes) == 6 and set(classes) - set(widths) == {b"digest"}, "all columns but the digest's have a width"


def test_page_names_what_a_release_lacks(httpd, shared):
    server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistRequire windows64 macos64'})
    answer, _ = page_of(server)
    assert answer.body.decode().count("it lacks: macos64") == 2
    missing = {entry["version"]: entry["missing"] for entry in json.loads(server.get("/tc/index.json").body)["releases"]}
    assert missing == {NEWEST: ["macos64"], CURRENT: [], OLD: ["macos64"]}


def test_page_reveals_no_place_on_the_server(httpd, shared, scratch):
    assert str(scratch).encode() not in page_of(httpd(shared["plain"]))[0].body


def test_page_says_that_the_updater_needs_an_installer(httpd, folder):
    client = folder / "root" / CURRENT / "bin" / "1cv8c.exe"
    client.parent.mkdir(parents=True)
    client.write_bytes(b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0\x64\x86" + bytes(100))
    releases.age(folder / "root")
    answer, page = page_of(httpd(folder / "root"))
    assert "holds no installer" in html.unescape(answer.body.decode())
    assert page.pre == "", "no lines for conf.cfg that lead to it"
    assert re.search(rb"installed platform</td>", answer.body)
