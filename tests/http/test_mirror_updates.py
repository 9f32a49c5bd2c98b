"""Configuration updates on their way: template folders of a centre, and what of them arrives at a branch."""
import hashlib
import json
import os
import shutil
import threading

import pytest

import templates
from mirror import NEW, OLD, Upstream, changed, flipped, locked, publish, refused, rows, run, served, sync

CHOSEN = ("--component", "updates")


def fill(shelf):
    """A template folder: a line of releases in a vendor's folder, and a text in another language."""
    templates.line(shelf / "1c" / "Store")
    (shelf / "1c" / "Store" / "1_0_4" / "1cv8.mft").write_text("Vendor=Фирма\nName=Склад\nVersion=1.0.4\nAppVersion=8.3\n")
    (shelf / "1c" / "Store" / "1_0_4" / "Новое в версии.txt").write_text("много")
    return shelf


@pytest.fixture
def shelf(folder):
    return fill(folder / "tmplts")


@pytest.fixture(scope="module")
def published(scratch):
    """What a centre publishes of it: nothing else. NB: once for all, since it waits until the folder is still."""
    centre = scratch / "centre of updates"
    shelf = fill(centre / "tmplts")
    rows(run("publish", centre, "--index", centre / "pub" / "index.json", "--templates", shelf, *CHOSEN, "--json"))
    return centre / "pub"


@pytest.fixture
def offered(folder, published):
    return shutil.copytree(published, folder / "pub")


def files(shelf):
    return {str(path.relative_to(shelf)): path.read_bytes() for path in shelf.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(shelf).parts)}


def listed(published):
    return {entry["path"] for entry in json.loads((published / "index.json").read_text())["updates"]}


def steps(shelf, *args):
    told = rows(run("chain", "--templates", shelf, "--name", templates.NAME, "--from", "1.0.1", "--json", *args))
    return [step["version"] for step in told[0]["steps"]]


# ---- publish -----------------------------------------------------------------------------------------------------------

def test_a_publication_lists_each_file_and_holds_its_bytes_under_their_digest(shelf, offered):
    index = json.loads((offered / "index.json").read_text())
    assert listed(offered) == set(files(shelf))
    for entry in index["updates"]:
        content = (offered / entry["url"]).read_bytes()
        assert content == (shelf / entry["path"]).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert index["releases"] == []


def test_updates_in_a_root_travel_with_its_releases(centre, folder, shelf):
    shutil.copytree(centre.root, folder / "root")
    shutil.copytree(shelf, folder / "root" / "updates")
    told = publish(folder / "root", folder / "pub")
    assert (told["releases"], told["updates"]) == (2, len(files(shelf)))
    with Upstream(folder / "pub") as upstream:
        sync(upstream.url, folder / "branch")
    assert files(folder / "branch" / "updates") == files(shelf)
    assert (folder / "branch" / NEW / "distr" / "windows64tc.zip").is_file()


def test_what_did_not_change_is_neither_copied_nor_read_again(folder, shelf, offered):
    publish(folder, offered, "--templates", shelf, *CHOSEN)
    before = {path: path.stat().st_mtime_ns for path in offered.rglob("*") if path.is_file()}
    again = publish(folder, offered, "--templates", shelf, *CHOSEN)
    assert (again["changed"], again["written"]) == (False, False)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_hidden_files_links_and_names_that_windows_cannot_have_stay_at_home(folder, shelf):
    (shelf / ".git").mkdir()
    (shelf / ".git" / "secret").write_text("no")
    (shelf / "1c" / "passwd").symlink_to("/etc/passwd")
    (shelf / "1c" / "a:b.txt").write_text("no")
    (shelf / "1c" / "aux.cfu").write_text("no")
    os.mkfifo(shelf / "1c" / "pipe")
    done = run("publish", folder, "--index", folder / "index.json", "--templates", shelf, *CHOSEN)
    assert done.returncode == 0, done.stderr
    assert listed(folder) == {path for path in files(shelf) if path.startswith("1c/Store/")}
    assert "passwd: is left out: it is a link" in done.stderr and "pipe: is left out" in done.stderr
    assert "a:b.txt: is left out: its path has a character that Windows" in done.stderr
    assert "aux.cfu: is left out: its path has a part that is a device" in done.stderr


