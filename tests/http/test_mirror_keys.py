"""Keys of a cascade that change: who is believed afterwards, and from which counter on."""
import json
import shutil

import pytest

from mirror import OLD, Upstream, changed, forge, publish, refused, run, served, sync


def rotate(centre, folder, signers, keep_old=False):
    """A publication signed by the other key, with a key list that replaces the first key, or stands beside it."""
    publication = forge(centre, folder / "rotated", lambda index: index.update(counter=1), centre.other_key)
    listed = [centre.public] * keep_old + [centre.other_public]
    assert run("key", "list", "-o", publication / "keys.json", *listed).returncode == 0
    keys = sum((["--key", key] for key in signers), [])
    assert run("key", "sign", *keys, publication / "keys.json").returncode == 0
    return publication


def test_a_key_list_signed_by_the_old_key_and_its_own_moves_the_trust(centre, folder):
    branch = folder / "branch"
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public, "--version", OLD)
    with Upstream(rotate(centre, folder, [centre.key, centre.other_key])) as upstream:
        _, summary = sync(upstream.url, branch, "--key", centre.public)
        assert summary["signed"] and summary["counter"] == 1, "a new key is the cure of a counter that was used up"
    assert served(branch) == centre.whole
    with Upstream(centre.second) as upstream:
        assert "no valid signature" in refused(upstream.url, branch, "--key", centre.public)


def test_the_counter_starts_anew_though_the_first_index_after_a_rotation_does_not_come(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    with Upstream(rotate(centre, folder, [centre.key, centre.other_key])) as upstream:
        upstream.faults["index.json.sig"] = changed(lambda body: b"1cdist-signature 1\n")
        refused(upstream.url, branch, "--key", centre.public)
        upstream.faults.clear()
        _, summary = sync(upstream.url, branch, "--key", centre.public)
    assert summary["counter"] == 1


@pytest.mark.parametrize("signer", ["key", "other_key"])
def test_a_key_list_that_one_side_alone_signed_is_passed_over(centre, folder, signer):
    with Upstream(rotate(centre, folder, [getattr(centre, signer)])) as upstream:
        assert "passed over" in refused(upstream.url, folder / "branch", "--key", centre.public)


def test_another_key_of_the_administrator_goes_before_what_was_learned(centre, folder):
    branch = folder / "branch"
    with Upstream(rotate(centre, folder, [centre.key, centre.other_key])) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
        sync(upstream.url, branch, "--key", centre.other_public)
    run("key", "new", folder / "third")
    with Upstream(forge(centre, folder / "third_pub", lambda index: None, folder / "third")) as upstream:
        sync(upstream.url, branch, "--key", folder / "third.pub")


def replay(centre, rotated, folder):
    """The old index under a new key list, as somebody who keeps newer ones back would serve it."""
    shutil.copytree(centre.first, folder)
    for name in ("keys.json", "keys.json.sig"):
        shutil.copyfile(rotated / name, folder / name)
    return folder


def test_a_key_that_stays_keeps_the_counter(centre, folder):
    """An index that is not expired yet, and that the old key signed, would be let in once."""
    branch = folder / "branch"
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    rotated = rotate(centre, folder, [centre.key, centre.other_key], keep_old=True)
    with Upstream(replay(centre, rotated, folder / "replayed")) as upstream:
        said = refused(upstream.url, branch, "--key", centre.public)
        assert "the keys were renewed" in said and "older than what was seen before" in said
        refused(upstream.url, branch, "--key", centre.public)
    with Upstream(rotated) as upstream:
        refused(upstream.url, branch, "--key", centre.public)
    assert json.loads((branch / ".1cdist" / "state.json").read_text())["counter"] == 2


def test_a_new_key_that_signed_what_was_seen_last_goes_on_with_its_counter(centre, folder):
    """While both keys sign, as in the documented rotation, the new one signs what will be old once the list comes."""
    both = folder / "both"
    shutil.copytree(centre.second, both)
    assert run("key", "sign", "--key", centre.key, "--key", centre.other_key, both / "index.json").returncode == 0
    with Upstream(both) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
    with Upstream(rotate(centre, folder, [centre.key, centre.other_key])) as upstream:
        assert "older than what was seen before" in refused(upstream.url, folder / "branch", "--key", centre.public)


def test_a_rotation_as_it_is_documented_works_from_start_to_end(centre, folder):
    branch, publication = folder / "branch", folder / "pub"
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    shutil.copytree(centre.second, publication)

    with Upstream(publication) as upstream:
        publish(centre.root, publication, "--key", centre.key, "--key", centre.other_key, "--counter", "7")
        assert run("key", "list", "-o", publication / "keys.json", centre.other_public).returncode == 0
        assert run("key", "sign", "--key", centre.key, "--key", centre.other_key, publication / "keys.json").returncode == 0
        _, summary = sync(upstream.url, branch, "--key", centre.public)
        assert summary["counter"] == 7
        publish(centre.root, publication, "--key", centre.other_key, "--require", "windows64")
        _, summary = sync(upstream.url, branch, "--key", centre.public)
        assert summary["counter"] == 8
        sync(upstream.url, folder / "late", "--key", centre.other_public)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_host_that_will_not_say_that_there_is_no_key_list_is_understood(centre, folder, status):
    with Upstream(centre.second, {"keys.json": lambda handler: handler.reply(status, b"<Error/>")}) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", "--key", centre.public)
    assert done.returncode == 0 and served(folder / "branch") == centre.whole, done.stderr
    assert (f"keys.json: the server answers with status {status}" in done.stderr) == (status < 404)


def test_a_key_list_that_was_there_and_is_forbidden_is_a_failure(centre, folder):
    rotated = rotate(centre, folder, [centre.key, centre.other_key])
    with Upstream(rotated) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public, "--version", OLD)
        upstream.faults["keys.json"] = lambda handler: handler.reply(403, b"")
        (rotated / "index.json").write_text((rotated / "index.json").read_text() + " ")
        assert run("key", "sign", "--key", centre.other_key, rotated / "index.json").returncode == 0
        assert "keys.json: the server answers with status 403" in refused(upstream.url, folder / "branch", "--key", centre.public)
