"""The moment in which a release changes: who looks sees all of it as it was, or all of it as it is."""
import ctypes
import hashlib
import threading

import pytest

import releases
from mirror import OLD, Upstream, publish, sync

FILES = {"windows64": "windows64tc.zip", "linux64": "linux64tc.zip", "macos64": "macOS64tc.zip"}


@pytest.fixture(scope="module")
def publications(scratch):
    """One of a single archive, and one in which it is another one, and two have come."""
    folder = scratch / "three"
    roots = [folder / "root", folder / "later"]
    for root in roots:
        for slot, name in FILES.items():
            again = root is roots[1] and slot == "windows64"
            releases.add_ready(root / OLD / "distr" / name, "made again" if again else slot)
    releases.age(*roots)
    publish(roots[0], folder / "first", "--component", "windows64")
    publish(roots[1], folder / "second", "--counter", "2")
    return folder


def seen(distr):
    """What somebody sees who goes by the name; None if the folder was taken from under him, so that he looks again."""
    try:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in distr.iterdir()}
    except FileNotFoundError:
        return None


def branch_of(publications, folder, **others):
    """A branch that has the one archive, and whatever somebody else has put beside it."""
    branch = folder / "branch"
    with Upstream(publications / "first") as upstream:
        sync(upstream.url, branch)
    for name, text in others.items():
        (branch / OLD / "distr" / name).write_text(text)
    return branch, branch / OLD / "distr"


def exchanges_folders(folder):
    """Whether the file system can do what several archives at once need; where it cannot, they come one by one."""
    one, other = folder / "one", folder / "other"
    one.mkdir()
    other.mkdir()
    at_cwd, exchange = -100, 2
    return ctypes.CDLL(None).renameat2(at_cwd, bytes(one), at_cwd, bytes(other), exchange) == 0


def test_several_archives_of_a_release_that_is_there_come_at_once(publications, folder):
    if not exchanges_folders(folder):
        pytest.skip("this file system exchanges no folders")
    branch, distr = branch_of(publications, folder, readme="mine")
    distr.chmod(0o775)
    before, inode, other = seen(distr), distr.stat().st_ino, (distr / "readme").stat().st_ino
    looks, done = [], threading.Event()

    def look():
        while not done.is_set():
            looks.append((distr.stat().st_ino, seen(distr), distr.stat().st_ino))

    watcher = threading.Thread(target=look)
    watcher.start()
    with Upstream(publications / "second") as upstream:
        sync(upstream.url, branch)
    done.set()
    watcher.join()
    after = seen(distr)
    assert set(after) == {*FILES.values(), "readme"} and after["readme"] == before["readme"]
    assert (distr / "readme").stat().st_ino == other and (distr / "readme").stat().st_nlink == 1
    assert distr.stat().st_ino != inode and distr.stat().st_mode & 0o7777 == 0o775
    whole = [look for first, look, last in looks if look is not None and first == last]
    assert all(look in (before, after) for look in whole)
    assert list((branch / ".1cdist" / "incoming").iterdir()) == []


def test_where_a_folder_lies_among_them_they_come_one_by_one(publications, folder):
    branch, distr = branch_of(publications, folder)
    inode = distr.stat().st_ino
    (distr / "own").mkdir()
    (distr / "own" / "file").write_text("mine")
    with Upstream(publications / "second") as upstream:
        sync(upstream.url, branch)
        _, summary = sync(upstream.url, branch)
    assert {path.name for path in distr.iterdir()} == {*FILES.values(), "own"} and (distr / "own" / "file").read_text() == "mine"
    assert distr.stat().st_ino == inode and summary["archives"] == 0
    assert list((branch / ".1cdist" / "incoming").iterdir()) == []


def test_after_a_crash_between_two_steps_nothing_is_left(publications, folder):
    """Second names that were given, or an old folder that was not cleared yet."""
    branch, distr = branch_of(publications, folder, readme="mine")
    left = branch / ".1cdist" / "incoming" / OLD / "distr"
    left.mkdir(parents=True)
    (left / "readme").hardlink_to(distr / "readme")
    (left / FILES["windows64"]).write_bytes((distr / FILES["windows64"]).read_bytes())
    with Upstream(publications / "second") as upstream:
        sync(upstream.url, branch)
        assert set(seen(distr)) == {*FILES.values(), "readme"}
        left.mkdir(parents=True)
        (left / "old.zip").write_bytes(b"old")
        sync(upstream.url, branch)
    assert list((branch / ".1cdist" / "incoming").iterdir()) == []


def test_a_release_folder_without_archives_gets_them_at_once(publications, folder):
    branch = folder / "branch"
    (branch / OLD / "own").mkdir(parents=True)
    with Upstream(publications / "second") as upstream:
        sync(upstream.url, branch)
        _, summary = sync(upstream.url, branch)
    assert set(seen(branch / OLD / "distr")) == set(FILES.values()) and (branch / OLD / "own").is_dir() and summary["archives"] == 0