def test_a_folder_in_which_a_file_is_being_written_waits_for_the_next_time(folder, shelf):
    part, over = shelf / "1c" / "Store" / "1_0_3" / "new.dt", threading.Event()

    def write():
        with open(part, "ab", 0) as file:
            while not over.is_set():
                file.write(b"part")
                over.wait(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = run("publish", folder, "--index", folder / "pub" / "index.json", "--templates", shelf, *CHOSEN)
    finally:
        over.set()
        writer.join()
    assert done.returncode == 0 and f"{part}: is being changed, and its folder left out" in done.stderr
    assert listed(folder / "pub") == {path for path in files(shelf) if "1_0_3" not in path}
    publish(folder, folder / "pub", "--templates", shelf, *CHOSEN)
    assert listed(folder / "pub") == set(files(shelf))


def test_two_template_folders_with_different_files_of_one_path_are_refused(folder, shelf):
    shutil.copytree(shelf, folder / "other")
    publish(folder, folder / "pub", "--templates", shelf, "--templates", folder / "other", *CHOSEN)
    (folder / "other" / "1c" / "Store" / "1_0_4" / "1cv8.mft").write_text("another")
    done = run("publish", folder, "--index", folder / "pub" / "index.json", "--templates", shelf, "--templates", folder / "other", *CHOSEN)
    assert done.returncode == 1 and "1_0_4/1cv8.mft: another template folder has a different file" in done.stderr
    shutil.rmtree(folder / "other")
    (folder / "other").mkdir()
    (folder / "other" / "1c").write_text("a file here, a folder there")
    done = run("publish", folder, "--index", folder / "pub" / "index.json", "--templates", folder / "other", "--templates", shelf, *CHOSEN)
    assert done.returncode == 1 and "is that of a file in another template folder" in done.stderr


@pytest.mark.parametrize("args, status, words", [
    (("--templates", "nowhere"), 1, "nowhere: cannot be read"),
    (CHOSEN, 2, "name a template folder"),
    (("--templates", "tmplts", "--component", "modules"), 2, "leaves updates out"),
])
def test_template_folders_that_are_not_there_are_not_passed_over(folder, shelf, args, status, words):
    done = run("publish", ".", "--index", "index.json", *args, cwd=folder)
    assert done.returncode == status and words in done.stderr
    assert not (folder / "index.json").exists()


# ---- sync ----------------------------------------------------------------------------------------------------------------

def test_a_branch_finds_the_chains_that_the_centre_has(folder, shelf, offered):
    with Upstream(offered) as upstream:
        taken, told = sync(upstream.url, folder / "branch", *CHOSEN)
        again, unchanged = sync(upstream.url, folder / "branch", *CHOSEN)
    assert files(folder / "branch" / "updates") == files(shelf)
    assert steps(folder / "branch" / "updates") == steps(shelf) == ["1.0.2", "1.0.4"]
    assert {row["slot"] for row in taken} == {"updates"} and {row["file"] for row in taken} == set(files(shelf))
    assert told["updates"] == len(taken) and {row["action"] for row in taken} == {"taken"}
    assert (unchanged["requests"], unchanged["updates"]) == (1, 0)
    assert {row["action"] for row in again} == {"present"}


def test_an_own_folder_may_be_named(folder, shelf, offered):
    with Upstream(offered) as upstream:
        sync(upstream.url, folder / "branch", "--templates", folder / "here")
    assert files(folder / "here") == files(shelf) and not (folder / "branch" / "updates").exists()


def test_the_root_itself_is_no_template_folder(folder, offered):
    with Upstream(offered) as upstream:
        assert "must be another folder" in refused(upstream.url, folder / "branch", "--templates", folder / "branch", status=2)


def test_what_was_published_is_no_template(folder, shelf):
    done = run("publish", folder, "--index", shelf / "pub" / "index.json", "--templates", shelf, *CHOSEN)
    assert done.returncode == 1 and f"published there, in {shelf}/pub/updates" in done.stderr
    assert not (shelf / "pub" / "index.json").exists()


def test_two_roots_with_one_template_folder_wait_for_each_other(folder, offered):
    with locked(folder / "shared"), Upstream(offered) as upstream, Upstream(offered) as second:
        assert "another sync works" in refused([upstream.url, second.url], folder / "branch", "--templates", folder / "shared")
        assert not second.requests, "who is busy is not the source"


def test_what_another_root_s_sync_is_fetching_stays(folder, offered):
    partial = folder / "shared" / ".1cdist" / "partial" / ("0" * 64)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"a part")
    with Upstream(offered) as upstream:
        with locked(folder / "shared"):
            refused(upstream.url, folder / "branch", "--templates", folder / "shared")
        assert partial.exists()
        sync(upstream.url, folder / "branch", "--templates", folder / "shared")
    assert not partial.exists()


