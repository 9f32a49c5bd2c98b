"""Two virtual hosts with publications of their own, and one store for both."""
import hashlib
import json
import shutil

import pytest

import releases

COMMON, FIRST, SECOND = "8.3.22.1750", "8.3.21.1644", "8.3.25.1286"
HOSTS = {"first.example": FIRST, "second.example": SECOND}
CURRENT_URL, COMMON_URL = "/tc/windows64tc.zip", f"/tc/{COMMON}/windows64tc.zip"


@pytest.fixture
def roots(folder):
    """A root for both hosts, and one for each."""
    found = {name: folder / name for name in ("common", *HOSTS)}
    releases.add_release(found["common"], COMMON, size=20_000)
    for host, version in HOSTS.items():
        releases.add_release(found[host], version, size=20_000)
    releases.age(*found.values())
    return found


def two_hosts(httpd, folders):
    """A server whose hosts publish the same URLs; `folders` names the roots of each. Both say what is current."""
    server = httpd({}, start=False)
    for host, version in HOSTS.items():
        own = " ".join(f'"{folder}"' for folder in folders[host])
        section = server.publication("/tc", f"CDistRoot {own}\n  CDistCurrent {version}")
        server.extra += f"<VirtualHost *>\nServerName {host}\n{section}</VirtualHost>\n"
    return server.start()


@pytest.fixture
def server(httpd, roots):
    return two_hosts(httpd, {host: (roots["common"], roots[host]) for host in HOSTS})


@pytest.mark.parametrize("own", [False, True])
def test_a_publication_of_the_main_server_is_looked_after_once(httpd, roots, own):
    """The hosts have its sections too; but one with directives of its own has another publication."""
    server = httpd(roots["common"], process="CDistPrebuild On\nCDistScanInterval 1\n", start=False)
    for host in HOSTS:
        second = own and host == "second.example"
        server.extra += f"<VirtualHost *>\nServerName {host}\n{'CDistCurrent 8.3' if second else ''}\n</VirtualHost>\n"
    server.start()
    assert f"{2 if own else 1} publications" in server.wait_logged("CD0118")[0]
    for host in ("main.example", *HOSTS):
        assert ask(server, host, CURRENT_URL).headers["1C-Version"] == COMMON


def ask(server, host, url):
    return server.get(url, {"Host": host})


def test_each_host_answers_with_its_own_current_release(server):
    for host, version in HOSTS.items():
        answer = ask(server, host, CURRENT_URL)
        assert (answer.status, answer.headers["1C-Version"]) == (200, version)
        assert hashlib.sha256(answer.body).hexdigest() in {path.stem for path in server.archives()}


def versions(answer, member):
    return {release["version"] for release in json.loads(answer.body)[member]}


def test_each_host_names_only_its_own_releases(server):
    for host, other in zip(HOSTS, reversed(HOSTS.values()), strict=True):
        own = {HOSTS[host], COMMON}
        index = ask(server, host, "/tc/index.json")
        assert versions(index, "releases") == own and other not in index.body.decode()
        for version in (other, "8.3.99"):
            missing = ask(server, host, f"/tc/{version}/windows64tc.zip")
            assert (missing.status, versions(missing, "available")) == (404, own)
            assert version == other or other not in missing.body.decode()


def test_a_release_of_both_hosts_is_built_once(server):
    bodies = {ask(server, host, COMMON_URL).body for host in HOSTS}
    assert len(bodies) == 1
    assert server.cache_counts(COMMON_URL, 2) == {"built": 1, "hit": 1}
    assert len(server.logged("CD0013")) == len(server.archives()) == 1


def test_a_copy_of_a_release_on_the_other_host_is_stored_once(httpd, roots):
    for host in HOSTS:
        shutil.copytree(roots["common"] / COMMON, roots[host] / COMMON)
    releases.age(*roots.values())
    server = two_hosts(httpd, {host: (roots[host],) for host in HOSTS})
    bodies = {ask(server, host, COMMON_URL).body for host in HOSTS}
    assert len(bodies) == len(server.archives()) == 1
