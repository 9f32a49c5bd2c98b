"""1cdist check: what a client meets, and the cure, against the real httpd and against servers that no httpd is."""
import contextlib
import json
import signal
import socket
import subprocess
import threading
import zipfile

import pytest
from conftest import CURRENT, NEWEST, OLD
from harness import TOOL
from releases import add_ready, setup_ini
from test_protocols import certificate, tls_server  # noqa: F401

if b"without libcurl" in subprocess.run([TOOL, "check", "http://127.0.0.1:1/"], capture_output=True, timeout=60).stderr:
    pytest.skip("1cdist is built without libcurl", allow_module_level=True)

ALL = ["resolve", "connect", "status", "type", "length", "resume", "version", "digest"]


class Outcome:
    """The steps by name, and what else the tool said."""

    def __init__(self, url, *options):
        done = subprocess.run([TOOL, "check", "--json", *map(str, options), url], capture_output=True, text=True, timeout=120)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert all(set(row) == {"step", "ok", "detail", "cure"} for row in rows), rows
        assert all(bool(row["cure"]) != row["ok"] for row in rows), rows
        self.names = [row["step"] for row in rows]
        self.steps = {row["step"]: row for row in rows}
        self.bad = [row["step"] for row in rows if not row["ok"]]
        self.status = done.returncode
        self.stderr = done.stderr
        assert self.status in (0, 1, 2), done
        if rows:
            assert self.status == (1 if self.bad else 0), done

    def detail(self, step):
        return self.steps[step]["detail"]

    def cure(self, step):
        return self.steps[step]["cure"]


@pytest.fixture
def files(httpd, folder, shared):
    """httpd with plain files in /, and a publication."""
    def make(**options):
        server = httpd({"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {CURRENT}'}, start=False, **options)
        server.extra += "AddType application/zip .zip\n"
        return server.start()
    return make


def put_archive(server, path, names):
    place = server.folder / "htdocs" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return server.url("/" + path)


def test_a_good_archive_is_good_in_every_step(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    for path, version in (("/tc/windows64tc.zip", CURRENT), (f"/tc/{OLD}/linux64tc.zip", OLD), ("/tc/macOS64tc.zip", CURRENT),
                          ("/tc/8.3.25/windows64tc.zip?x=y", NEWEST)):
        outcome = Outcome(server.url(path))
        assert outcome.names == ALL and not outcome.bad, outcome.steps
        assert outcome.detail("version") == version
        assert "Repr-Digest" in outcome.detail("digest")
        assert outcome.detail("resume").startswith("206, bytes ")


def test_what_is_printed_for_people_names_the_steps(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    done = subprocess.run([TOOL, "check", server.url("/tc/8.3.1.1/windows64tc.zip")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines()[:3]] == [["resolve", "ok"], ["connect", "ok"],
                                                                          ["status", "FAILED"]]
    assert "1cdist scan" in done.stdout


def test_what_is_not_there_is_a_status(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    outcome = Outcome(server.url("/tc/8.3.1.1/windows64tc.zip"))
    assert outcome.names == ALL[:3] and outcome.bad == ["status"]
    assert outcome.detail("status").startswith("404: ") and "8.3.1.1" in outcome.detail("status"), "the server's own words"
    assert "1cdist scan" in outcome.cure("status")


@pytest.mark.parametrize("path, words", [("/tc/", "add the name of an archive"), ("/tc/index.json", "for programs"),
                                         ("/tc/windows64tc.zip.manifest", "for programs"),
                                         ("/tc/WebDistributiveLocation", "a client's question"),
                                         ("/tc/WebDistributiveLocation/GetDistributiveInfo?OS=Linux&Arch=x86_64"
                                          f"&Version={CURRENT}", "a client's question")])
def test_what_is_no_archive_is_told_what_it_is(httpd, shared, path, words):
    server = httpd(shared["plain"], CURRENT)
    outcome = Outcome(server.url(path))
    assert outcome.names == ALL[:4] and outcome.bad == ["type"]
    assert words in outcome.cure("type") and "AddType" not in outcome.cure("type")


def test_an_address_outside_of_the_publication_is_told_so(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    outcome = Outcome(server.url("/updates/windows64tc.zip"))
    assert outcome.bad == ["status"] and outcome.detail("status") == "404"
    assert "outside" in outcome.cure("status") and "Alias" in outcome.cure("status")
    inside = Outcome(server.url("/tc/nothing/windows64tc.zip"))
    assert "outside" not in inside.cure("status") and "nothing under this path" in inside.detail("status")


def test_a_redirect_is_reported_and_not_followed(files):
    server = files(extra="Redirect 302 /old http://user:hidden@localhost/tc\n")
    outcome = Outcome(server.url("/old/windows64tc.zip"))
    assert outcome.names == ALL[:3] and outcome.bad == ["status"]
    assert outcome.detail("status") == "302, to http://localhost/tc/windows64tc.zip"
    assert not [line for line in server.accesses() if " /tc/" in line]


def test_who_must_log_in_is_told_so(files):
    server = files(extra='<Location "/closed">\n  Require all denied\n</Location>\n')
    server.allow("AH01630")
    put_archive(server, "closed/windows64tc.zip", {"setup.exe": "x"})
    outcome = Outcome(server.url("/closed/windows64tc.zip"))
    assert outcome.bad == ["status"] and outcome.detail("status") == "403" and "Require all granted" in outcome.cure("status")


@pytest.mark.parametrize("name, opens", [("windows64tc.zip", True), ("distr.zip", True), ("CheckInfoBases", True),
                                         ("GetDistributiveInfo", True), ("GetInfoBases", False), ("resolve?infobase=x", False),
                                         ("", False), ("index.json", False), ("other", False)])
def test_nobody_is_told_to_open_what_may_be_closed_on_purpose(name, opens):
    with answering(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n") as url:
        outcome = Outcome(url.replace("windows64tc.zip", name))
    assert outcome.bad == ["status"] and outcome.detail("status") == "401"
    assert ("Require all granted" in outcome.cure("status")) == opens


def test_https_at_a_port_of_http_is_told_so(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    outcome = Outcome(f"https://127.0.0.1:{server.port}/tc/windows64tc.zip")
    assert outcome.bad == ["tls"] and "plain http" in outcome.cure("tls") and "http://" in outcome.cure("tls")


def test_http_at_a_port_of_https_is_told_so(httpd, shared, certificate):  # noqa: F811
    server = tls_server(httpd, certificate, {"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {CURRENT}'}, "event")
    server.allow("AH02008", "AH01996", "AH02309")
    outcome = Outcome(f"http://localhost:{server.port}/tc/windows64tc.zip")
    assert outcome.bad == ["status"] and "https://" in outcome.cure("status")


def test_tls_must_be_trusted_and_for_the_name(httpd, shared, certificate):  # noqa: F811
    server = tls_server(httpd, certificate, {"/tc": f'CDistRoot "{shared["plain"]}"\n  CDistCurrent {CURRENT}'}, "event")
    url = f"https://localhost:{server.port}/tc/windows64tc.zip"
    stranger = Outcome(url)
    assert stranger.names == ["resolve", "connect", "tls"] and stranger.bad == ["tls"]
    assert "certificate" in stranger.detail("tls")
    trusted = Outcome(url, "--ca", certificate / "cert.pem")
    assert trusted.names == ["resolve", "connect", "tls", *ALL[2:]] and not trusted.bad
    missing = Outcome(url, "--ca", certificate / "nothing.pem")
    assert missing.bad == ["tls"]
    plain = Outcome(f"https://127.0.0.2:{server.port}/tc/windows64tc.zip", "--ca", certificate / "cert.pem")
    assert plain.bad == ["connect"]


def test_a_server_without_ranges_cannot_resume(files):
    server = files(extra='<Location "/">\n  MaxRanges none\n</Location>\n')
    url = put_archive(server, "windows64tc.zip", {"setup.exe": "x" * 1000, "Setup.ini": setup_ini(CURRENT, "x")})
    outcome = Outcome(url)
    assert outcome.bad == ["resume"] and outcome.detail("resume").startswith("200")


def test_the_version_inside_must_be_that_of_the_address(files):
    server = files()
    names = {"setup.exe": "x", "Setup.ini": setup_ini(CURRENT, "x")}
    assert not Outcome(put_archive(server, f"{CURRENT}/windows64tc.zip", names)).bad
    outcome = Outcome(put_archive(server, "8.3.1.1/windows64tc.zip", names))
    assert outcome.bad == ["version"] and CURRENT in outcome.detail("version") and "8.3.1.1" in outcome.detail("version")
    named = Outcome(put_archive(server, f"{OLD}/linux64tc.zip", {f"setup-thin-{CURRENT}-x86_64.run": "x"}))
    assert named.bad == ["version"]


def test_the_version_inside_must_be_what_the_server_says(files):
    server = files(modules=["headers"], extra='Header set 1C-Version "8.3.1.1"\n')
    outcome = Outcome(put_archive(server, "windows64tc.zip", {"setup.exe": "x", "Setup.ini": setup_ini(CURRENT, "x")}))
    assert outcome.bad == ["version"]
    assert outcome.detail("version") == f"{CURRENT} inside, but the server says 8.3.1.1"


def test_an_archive_needs_an_installer_and_no_damage(files):
    server = files()
    outcome = Outcome(put_archive(server, "windows64tc.zip", {"readme.txt": "x"}))
    assert outcome.bad == ["version"] and "no installer" in outcome.detail("version")
    add_ready(server.folder / "htdocs" / "cut.zip", "cut")
    place = server.folder / "htdocs" / "cut.zip"
    place.write_bytes(place.read_bytes()[:-50])
    outcome = Outcome(server.url("/cut.zip"))
    assert outcome.bad == ["version"] and "verify" in outcome.cure("version")


def test_a_digest_must_be_that_of_the_bytes(files):
    server = files(modules=["headers"], extra='Header set Repr-Digest "sha-512=:x:, sha-256=:AAAA:"\n')
    outcome = Outcome(put_archive(server, "windows64tc.zip", {"setup.exe": "x"}))
    assert outcome.bad == ["digest"]


def test_a_missing_type_is_told(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    outcome = Outcome(put_archive(server, "windows64tc.zip", {"setup.exe": "x"}))
    assert outcome.bad == ["type"] and "AddType" in outcome.cure("type")


def test_no_more_is_downloaded_than_allowed(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    outcome = Outcome(server.url("/tc/windows64tc.zip"), "--max-size", "10K")
    assert outcome.names == ALL[:5] and outcome.bad == ["length"] and "10240" in outcome.detail("length")


def test_no_more_is_unpacked_than_allowed(files):
    server = files()
    place = server.folder / "htdocs" / "windows64tc.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("setup.exe", bytes(30_000))
        archive.writestr("data.cab", bytes(30_000))
    outcome = Outcome(server.url("/windows64tc.zip"), "--max-size", "50000")
    assert outcome.bad == ["version"] and "50000" in outcome.detail("version") and "--max-size" in outcome.cure("version")
    assert not Outcome(server.url("/windows64tc.zip"), "--max-size", "60000").bad


def test_a_full_disk_is_ours_and_not_the_server_s(httpd, shared):
    server = httpd(shared["plain"], CURRENT)
    done = subprocess.run(["prlimit", "--fsize=100000", TOOL, "check", server.url("/tc/windows64tc.zip")], capture_output=True,
                          text=True, timeout=60, preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    assert done.returncode == 1 and not done.stdout and "TMPDIR" in done.stderr


# ---- servers that no httpd is -------------------------------------------------------------------------------------------

@contextlib.contextmanager
def answering(answer, close=True):
    """A port that answers every connection with these bytes; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(answer)
                if close:
                    connection.close()
                else:
                    held.append(connection)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/windows64tc.zip"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in held:
            connection.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n"


@pytest.mark.parametrize("answer, bad, words", [
    (b"SSH-2.0-x\r\n", ["status"], ""),
    (b"", ["status"], ""),
    (b"HTTP/1.1 404 No\r\nContent-Type: application/problem+json\r\nContent-Length: 34\r\n\r\n"
     b'{"detail":"\\u001b[31m odd words "}', ["status"], "odd words"),
    (b"HTTP/1.1 404 No\r\nContent-Type: application/problem+json\r\n\r\n" + b"[" * 200_000, ["status"], "404"),
    (HEAD + b"Content-Length: 100\r\n\r\nshort", ["length"], "5 bytes arrived of 100"),
    (HEAD + b"\r\nno length", ["length", "resume", "version"], "not announced"),
    (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", ["type", "resume", "version"], ""),
    (b"HTTP/1.1 503 Busy\r\nRetry-After: 7\x1b[31m\r\nContent-Length: 0\r\n\r\n", ["status"], "503"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://u:hidden@h/\x1b[31m\r\nContent-Length: 0\r\n\r\n", ["status"], "302, to http://h/"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, ["type", "length"], "")],
    ids=["other protocol", "nothing", "a problem", "an endless problem", "cut", "no length", "encoded", "busy", "redirect",
         "endless header"])
def test_odd_answers_are_told_and_never_shown_raw(answer, bad, words):
    with answering(answer) as url:
        outcome = Outcome(url)
    assert outcome.bad == bad, outcome.steps
    text = json.dumps(list(outcome.steps.values()), ensure_ascii=False)
    assert words in text and "hidden" not in text and "\x1b" not in text and "\\u001b" not in text


def test_a_server_that_says_nothing_is_given_up():
    with answering(b"", close=False) as url:
        outcome = Outcome(url, "--timeout", "1")
    assert outcome.names == ALL[:3] and outcome.bad == ["status"]


def test_nobody_at_the_port_and_no_such_name():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = Outcome(f"http://127.0.0.1:{port}/windows64tc.zip")
    assert outcome.names == ALL[:2] and outcome.bad == ["connect"]
    outcome = Outcome("http://no-such-server.invalid/windows64tc.zip")
    assert outcome.names == ["resolve"] and outcome.bad == ["resolve"]


@pytest.mark.parametrize("arguments", [[], ["ftp://h/x.zip"], ["h/x.zip"], ["http://u:hidden@h/x.zip"], ["file:///etc/passwd"],
                                       ["http://h/a b"], ["http://h/a", "http://h/b"], ["http://h/a", "--timeout", "0"],
                                       ["http://h/a", "--max-size", "none"], ["http://h/a", "--wrong"]])
def test_wrong_usage_asks_nobody(arguments):
    done = subprocess.run([TOOL, "check", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and not done.stdout and "hidden" not in done.stderr
