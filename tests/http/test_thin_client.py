"""A thin client, scripted: its server is of another version, so it asks for the distribution, fetches it, unpacks it, and finds
exactly the version that it asked for. Before it a launcher, scripted too."""
import io
import json
import subprocess
import urllib.parse
import zipfile

import pytest

import releases
from conftest import CURRENT, NEWEST, OLD
from harness import TOOL

# Slot, and what the platform's enumeration calls such a machine.
MACHINES = {"windows32": ("Windows", "x86"), "windows64": ("Windows", "x86_64"), "linux32": ("Linux", "x86"),
            "linux64": ("Linux", "x86_64"), "macos64": ("MacOS", "x86_64")}


class ThinClient:
    """What a client does when the server answers that versions differ."""

    def __init__(self, httpd, slot):
        self.httpd = httpd
        self.os, self.arch = MACHINES[slot]

    def ask(self, version):
        query = urllib.parse.urlencode({"OS": self.os, "Arch": self.arch, "Version": version})
        assert self.httpd.get("/tc/WebDistributiveLocation", method="HEAD").status == 200, "JSON is spoken here"
        answer = self.httpd.get(f"/tc/WebDistributiveLocation/GetDistributiveInfo?{query}")
        assert answer.status == 200
        return json.loads(answer.body)["root"]

    def download(self, told, pieces=3):
        """Over a bad line: each piece on a connection of its own, tied together by If-Range."""
        path = urllib.parse.urlsplit(told["url"]).path
        tag = self.httpd.get(path, method="HEAD").headers["ETag"]
        body = b""
        while len(body) < told["size"]:
            last = min(len(body) + told["size"] // pieces, told["size"] - 1)
            answer = self.httpd.get(path, {"Range": f"bytes={len(body)}-{last}", "If-Range": tag})
            assert answer.status == 206
            body += answer.body
        return body

    def update(self, server_version):
        """The version that lies in what was installed; None if there is nothing to install."""
        told = self.ask(server_version)
        if told["size"] == 0:
            return None
        body = self.download(told)
        assert len(body) == told["size"]
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            return found_version(archive)


def found_version(archive):
    names = archive.namelist()
    if "Setup.ini" in names:
        line = next(line for line in archive.read("Setup.ini").decode().splitlines() if line.startswith("ProductVersion="))
        return line.partition("=")[2]
    installer = next(name for name in names if name.endswith((".run", ".dmg")))
    return next(part for part in installer.replace(".dmg", "").split("-") if part.count(".") == 3)


@pytest.fixture(name="server")
def running_server(httpd, folder):
    for version in (OLD, CURRENT, NEWEST):
        releases.add_release(folder / "root", version, MACHINES, size=40_000)
    releases.age(folder / "root")
    return httpd(folder / "root", CURRENT)


@pytest.mark.parametrize("slot", MACHINES)
def test_a_client_gets_exactly_its_servers_version(server, slot):
    client = ThinClient(server, slot)
    for version in (OLD, NEWEST, CURRENT):  # forward and back
        assert client.update(version) == version
    assert client.update("8.3.22.1749") is None, "never another version"


# ---- the launcher ---------------------------------------------------------------------------------------------------------

ZERO = "00000000-0000-0000-0000-000000000000"


class Launcher(ThinClient):
    """What the launcher does before it starts a client: takes over the server's list, and finds out the version."""

    def __init__(self, httpd, slot, folder):
        super().__init__(httpd, slot)
        self.list = folder / "taken_over.v8i"
        self.client = self.code = ZERO

    def ask_list(self, name):
        query = urllib.parse.urlencode({"ClientId": self.client, "InfoBasesCheckCode": self.code})
        answer = self.httpd.get(f"/tc/WebCommonInfoBases/{name}?{query}")
        assert answer.status == 200
        return json.loads(answer.body)["root"]

    def take_over(self):
        """Whether there was something new."""
        if not self.ask_list("CheckInfoBases")["infoBasesChanged"]:
            return False
        got = self.ask_list("GetInfoBases")
        self.client, self.code = got["ClientId"], got["InfoBasesCheckCode"]
        self.list.write_bytes(got["InfoBases"].encode())
        return True

    def resolve(self, name):
        query = urllib.parse.urlencode({"infobase": name, "os": self.os, "arch": self.arch})
        return json.loads(self.httpd.get(f"/tc/resolve?{query}").body)["chosen"]

    def resolve_by_tool(self, name, root):
        """The same by the command line, from the list that was taken over."""
        done = subprocess.run([TOOL, "resolve", "--infobases", self.list, "--infobase", name, "--distributive", root, "--json"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["chosen"]


@pytest.mark.parametrize("slot", MACHINES)
def test_a_launcher_checks_gets_resolves_and_installs(httpd, folder, slot):
    for version in (OLD, CURRENT, NEWEST):
        releases.add_release(folder / "root", version, MACHINES, size=40_000)
    releases.age(folder / "root")
    published = folder / "published.v8i"
    published.write_text(f'[Учёт]\nConnect=Srvr="app";Ref="buh";\nVersion={OLD}\n[Склад]\nConnect=ws="http://app/s";\nVersion=8.3.22\n')
    server = httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistCurrent {CURRENT}\n  CDistInfobases "{published}"'})
    launcher = Launcher(server, slot, folder)
    assert launcher.take_over() and not launcher.take_over()
    for name, wanted in (("Учёт", OLD), ("Склад", CURRENT)):
        assert launcher.resolve(name) == wanted == launcher.resolve_by_tool(name, folder / "root")
        assert launcher.update(wanted) == wanted
    published.write_text(published.read_text().replace(OLD, NEWEST))
    assert launcher.take_over()
    assert launcher.resolve("Учёт") == NEWEST == launcher.update(NEWEST)