def test_check_tells_the_bytes_and_writes_nothing(folder, shelf, offered):
    with Upstream(offered) as upstream:
        wanted, _ = sync(upstream.url, folder / "branch", "--check", "--templates", folder / "here", *CHOSEN)
    assert sum(row["fetched_bytes"] for row in wanted) == sum(map(len, files(shelf).values()))
    assert {row["action"] for row in wanted} == {"wanted"} and not (folder / "here").exists()


def test_only_what_changed_is_fetched_and_a_moved_file_is_not(folder, shelf, offered):
    branch = folder / "branch"
    with Upstream(offered) as upstream:
        sync(upstream.url, branch)
    (shelf / "1c" / "Store" / "1_0_4" / "Новое в версии.txt").write_text("больше")
    (shelf / "1c" / "Store" / "1_0_2").rename(shelf / "1c" / "Store" / "first")
    publish(folder, offered, "--templates", shelf, *CHOSEN)
    with Upstream(offered) as upstream:
        taken, told = sync(upstream.url, branch)
        fetched = [path for path, _ in upstream.requests if "sha256" in path]
    assert len(fetched) == 1 and told["updates"] == 2
    assert files(shelf).items() <= files(branch / "updates").items()
    assert (branch / "updates" / "1c" / "Store" / "1_0_2").is_dir(), "nothing is ever deleted"
    assert sum(row["fetched_bytes"] for row in taken) == len("больше".encode())


def test_equal_files_cross_the_wire_once(folder, shelf):
    for number in range(5):
        (shelf / "1c" / "Store" / f"2_{number}").mkdir()
        for name in ("licence.txt", "лицензия.txt"):
            (shelf / "1c" / "Store" / f"2_{number}" / name).write_text("the same for all")
    publish(folder, folder / "pub", "--templates", shelf, *CHOSEN)
    with Upstream(folder / "pub") as upstream:
        planned, _ = sync(upstream.url, folder / "branch", "--check")
        taken, _ = sync(upstream.url, folder / "branch")
        assert [row["fetched_bytes"] for row in planned] == [row["fetched_bytes"] for row in taken]
        assert len(upstream.asked(hashlib.sha256(b"the same for all").hexdigest())) == 1
    assert files(folder / "branch" / "updates") == files(shelf)


def test_what_somebody_changed_here_is_put_right(folder, shelf, offered):
    with Upstream(offered) as upstream:
        sync(upstream.url, folder / "branch")
        damaged = folder / "branch" / "updates" / "1c" / "Store" / "1_0_3" / "1cv8.cfu"
        damaged.write_bytes(b"x" * damaged.stat().st_size)
        sync(upstream.url, folder / "branch")
    assert files(folder / "branch" / "updates") == files(shelf)


def test_a_release_appears_as_a_whole_and_a_sync_that_was_cut_goes_on(folder, shelf, offered):
    digest = hashlib.sha256("много".encode()).hexdigest()
    branch = folder / "branch"
    with Upstream(offered, {digest: lambda handler: handler.reply(503, b"")}) as upstream:
        done = run("sync", "--from", upstream.url, "--to", branch)
    assert done.returncode == 1
    assert not (branch / "updates" / "1c" / "Store" / "1_0_4").exists()
    assert steps(branch / "updates") == ["1.0.2", "1.0.3"], "what waits is no template yet"
    with Upstream(offered) as upstream:
        taken, _ = sync(upstream.url, branch)
        assert len([path for path, _ in upstream.requests if "sha256" in path]) == 1
    assert files(branch / "updates") == files(shelf)
    assert not list((branch / "updates" / ".1cdist" / "incoming").iterdir())


