"""Attacks on a branch, by name as TUF lists them: whatever an upstream does, the root holds what it held, or what the centre signed."""
import json
import shutil
from datetime import timedelta

import pytest

from mirror import FILE, NEW, OLD, Upstream, changed, flipped, forge, garbled, refused, served, slot_of, sync, utc


# ---- arbitrary installation --------------------------------------------------------------------------------------------

def test_an_archive_of_another_digest_is_not_taken(centre, folder):
    with Upstream(centre.second, {f"{NEW}/{FILE}": changed(flipped), f"{OLD}/{FILE}": changed(flipped)}) as upstream:
        assert "is not the archive that the index tells of" in refused(upstream.url, folder / "branch", "--key", centre.public)
        refused(upstream.url, folder / "branch")


def test_an_unsigned_index_is_refused_where_a_key_is_given(centre, folder):
    with Upstream(centre.second, {".sig": lambda handler: handler.reply(404, b"")}) as upstream:
        assert "is not signed" in refused(upstream.url, folder / "branch", "--key", centre.public)
        assert not upstream.asked(".zip")
        _, summary = sync(upstream.url, folder / "branch")
        assert not summary["signed"] and summary["key"] == ""


def test_an_index_of_a_foreign_key_is_refused(centre, folder):
    publication = forge(centre, folder / "forged", lambda index: None, centre.other_key)
    with Upstream(publication) as upstream:
        assert "no valid signature" in refused(upstream.url, folder / "branch", "--key", centre.public)


def test_an_index_that_differs_by_a_byte_is_refused(centre, folder):
    with Upstream(centre.second, {"index.json": changed(lambda body: body + b" ")}) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)


def test_a_manifest_of_another_digest_is_refused(centre, folder):
    with Upstream(centre.second, {".manifest": changed(flipped)}) as upstream:
        assert "is not the manifest" in refused(upstream.url, folder / "branch", "--key", centre.public)
        assert not upstream.asked(".zip")


# ---- extraneous dependencies, names that escape ----------------------------------------------------------------------------

@pytest.mark.parametrize("url", ["../evil.zip", "/etc/passwd", "http://127.0.0.1:1/x.zip", "//127.0.0.1:1/x.zip", "file:///etc/passwd",
                                 f"{NEW}/../{FILE}", f"{NEW}/.1cdist/{FILE}", f"{NEW}//{FILE}", f"{NEW}/%2e%2e/{FILE}", f"{NEW}\\{FILE}",
                                 f"{NEW}/{FILE}?x", f"{NEW}/{FILE}\u0000", "", f"{NEW}/"])
def test_an_address_that_leads_elsewhere_is_refused(centre, folder, url):
    publication = forge(centre, folder / "forged", lambda index: slot_of(index).update(url=url))
    with Upstream(publication) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)
        assert all(path.startswith(("/index.json", "/keys.json")) for path, _ in upstream.requests)


@pytest.mark.parametrize("key, value", [("file", "../windows64tc.zip"), ("file", "linux64tc.zip"), ("slot", "../../etc"), ("slot", "distr"),
                                        ("slot", "Win64"), ("slot", ""), ("slot", "modules")])
def test_a_name_that_is_no_slots_own_is_refused(centre, folder, key, value):
    publication = forge(centre, folder / "forged", lambda index: slot_of(index).update({key: value}))
    with Upstream(publication) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)


@pytest.mark.parametrize("version", ["../../tmp", "8.3.25", "8.3.25.1394/..", "8_3_25_1394", OLD, ".1cdist"])
def test_a_version_that_is_none_is_refused(centre, folder, version):
    publication = forge(centre, folder / "forged", lambda index: index["releases"][0].update(version=version))
    with Upstream(publication) as upstream:
        refused(upstream.url, folder / "branch", "--key", centre.public)


def test_only_what_the_index_lists_is_fetched(centre, folder):
    with Upstream(centre.second) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
    listed = {f"/{version}/{name}{suffix}" for version in (OLD, NEW) for name in (FILE, "modules.zip") for suffix in ("", ".manifest")}
    assert {path for path, _ in upstream.requests} <= listed | {"/index.json", "/index.json.sig", "/keys.json"}


# ---- roll-back, fast-forward, freeze -----------------------------------------------------------------------------------------

def test_an_older_index_is_refused_and_taken_with_a_reason(centre, folder):
    with Upstream(centre.second) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
    with Upstream(centre.first) as upstream:
        assert "--allow-rollback" in refused(upstream.url, folder / "branch", "--key", centre.public)
        sync(upstream.url, folder / "branch", "--key", centre.public, "--allow-rollback", "the centre was restored")
    state = json.loads((folder / "branch" / ".1cdist" / "state.json").read_text())
    assert state["counter"] == 1 and "the centre was restored" in state["rollbacks"][0]
    assert served(folder / "branch") == centre.whole, "nothing is ever taken away"


def test_a_roll_back_that_was_only_looked_at_is_not_written_down(centre, folder):
    with Upstream(centre.second) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
    with Upstream(centre.first) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public, "--allow-rollback", "just looking", "--check")
    state = json.loads((folder / "branch" / ".1cdist" / "state.json").read_text())
    assert (state["counter"], state["rollbacks"]) == (2, [])


def test_a_live_catalogue_in_the_place_of_a_publication_is_a_roll_back(centre, folder):
    publication = forge(centre, folder / "forged", lambda index: [index.pop(key) for key in ("counter", "created", "expires")])
    with Upstream(centre.second) as upstream:
        sync(upstream.url, folder / "branch")
    with Upstream(publication) as upstream:
        refused(upstream.url, folder / "branch")


def test_a_counter_that_jumps_is_refused(centre, folder):
    branch = centre.branch(folder / "branch")
    publication = forge(centre, folder / "forged", lambda index: index.update(counter=2 ** 52))
    with Upstream(publication) as upstream:
        assert "jumped" in refused(upstream.url, branch, "--key", centre.public)


def test_an_expired_index_is_said_and_what_is_here_stays(centre, folder):
    branch = centre.branch(folder / "branch")
    publication = forge(centre, folder / "forged",
                        lambda index: index.update(created="2020-01-01T00:00:00Z", expires="2020-02-01T00:00:00Z"))
    with Upstream(publication) as upstream:
        assert "expired at 2020-02-01" in refused(upstream.url, branch, "--key", centre.public)
    assert "expired" in json.loads((branch / ".1cdist" / "state.json").read_text())["error"]


def test_a_clock_that_was_set_back_makes_no_index_young_again(centre, folder):
    branch = centre.branch(folder / "branch")
    path = branch / ".1cdist" / "state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "newest": "2037-01-01T00:00:00Z"}))
    with Upstream(centre.second) as upstream:
        said = refused(upstream.url, branch, "--key", centre.public)
        assert "expired" in said and "set back" in said
        path.write_text(json.dumps(state))
        sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole


@pytest.mark.parametrize("ahead, taken", [(timedelta(hours=23), True), (timedelta(days=2), False), (timedelta(days=7000), False)],
                         ids=["a little", "days", "years"])
def test_an_index_of_the_future_is_refused_and_makes_no_other_look_old(centre, folder, ahead, taken):
    branch = centre.branch(folder / "branch")
    publication = forge(centre, folder / "forged", lambda index: index.update(created=utc(ahead), expires=utc(ahead + timedelta(days=30))))
    with Upstream(publication) as upstream:
        if taken:
            sync(upstream.url, branch, "--key", centre.public)
        else:
            for args in ([], ["--allow-rollback", "because"]):
                assert f"was made at {utc(ahead)[:16]}" in refused(upstream.url, branch, "--key", centre.public, *args)
    assert json.loads((branch / ".1cdist" / "state.json").read_text())["newest"] <= utc()
    with Upstream(centre.second) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole


def test_a_time_that_was_believed_wrongly_is_forgotten_with_a_reason(centre, folder):
    branch = centre.branch(folder / "branch")
    path = branch / ".1cdist" / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "newest": "2037-01-01T00:00:00Z"}))
    with Upstream(centre.second) as upstream:
        assert "--allow-rollback" in refused(upstream.url, branch, "--key", centre.public)
        sync(upstream.url, branch, "--key", centre.public, "--allow-rollback", "the centre's clock was wrong")
        sync(upstream.url, branch, "--key", centre.public)
    state = json.loads(path.read_text())
    assert state["newest"] <= utc() and len(state["rollbacks"]) == 1
    assert "2037-01-01T00:00:00Z" in state["rollbacks"][0] and "the centre's clock was wrong" in state["rollbacks"][0]


# ---- what an index is called ---------------------------------------------------------------------------------------------------

def test_not_modified_is_said_of_the_index_that_is_kept(centre, folder):
    """Another index in its place, also one of the centre's own, is not what the ETag was given for."""
    branch = folder / "branch"
    with Upstream(centre.first) as upstream:
        sync(upstream.url, branch, "--key", centre.public)
        for name in ("index.json", "index.json.sig"):
            shutil.copyfile(centre.second / name, branch / ".1cdist" / name)
        _, summary = sync(upstream.url, branch, "--key", centre.public)
        assert "If-None-Match" not in upstream.asked("index.json")[-1]
    assert summary["counter"] == 1 and not summary["unchanged"]
    assert json.loads((branch / ".1cdist" / "index.json").read_text())["counter"] == 1


def test_each_source_has_its_own_name_for_the_index(centre, folder):
    def named(name):
        def answer(handler):
            if handler.headers.get("If-None-Match") == name:
                return handler.reply(304, b"", {"ETag": name})
            return handler.reply(200, handler.content(), {"ETag": name})
        return {"index.json": answer}

    branch = folder / "branch"
    with Upstream(centre.second, named('"one"')) as one, Upstream(centre.second, named('"other"')) as other:
        unchanged = [sync(upstream.url, branch, "--key", centre.public)[1]["unchanged"] for upstream in (one, other, one, other)]
        asked = [headers.get("If-None-Match") for upstream in (one, other) for headers in upstream.asked("index.json")]
    assert unchanged == [False, False, True, True] and asked == [None, '"one"', None, '"other"']


# ---- mix-and-match -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault", [changed(flipped), lambda handler: handler.reply(404, b""), lambda handler: handler.reply(500, b"")],
                         ids=["false", "absent", "failing"])
def test_a_release_of_which_one_component_does_not_come_does_not_appear(centre, folder, fault):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second, {f"{NEW}/modules.zip": fault}) as upstream:
        refused(upstream.url, branch, "--key", centre.public)
        assert not (branch / NEW).exists()
        upstream.faults.clear()
        archives, _ = sync(upstream.url, branch, "--key", centre.public)
    assert served(branch) == centre.whole
    assert next(row for row in archives if row["version"] == NEW and row["slot"] == "windows64")["fetched_bytes"] == 0


def test_an_index_that_requires_what_it_does_not_offer_gives_nothing(centre, folder):
    def drop(index):
        index["releases"][0]["slots"] = [slot for slot in index["releases"][0]["slots"] if slot["slot"] != "modules"]
    publication = forge(centre, folder / "forged", drop)
    with Upstream(publication) as upstream:
        _, summary = sync(upstream.url, folder / "branch", "--key", centre.public)
    assert summary["waiting"] == 1 and not (folder / "branch" / NEW).exists() and (folder / "branch" / OLD).exists()


# ---- wrong software ------------------------------------------------------------------------------------------------------------

def test_an_archive_of_another_version_is_refused_though_it_is_signed(centre, folder):
    old = slot_of(json.loads((centre.second / "index.json").read_text()), OLD)
    publication = forge(centre, folder / "forged", lambda index: slot_of(index).update(old))
    with Upstream(publication) as upstream:
        assert f"says version {OLD}" in refused(upstream.url, folder / "branch", "--key", centre.public)


def test_an_archive_of_another_slot_is_refused_though_it_is_signed(centre, folder):
    publication = forge(centre, folder / "forged", lambda index: slot_of(index).update(slot="windows32", file="windows32tc.zip"))
    with Upstream(publication) as upstream:
        said = refused(upstream.url, folder / "branch", "--key", centre.public, "--component", "windows32", "--version", NEW)
        assert "is for windows64" in said


# ---- malicious mirrors -------------------------------------------------------------------------------------------------------------

def test_a_source_that_lied_is_remembered_and_asked_last(centre, folder):
    branch = centre.branch(folder / "branch")
    with Upstream(centre.second, {f"{NEW}/{FILE}": changed(garbled)}) as liar, Upstream(centre.second) as honest:
        _, summary = sync([liar.url, honest.url], branch, "--key", centre.public)
        assert summary["from"] == honest.url and served(branch) == centre.whole
        liar.requests.clear()
        _, summary = sync([liar.url, honest.url], branch, "--key", centre.public)
        assert summary["from"] == honest.url and not liar.requests
        liar.faults.clear()
        sync(liar.url, branch, "--key", centre.public)
    assert json.loads((branch / ".1cdist" / "state.json").read_text())["liars"] == []


def test_what_a_liar_sent_does_no_harm_to_what_an_honest_source_sends(centre, folder):
    """Ranges of one archive come from both."""
    with Upstream(centre.second, {FILE: changed(flipped)}) as liar, Upstream(centre.second) as honest:
        refused(liar.url, folder / "branch", "--key", centre.public)
        archives, _ = sync(honest.url, folder / "branch", "--key", centre.public)
    assert served(folder / "branch") == centre.whole
    first = next(row for row in archives if row["version"] == NEW and row["slot"] == "windows64")
    assert first["fetched_bytes"] < first["bytes"] / 2, "what entries' digests vouch for is not fetched again"


def test_a_source_that_is_away_is_no_liar(centre, folder):
    with Upstream(centre.second) as gone:
        pass
    with Upstream(centre.second) as upstream:
        _, summary = sync([gone.url, upstream.url], folder / "branch")
    assert summary["from"] == upstream.url
    assert json.loads((folder / "branch" / ".1cdist" / "state.json").read_text())["liars"] == []


@pytest.mark.parametrize("name", ["index.json", "keys.json"])
def test_a_long_text_about_what_is_not_there_keeps_nobody_from_the_next_source(centre, folder, name):
    with Upstream(centre.second, {name: lambda handler: handler.reply(404, b"x" * 1_000_000)}) as talker, \
            Upstream(centre.second) as honest:
        _, summary = sync([talker.url, honest.url], folder / "branch", "--key", centre.public)
    assert summary["from"] == (honest.url if name == "index.json" else talker.url)
    assert served(folder / "branch") == centre.whole


def test_an_etag_that_is_too_long_is_not_sent_back(centre, folder):
    """A server that limits its headers would answer nothing else any more."""
    def labelled(handler):
        handler.reply(200, handler.content(), {"ETag": '"' + "x" * 9000 + '"'})

    with Upstream(centre.second, {"index.json": labelled}) as upstream:
        sync(upstream.url, folder / "branch", "--key", centre.public)
        sync(upstream.url, folder / "branch", "--key", centre.public)
        assert [len(headers.get("If-None-Match", "")) for headers in upstream.asked("index.json")] == [0, 0]
