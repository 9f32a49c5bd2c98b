"""What a branch tells its centre, and the timers of both."""
import configparser
import shlex
import shutil
import subprocess

import pytest

import releases
from harness import TOOL, TOP
from mirror import FILE, NEW, OLD, Upstream, run, served, sync


def test_the_centre_is_told_how_it_ended(centre, folder):
    branch = folder / "branch"
    with Upstream(centre.second, {f"{NEW}/{FILE}": lambda handler: handler.reply(500, b"")}) as upstream:
        assert run("sync", "--from", upstream.url, "--to", branch, "--report").returncode == 1
        upstream.faults.clear()
        sync(upstream.url, branch, "--report")
        (path, kind, failed), (_, _, done) = upstream.posts
    assert (path, kind) == ("/branches", "application/json")
    assert "status 500" in failed["error"] and failed["releases"] == [] and "last_sync" not in failed
    assert done["releases"] == [NEW, OLD] and "error" not in done and done["last_sync"].endswith("Z") and done["name"]


def test_the_centre_is_told_what_is_current_here(centre, folder):
    branch = folder / "branch"

    def told(*args):
        with Upstream(centre.second) as upstream:
            sync(upstream.url, branch, "--report", *args)
            return upstream.posts[0][2].get("current")

    assert [told(), told("--current", "newest"), told("--current", OLD), told("--current", "8.3.25"), told("--current", "8.3.24")] == \
        [NEW, NEW, OLD, NEW, None]
    releases.add_ready(branch / "8.5.1.100" / "distr" / FILE, "another family")
    assert [told(), told("--current", "newest"), told("--current", "8.3")] == [None, "8.5.1.100", NEW]


def test_what_is_current_is_told_with_a_report_alone(folder):
    for args in (["--current", "8.3"], ["--report", "--current", "server"], ["--report", "--current", ""]):
        done = run("sync", "--from", "http://127.0.0.1:1", "--to", folder / "branch", *args)
        assert done.returncode == 2 and "--current" in done.stderr


def test_a_report_that_nobody_takes_is_no_failure(centre, folder):
    with Upstream(centre.first) as upstream:
        upstream.server.RequestHandlerClass.do_POST = lambda handler: handler.reply(403, b"")
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", "--report")
    assert done.returncode == 0 and "the report was not taken" in done.stderr


@pytest.mark.parametrize("verb", ["publish", "sync"])
def test_the_timers_services_are_commands_that_work(centre, folder, verb):
    service = configparser.ConfigParser(strict=False, interpolation=None)
    service.optionxform = str
    service.read(TOP / "conf-examples" / f"1cdist-{verb}.service")
    command = shlex.split(service["Service"]["ExecStart"])
    assert command[0].endswith("/1cdist") and command[1] == verb
    assert service["Service"]["ReadWritePaths"].startswith(service["Unit"]["RequiresMountsFor"])
    with Upstream(centre.second) as upstream:
        replaced = {"https://centre.example/update": upstream.url, "/etc/1cdist.pub": centre.public, "/root/1cdist.key": centre.key,
                    "/srv/1c/releases": folder / "branch" if verb == "sync" else centre.root, "/srv/1c/published/index.json": folder / "index.json"}
        done = run(*(replaced.get(word, word) for word in command[1:]))
    assert done.returncode == 0, done.stderr
    if verb == "sync":
        assert served(folder / "branch") == centre.whole
    else:
        assert (folder / NEW / FILE).read_bytes() == centre.archive and (folder / "index.json.sig").exists()
    units_are_in_order(folder, command[0], f"1cdist-{verb}.timer", f"1cdist-{verb}.service")


def units_are_in_order(folder, installed, *names):
    if not shutil.which("systemd-analyze"):
        pytest.skip("skipped: no systemd-analyze")
    for name in names:
        (folder / name).write_text((TOP / "conf-examples" / name).read_text().replace(installed, str(TOOL)))
    done = subprocess.run(["systemd-analyze", "verify", *(folder / name for name in names)], capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if "1cdist-" in line] == [] and done.returncode == 0, done.stderr