def test_what_waited_for_an_index_that_lists_it_no_more_does_not_appear_with_the_release(folder, shelf, offered):
    release = shelf / "1c" / "Store" / "1_0_4"
    late = hashlib.sha256("много".encode()).hexdigest()
    with Upstream(offered, {late: lambda handler: handler.reply(503, b"")}) as upstream:
        assert run("sync", "--from", upstream.url, "--to", folder / "branch").returncode == 1
    (release / "1cv8.mft").unlink()
    publish(folder, offered, "--templates", shelf, *CHOSEN)
    with Upstream(offered) as upstream:
        sync(upstream.url, folder / "branch")
    assert files(folder / "branch" / "updates") == files(shelf)


def test_a_release_of_which_a_file_is_missing_waits_and_the_others_do_not(folder, shelf, offered):
    index = json.loads((offered / "index.json").read_text())
    missing = next(entry for entry in index["updates"] if entry["path"].endswith("1_0_2/1cv8.cfu"))
    (offered / missing["url"]).unlink()
    with Upstream(offered) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch")
    assert done.returncode == 1 and missing["url"] in done.stderr
    assert set(files(shelf)) - set(files(folder / "branch" / "updates")) == {missing["path"]}


def test_what_is_in_the_way_of_one_release_is_not_in_the_way_of_others(folder, shelf, offered):
    link = folder / "branch" / "updates" / "1c" / "Store" / "1_0_2"
    link.parent.mkdir(parents=True)
    link.symlink_to(folder)
    with Upstream(offered) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch")
        assert done.returncode == 1 and "1_0_2: is a link" in done.stderr
        link.unlink()
        assert set(files(shelf)) - set(files(folder / "branch" / "updates")) == {"1c/Store/1_0_2/1cv8.cfu"}
        _, told = sync(upstream.url, folder / "branch")
    assert (told["updates"], told["requests"]) == (1, 1) and files(folder / "branch" / "updates") == files(shelf)


def test_a_file_that_is_another_one_is_never_there(folder, shelf, offered):
    index = json.loads((offered / "index.json").read_text())
    entry = next(entry for entry in index["updates"] if entry["path"].endswith("1_0_3/1cv8.cfu"))
    with Upstream(offered, {entry["sha256"]: changed(flipped)}) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch")
    assert done.returncode == 1 and "is not the file that the index tells of" in done.stderr
    assert entry["path"] not in files(folder / "branch" / "updates")


@pytest.mark.parametrize("path", ["../escaped", "/tmp/escaped", "a/../../escaped", ".hidden/file", "a//b", "C:/escaped", "a\\b", "", "a/",
                                  "a/.1cdist/known.json", "name\n", "x" * 1001, "trailing./b", "con:x", "a/nul.txt", "..hidden/file", "a/..hidden"])
def test_paths_that_lead_elsewhere_are_no_paths(folder, shelf, offered, path):
    index = json.loads((offered / "index.json").read_text())
    index["updates"] = [{**index["updates"][0], "path": path}]
    (offered / "index.json").write_text(json.dumps(index))
    with Upstream(offered) as upstream:
        assert 'updates[0]: "path"' in refused(upstream.url, folder / "branch")
        assert not [path for path, _ in upstream.requests if "sha256" in path]


def test_an_index_in_which_a_file_is_a_folder_too_is_the_source_s_fault(folder, shelf, offered):
    index = json.loads((offered / "index.json").read_text())
    (folder / "mixed").mkdir()
    index["updates"] = [{**index["updates"][0], "path": path} for path in ("a", "a-b", "a/b/c")]
    (folder / "mixed" / "index.json").write_text(json.dumps(index))
    shutil.copytree(offered / "updates", folder / "mixed" / "updates")
    with Upstream(folder / "mixed") as mixed, Upstream(offered) as upstream:
        assert 'updates[2]: "path" lies below a file' in refused(mixed.url, folder / "branch")
        sync([mixed.url, upstream.url], folder / "branch")
    assert files(folder / "branch" / "updates") == files(shelf)


def test_no_link_in_the_template_folder_is_written_through(folder, shelf, offered):
    (folder / "elsewhere").mkdir()
    (folder / "branch" / "updates").mkdir(parents=True)
    (folder / "branch" / "updates" / "1c").symlink_to(folder / "elsewhere")
    with Upstream(offered) as upstream:
        assert "updates/1c: is a link" in refused(upstream.url, folder / "branch")
    assert not list((folder / "elsewhere").iterdir())


def test_a_branch_that_wants_updates_alone_is_told_if_there_are_none(centre, folder):
    with Upstream(centre.second) as upstream:
        done = run("sync", "--from", upstream.url, "--to", folder / "branch", *CHOSEN)
    assert done.returncode == 3
    assert served(folder / "branch") == {}


def test_a_branch_that_wants_one_version_of_the_platform_gets_no_updates(centre, folder, shelf):
    publish(centre.root, folder / "pub", "--templates", shelf, "--require", "modules")
    with Upstream(folder / "pub") as upstream:
        sync(upstream.url, folder / "branch", "--version", OLD, "--component", "modules")
        assert not (folder / "branch" / "updates").exists()
        sync(upstream.url, folder / "branch", "--version", OLD, *CHOSEN)
    assert files(folder / "branch" / "updates") == files(shelf)
    assert sorted(path.name for path in (folder / "branch" / OLD / "distr").iterdir()) == ["modules.zip"]


# ---- over the real httpd -------------------------------------------------------------------------------------------------

@pytest.fixture
def served_centre(httpd, folder, offered):
    """A centre with the module, whose published folder has the updates."""
    (folder / "empty").mkdir()

    def make(directives=""):
        server = httpd({"/tc": f'CDistRoot "{folder / "empty"}"\n  {directives}'}, start=False)
        shutil.copytree(offered, server.published("/tc"), ignore=shutil.ignore_patterns(".1cdist"))
        return server.start()
    return make


def test_a_file_of_updates_has_its_digest_for_a_name_and_never_changes(served_centre, offered):
    server = served_centre()
    entry = json.loads((offered / "index.json").read_text())["updates"][0]
    answer = server.get(f"/tc/{entry['url']}")
    assert answer.status == 200 and hashlib.sha256(answer.body).hexdigest() == entry["sha256"]
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["ETag"] == f'"{entry["sha256"][:32]}"'
    assert server.get(f"/tc/{entry['url']}", {"If-None-Match": answer.headers["ETag"]}).status == 304
    part = server.get(f"/tc/{entry['url']}", {"Range": "bytes=5-9"})
    assert (part.status, part.body) == (206, answer.body[5:10])
    for other in ("updates/sha256/" + "0" * 64, "updates/sha256/", f"updates/sha256/{entry['sha256'].upper()}", entry["url"] + "/x"):
        assert server.get(f"/tc/{other}").status == 404, other


def test_a_machine_that_hands_nothing_out_hands_out_no_updates_either(served_centre, offered):
    entry = json.loads((offered / "index.json").read_text())["updates"][0]
    assert served_centre("CDistPublish Off").get(f"/tc/{entry['url']}").status == 403


def test_clients_of_a_branch_are_led_along_the_chain_that_the_centre_has(httpd, served_centre, folder, shelf):
    branch = folder / "branch"
    sync(served_centre().url("/tc"), branch)
    server = httpd({"/tc": f'CDistRoot "{branch}"\n  CDistUpdates "{branch}/updates"'}, process="CDistSettle 0")
    chain = json.loads(server.get_until("/tc/updates/chain?from=1.0.1").body)
    assert [step["version"] for step in chain["steps"]] == ["1.0.2", "1.0.4"]
    for step in chain["steps"]:
        file = server.get(f"/tc/updates/files/{step['file']}")
        assert file.status == 200 and file.body == (shelf / step["file"]).read_bytes()
