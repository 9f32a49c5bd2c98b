"""What sync keeps for itself in a root: nothing when it only looks, no more than there is room for, and nothing for ever."""
import hashlib
import os
import re
import shutil
import time

import pytest

from mirror import FILE, NEW, OLD, Upstream, cut_after, forge, locked, refused, run, served, slot_of, sync

MONTH = 31 * 86400


def everything(folder):
    """All that a folder holds, with what would tell that it was touched."""
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes() if path.is_file() else None)
            for path in [folder, *folder.rglob("*")]}


# ---- looking ------------------------------------------------------------------------------------------------------------

def test_check_writes_nothing_where_nothing_is(centre, folder):
    with Upstream(centre.second) as upstream:
        archives, summary = sync(upstream.url, folder / "branch", "--key", centre.public, "--check")
        assert {row["action"] for row in archives} == {"wanted"} and summary["releases"] == 2
        assert run("sync", "--from", upstream.url, "--to", folder / "branch", "--check", "--version", "8.5").returncode == 3
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("before", ["synced", "ready", "failing"])
def test_check_writes_nothing_where_something_is(centre, folder, before):
    """Archives that nobody has recorded yet are read for it, and count all the same."""
    branch = folder / "branch"
    if before == "ready":
        shutil.copytree(centre.first / OLD, branch / OLD)
    else:
        centre.branch(branch)
    kept = everything(branch)
    faults = {"index.json": lambda handler: handler.reply(500, b"")} if before == "failing" else {}
    with Upstream(centre.second, faults) as upstream:
        if before == "failing":
            refused(upstream.url, branch, "--check", "--report")
        else:
            archives, _ = sync(upstream.url, branch, "--key", centre.public, "--check", "--report")
            wanted = next(row for row in archives if row["version"] == NEW and row["slot"] == "windows64")
            assert wanted["fetched_bytes"] < 0.07 * wanted["bytes"]
        assert not upstream.posts
    assert everything(branch) == kept


def test_check_sees_what_was_fetched_before_and_leaves_it(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second, {f"{NEW}/{FILE}": cut_after(1000)}) as upstream:
        refused(upstream.url, branch, "--key", centre.public)
        kept = everything(branch)
        sync(upstream.url, branch, "--key", centre.public, "--check")
    assert everything(branch) == kept


# ---- holds ----------------------------------------------------------------------------------------------------------------

def test_a_hold_waits_for_nobody_for_long_and_is_never_lost(folder):
    with locked(folder / "branch"):
        done = run("sync", "--to", folder / "branch", "--hold", NEW)
        assert done.returncode == 1 and "another sync works on this folder" in done.stderr
        assert not (folder / "branch" / ".1cdist" / "holds").exists()
    assert run("sync", "--to", folder / "branch", "--hold", NEW).returncode == 0
    assert NEW in (folder / "branch" / ".1cdist" / "holds").read_text()


# ---- leftovers --------------------------------------------------------------------------------------------------------------

def manifests(branch):
    return {path.name.split(".")[0] for path in (branch / ".1cdist" / "manifests").iterdir()}


def test_manifests_of_archives_that_are_gone_go_too(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
        assert manifests(branch) == {hashlib.sha256(content).hexdigest() for content in centre.whole.values()}
        shutil.rmtree(branch / OLD)
        (branch / ".1cdist" / "manifests" / "note.txt").write_text("not sync's own")
        sync(upstream.url, branch, "--key", centre.public, "--version", NEW)
    left = {hashlib.sha256(content).hexdigest() for name, content in centre.whole.items() if name.startswith(NEW)}
    assert manifests(branch) == left | {"note"}


def test_archives_in_the_making_go_when_they_are_not_offered_or_old(centre, folder):
    branch = centre.branch(folder / "branch")
    partial = branch / ".1cdist" / "partial"
    offered = hashlib.sha256(centre.archive).hexdigest()
    modules = hashlib.sha256(centre.whole[f"{NEW}/distr/modules.zip"]).hexdigest()
    for name in (offered, "0" * 64, modules):
        for suffix in ("", ".have", ".manifest"):
            (partial / (name + suffix)).write_bytes(b"")
    os.utime(partial / modules, (time.time() - MONTH,) * 2)
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public, "--version", OLD)
        assert {path.name for path in partial.iterdir()} == {offered, f"{offered}.have", f"{offered}.manifest"}
        sync(upstream.url, branch, "--key", centre.public)
    assert list(partial.iterdir()) == [] and served(branch) == centre.whole


# ---- room -------------------------------------------------------------------------------------------------------------------

def test_what_there_is_no_room_for_is_not_begun(centre, folder):
    """A size that nobody has room for, as an index that nobody signed may tell it."""
    branch = centre.branch(folder / "branch")
    huge = forge(centre, folder / "forged", lambda index: slot_of(index).update(archive_bytes=2 ** 44))
    with Upstream(huge, {".manifest": lambda handler: handler.reply(404, b"")}) as upstream:
        for args, what in ([], f"release {NEW}"), (["--check"], "what would be taken"):
            said = refused(upstream.url, branch, *args)
            free, needed = map(int, re.search(rf"has (\d+) bytes free, and {what} needs (\d+) more", said).groups())
            assert free < 2 ** 44 <= needed and not upstream.asked(f"{NEW}/{FILE}")
        assert list((branch / ".1cdist" / "partial").iterdir()) == []
        with Upstream(centre.second) as honest:
            _, summary = sync([upstream.url, honest.url], branch)
            assert summary["from"] == honest.url
    assert served(branch) == centre.whole


def test_updates_that_there_is_no_room_for_are_not_begun(centre, folder):
    huge = {"path": "huge/1cv8.cf", "url": "updates/sha256/" + "0" * 64, "bytes": 2 ** 44, "sha256": "0" * 64}
    publication = forge(centre, folder / "forged", lambda index: index.update(updates=[huge]))
    with Upstream(publication) as upstream:
        for args in ([], ["--check"]):
            assert f"needs {2 ** 44} more" in refused(upstream.url, folder / "branch", "--component", "updates", *args)
        assert not upstream.asked("0" * 64)
