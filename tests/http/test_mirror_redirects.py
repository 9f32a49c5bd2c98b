"""Where a branch's requests may be led, and who gets its password."""
import base64
import shutil
import ssl
import subprocess

import pytest

from mirror import OLD, Upstream, redirect_to, refused, run, served, sync


@pytest.fixture(scope="module")
def tls(scratch):
    """A certificate for 127.0.0.1, and a context of a server that has it."""
    if not shutil.which("openssl"):
        pytest.skip("skipped: no openssl")
    key, certificate = scratch / "tls.key", scratch / "tls.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def everything_to(other):
    """Sends every request to the same path of another upstream."""
    return {"": lambda handler: handler.reply(302, b"moved" * 1000, {"Location": other.url + handler.path})}


# ---- redirects -----------------------------------------------------------------------------------------------------------------

def test_a_redirect_is_followed(centre, folder):
    with Upstream(centre.second) as upstream, Upstream(centre.second, everything_to(upstream)) as first:
        _, summary = sync(first.url, folder / "branch", "--key", centre.public)
        assert summary["requests"] == len(first.requests) + len(upstream.requests)
    assert served(folder / "branch") == centre.whole


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x"])
def test_a_redirect_to_another_scheme_is_not_followed(centre, folder, scheme):
    with Upstream(centre.second, {"index.json": redirect_to(scheme)}) as upstream:
        refused(upstream.url, folder / "branch")


def test_redirects_have_an_end(centre, folder):
    with Upstream(centre.second) as upstream:
        upstream.faults["index.json"] = redirect_to(f"{upstream.url}/index.json")
        refused(upstream.url, folder / "branch")
        assert len(upstream.requests) < 10


def test_no_redirect_leads_out_of_tls(centre, folder, tls):
    certificate, context = tls
    with Upstream(centre.second) as plain, Upstream(centre.second, context=context) as secure, \
            Upstream(centre.second, everything_to(secure)) as entrance:
        sync(secure.url, folder / "whole", "--cacert", certificate, "--version", OLD)
        refused(secure.url, folder / "branch")
        secure.faults["index.json"] = redirect_to(f"{plain.url}/index.json")
        for start in (secure, entrance):
            assert "out of TLS" in refused(start.url, folder / "branch", "--cacert", certificate)
        assert not plain.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_report_is_sent_nowhere_else(centre, folder, status):
    with Upstream(centre.first) as upstream, Upstream(centre.first) as other:
        upstream.server.RequestHandlerClass.do_POST = lambda handler: handler.reply(status, b"", {"Location": f"{other.url}/branches"})
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", "--report")
        assert done.returncode == 0 and "the report was not taken" in done.stderr and "give the address" in done.stderr
        assert not other.posts and not other.requests


# ---- passwords -------------------------------------------------------------------------------------------------------------------

def test_a_password_comes_from_a_file_and_is_never_told(centre, folder):
    (folder / "user").write_text("branch:s3cret\n")
    with Upstream(centre.first) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", "--user-file", folder / "user")
        assert done.returncode == 0 and upstream.asked("index.json")[0]["Authorization"] == "Basic YnJhbmNoOnMzY3JldA=="
        told = done.stdout + done.stderr
        done = run("sync", "--from", upstream.url.replace("//", "//branch:s3cret@"), "--to", folder / "branch")
        assert done.returncode == 2
    for path in (folder / "branch").rglob("*.json"):
        told += path.read_text(errors="replace")
    assert "s3cret" not in told + done.stdout + done.stderr


def authorized(upstream):
    """The passwords that an upstream got to see."""
    return {base64.b64decode(headers["Authorization"].split()[1]).decode() for _, headers in upstream.requests
            if "Authorization" in headers}


def test_a_password_without_an_address_is_for_the_first_source_alone(centre, folder):
    (folder / "user").write_text("branch:s3cret\n")
    away = {"index.json": lambda handler: handler.reply(503, b"")}
    for given in (["--user-file", folder / "user"], []):
        with Upstream(centre.second, away) as first, Upstream(centre.second) as second:
            sync([first.url, second.url], folder / "branch", *given, env={} if given else {"CDIST_SYNC_USER": "branch:s3cret"})
            assert authorized(first) == {"branch:s3cret"} and second.requests and authorized(second) == set()


def test_each_source_gets_its_own_password(centre, folder):
    away = {"index.json": lambda handler: handler.reply(503, b"")}
    with Upstream(centre.second, away) as first, Upstream(centre.second) as second:
        (folder / "user").write_text(f"{second.url}/ two:2\n{first.url} one:1\n")
        sync([first.url, second.url], folder / "branch", "--user-file", folder / "user")
        assert (authorized(first), authorized(second)) == ({"one:1"}, {"two:2"})


def test_a_redirect_takes_no_password_along(centre, folder):
    (folder / "user").write_text("branch:s3cret\n")
    with Upstream(centre.second) as other, Upstream(centre.second, everything_to(other)) as upstream:
        sync(upstream.url, folder / "branch", "--user-file", folder / "user")
        assert authorized(upstream) == {"branch:s3cret"} and other.requests and authorized(other) == set()


@pytest.mark.parametrize("content", ["", "s3cret\n", "branch:s3cret\nhttp://centre.example s3cret\n"])
def test_a_file_that_holds_no_password_is_a_failure(centre, folder, content):
    (folder / "user").write_text(content)
    with Upstream(centre.second) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", "--user-file", folder / "user")
        assert done.returncode == 1 and "NAME:PASSWORD" in done.stderr and "s3cret" not in done.stderr and not upstream.requests
