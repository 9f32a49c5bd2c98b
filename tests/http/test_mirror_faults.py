"""A sync that is interrupted anywhere: nothing half-made is served, and the next one finishes what it began."""
import signal
import subprocess
import time

import pytest

from harness import TOOL
from mirror import FILE, NEW, OLD, Handler, Upstream, cut_after, run, served, sync


def whole_releases(centre, root):
    """That a root holds whole releases alone."""
    found = served(root)
    for name, content in found.items():
        assert content == centre.whole[name], name
    for version in (OLD, NEW):
        assert len([name for name in found if name.startswith(version)]) in (0, 2)
    return found


def once(fault, then):
    """Answers the first request with one fault, and all others with another one."""
    faults = [fault]

    def answer(handler):
        (faults.pop() if faults else then)(handler)
    return answer


def away(handler):
    handler.reply(503, b"", {"Retry-After": "10"})


@pytest.mark.parametrize("count", [0, 1, 4096, 1_234_567, 2_999_999])
def test_an_upstream_that_dies_at_any_byte_costs_only_the_rest(centre, folder, count):
    with Upstream(centre.second, {f"{NEW}/{FILE}": once(cut_after(count), away)}) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", "--key", centre.public)
        assert done.returncode == 1
        assert NEW not in " ".join(whole_releases(centre, folder / "branch"))
        upstream.faults.clear()
        archives, _ = sync(upstream.url, folder / "branch", "--key", centre.public)
    assert whole_releases(centre, folder / "branch") == centre.whole
    fetched = next(row for row in archives if row["version"] == NEW and row["slot"] == "windows64")["fetched_bytes"]
    assert fetched <= len(centre.archive) - count


def test_a_connection_that_breaks_is_taken_up_again_in_the_same_run(centre, folder):
    with Upstream(centre.second, {f"{NEW}/{FILE}": once(cut_after(1_000_000), Handler.answer)}) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
        assert len(upstream.asked(f"{NEW}/{FILE}")) == 2
    assert served(folder / "branch") == centre.whole


@pytest.mark.parametrize("name", ["index.json", "index.json.sig", ".manifest"])
def test_a_document_that_is_cut_off_is_none(centre, folder, name):
    with Upstream(centre.second, {name: cut_after(100)}) as upstream:
        assert run("sync", "--from", upstream.url, "--to", folder / "branch", "--key", centre.public).returncode == 1
        assert served(folder / "branch") == {}


def test_killed_at_any_moment_it_leaves_whole_releases_and_the_next_one_finishes(centre, folder):
    branch = folder / "branch"
    with Upstream(centre.second) as upstream:
        for delay in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25):
            process = subprocess.Popen([TOOL, "sync", "--from", upstream.url, "--to", branch, "--key", centre.public, "--rate", "12M"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.wait()
            if branch.exists():
                whole_releases(centre, branch)
        sync(upstream.url, branch, "--key", centre.public)
    assert whole_releases(centre, branch) == centre.whole
    assert not list((branch / ".1cdist" / "partial").iterdir()) and not list((branch / ".1cdist" / "incoming").iterdir())


@pytest.mark.parametrize("limit", [0, 100, 10_000, 2_000_000])
def test_a_disk_that_is_full_ends_it_with_a_word_and_nothing_lost(centre, folder, limit):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second) as upstream:
        done = subprocess.run(["prlimit", f"--fsize={limit}", TOOL, "sync", "--from", upstream.url, "--to", branch, "--key",
                               centre.public], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and ("cannot be written" in done.stderr or "cannot be made" in done.stderr), done.stderr
        assert list(whole_releases(centre, branch)) == [f"{OLD}/distr/modules.zip", f"{OLD}/distr/{FILE}"]
        sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole


def test_journals_and_partial_archives_are_not_believed(centre, folder):
    """After the power failed, the journal may tell of what never came to the disk."""
    with Upstream(centre.second, {f"{NEW}/{FILE}": once(cut_after(2_000_000), away)}) as upstream:
        run("sync", "--from", upstream.url, "--to", folder / "branch", "--key", centre.public)
        partial = next(path for path in (folder / "branch" / ".1cdist" / "partial").iterdir() if not path.suffix)
        size = partial.stat().st_size
        partial.write_bytes(partial.read_bytes()[:500_000] + bytes(size - 500_000 + 5_000_000))
        upstream.faults.clear()
        archives, _ = sync(upstream.url, folder / "branch", "--key", centre.public)
    assert served(folder / "branch") == centre.whole


@pytest.mark.parametrize("damage", ["state.json", "holds"])
def test_damaged_notes_that_protect_are_said_and_not_replaced(centre, folder, damage):
    branch = centre.branch(folder / "branch")
    (branch / ".1cdist" / damage).write_text("?")
    with Upstream(centre.second) as upstream:
        done = run("sync", "--from", upstream.url, "--to", branch)
        assert done.returncode == 1 and damage in done.stderr and not upstream.requests
    assert (branch / ".1cdist" / damage).read_text() == "?"


@pytest.mark.parametrize("damage", ["known.json", "index.json", "index.json.sig"])
def test_damaged_notes_that_only_save_work_are_made_anew(centre, folder, damage):
    branch = centre.branch(folder / "branch")
    (branch / ".1cdist" / damage).write_text("?")
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole


# ---- servers that do less -----------------------------------------------------------------------------------------------

def ignores_ranges(handler):
    handler.headers.replace_header("Range", "") if handler.headers.get("Range") else None
    handler.answer()


def takes_one_range(handler):
    first = handler.headers["Range"].split(",")[0]
    handler.headers.replace_header("Range", first)
    handler.answer()


def refuses_several(handler):
    if "," in handler.headers["Range"]:
        handler.reply(416, b"")
    else:
        handler.answer()


@pytest.mark.parametrize("server", [ignores_ranges, takes_one_range, refuses_several])
def test_servers_that_know_less_of_ranges_do(centre, folder, server):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second, {".zip": server}) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
        if server is not ignores_ranges:
            assert upstream.sent < len(centre.archive) / 5
    assert served(branch) == centre.whole


def test_a_server_without_manifests_costs_the_whole_archive(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second, {".manifest": lambda handler: handler.reply(404, b"")}) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole
