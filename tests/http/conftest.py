"""Fixtures. Every server that a test made is stopped after it, and its error log must then hold no warning or error
that the test did not allow."""
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.dont_write_bytecode = True

import releases  # noqa: E402
import upstreams  # noqa: E402
from harness import Httpd  # noqa: E402
from mirror import Centre  # noqa: E402

OLD, CURRENT, NEWEST = "8.3.22.1704", "8.3.22.1750", "8.3.25.1286"


@pytest.fixture(scope="session")
def scratch():
    """A folder for everything; reachable for the server's children, whatever user they run as."""
    os.umask(0o022)
    folder = Path(tempfile.mkdtemp(prefix="cdist-http-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared(scratch):
    """Roots that no test changes."""
    roots = {name: scratch / "roots" / name for name in ("plain", "families", "slow", "very_slow", "ready")}
    releases.add_release(roots["plain"], OLD, ["windows64", "linux64"])
    releases.add_release(roots["plain"], CURRENT, ["windows64", "windows32", "linux64", "macos64"])
    releases.add_release(roots["plain"], NEWEST, ["windows64", "linux64"], size=3_000_000)
    releases.add_release(roots["families"], CURRENT)
    releases.add_release(roots["families"], "8.5.1.1000")
    releases.add_slow_release(roots["slow"], CURRENT, 5)
    releases.add_slow_release(roots["very_slow"], CURRENT, 17)
    releases.add_ready(roots["ready"] / CURRENT / "distr" / "windows64tc.zip", "by hand")
    releases.age(*roots.values())
    return roots


@pytest.fixture(scope="session")
def centre(scratch):
    """Publications that no test changes."""
    folder = scratch / "centre"
    folder.mkdir()
    return Centre(folder)


@pytest.fixture
def folder(scratch, request):
    """A folder of the test's own."""
    path = Path(tempfile.mkdtemp(prefix=request.node.originalname + "-", dir=scratch))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def httpd(folder, request):
    """Makes servers. A root, a list of roots, or a dict of URL path to directives says what is published; the rest
    goes to Httpd."""
    made = []

    def make(what, current=None, start=True, limit=None, **options):
        if not isinstance(what, dict):
            roots = what if isinstance(what, list) else [what]
            directives = "CDistRoot " + " ".join(f'"{root}"' for root in roots)
            what = {"/tc": directives + (f"\n  CDistCurrent {current}" if current else "")}
        place = folder / f"httpd{len(made)}"
        place.mkdir()
        server = Httpd(place, what, name=request.node.name, **options)
        made.append(server)
        return server.start(limit) if start else server
    yield make
    for server in made:
        server.stop()
    unexpected = [line for server in made for line in server.unexpected()]
    assert not unexpected, "in error_log:\n" + "\n".join(unexpected)


@pytest.fixture
def stranger():
    with upstreams.serving() as upstream:
        yield upstream


@pytest.fixture
def branch(httpd, folder, stranger):
    """A branch with an empty root behind the stranger."""
    (folder / "root").mkdir()
    return httpd({"/tc": f'CDistRoot "{folder / "root"}"\n  CDistUpstream {stranger.url}'}, modules=["proxy", "proxy_http"])
