"""The cascade over the real httpd with the module: published indexes, live catalogues, and what a branch's own server shows of it."""
import json
import shutil

import releases
from harness import wait_until
from mirror import FILE, NEW, OLD, Upstream, publish, run, served, sync


def serve(httpd, centre, root, publication=None):
    """A server of a root, which is published as the centre did it."""
    server = httpd({"/tc": f'CDistRoot "{root}"\n  CDistSource modules "{root}/%v/modules"'}, start=False)
    if publication:
        shutil.copytree(publication, server.published("/tc"), ignore=shutil.ignore_patterns(".1cdist"))
    return server.start()


def test_a_published_index_is_served_as_it_lies_there(httpd, centre):
    server = serve(httpd, centre, centre.root, centre.second)
    for name, kind in (("index.json", "application/json"), ("index.json.sig", "text/plain; charset=utf-8")):
        answer = server.get(f"/tc/{name}")
        assert answer.status == 200 and answer.body == (centre.second / name).read_bytes()
        assert answer.headers["Content-Type"] == kind and answer.headers["Cache-Control"] == "no-cache"
        assert not answer.headers["ETag"].startswith("W/") and "Last-Modified" not in answer.headers
        assert server.get(f"/tc/{name}", {"If-None-Match": answer.headers["ETag"]}).status == 304
    assert server.get("/tc/keys.json").status == 404
    for hidden in ("/tc/.1cdist/lock", "/tc/.1cdist/store/FORMAT", "/tc/index.json.bak"):
        assert server.get(hidden).status == 404


def test_a_branch_of_a_real_server_becomes_whole_and_upgrades_by_ranges(httpd, centre, folder):
    server = serve(httpd, centre, centre.root, centre.first)
    branch = folder / "branch"
    sync(server.url("/tc"), branch, "--key", centre.public)
    shutil.rmtree(server.published("/tc"))
    shutil.copytree(centre.second, server.published("/tc"), ignore=shutil.ignore_patterns(".1cdist"))
    _, summary = sync(server.url("/tc/"), branch, "--key", centre.public)
    assert served(branch) == centre.whole and summary["wire_bytes"] < 0.07 * len(centre.archive)
    _, summary = sync(server.url("/tc/index.json"), branch, "--key", centre.public)
    _, summary = sync(server.url("/tc/index.json"), branch, "--key", centre.public)
    assert summary["unchanged"] and summary["requests"] == 1


def test_what_was_published_stays_what_it_is_when_the_release_changes(httpd, centre, folder):
    root = folder / "root"
    shutil.copytree(centre.root, root)
    server = serve(httpd, centre, root, centre.second)
    (root / NEW / "windows64" / "data" / "000.cab").write_bytes(b"changed since")
    releases.age(root)
    answer = server.get(f"/tc/{NEW}/{FILE}")
    assert answer.body == centre.archive and answer.headers["1C-Version"] == NEW
    assert server.get(f"/tc/{NEW}/{FILE}.manifest").body == (centre.second / NEW / f"{FILE}.manifest").read_bytes()
    sync(server.url("/tc"), folder / "branch", "--key", centre.public)
    assert served(folder / "branch") == centre.whole


def test_a_live_catalogue_gives_what_is_built(httpd, centre, folder):
    server = serve(httpd, centre, centre.root)
    branch = folder / "branch"
    done = run("sync", "--from", server.url("/tc"), "--to", branch)
    assert done.returncode == 3 and "not complete at its source yet" in done.stderr
    for name in centre.whole:
        server.get("/tc/" + name.replace("distr/", ""))
    _, summary = sync(server.url("/tc"), branch)
    assert served(branch) == centre.whole and not summary["signed"] and summary["counter"] == 0
    _, summary = sync(server.url("/tc"), branch)
    assert summary["unchanged"] and summary["requests"] == 1


def test_a_branch_hands_out_the_centres_very_bytes(httpd, centre, folder):
    branch = folder / "branch"
    upstream = serve(httpd, centre, centre.root, centre.second)
    sync(upstream.url("/tc"), branch, "--key", centre.public)
    releases.age(branch)
    server = httpd({"/tc": f'CDistRoot "{branch}"\n  CDistSource modules "{branch}/%v/distr/modules.zip"\n  CDistRequire modules'})
    for path, content in ((FILE, centre.archive), (f"{NEW}/{FILE}", centre.archive),
                          (f"{NEW}/modules.zip", centre.whole[f"{NEW}/distr/modules.zip"])):
        answer, other = server.get_until(f"/tc/{path}"), upstream.get_until(f"/tc/{path}")
        assert answer.body == content == other.body and answer.headers["ETag"] == other.headers["ETag"]
    assert [release["version"] for release in json.loads(server.get("/tc/index.json").body)["releases"]] == [NEW, OLD]


def test_what_holds_no_installer_is_not_taken_over(httpd, folder):
    root = folder / "root"
    releases.add_installed(root, NEW)
    assert run("publish", root, "--index", folder / "index.json").returncode == 3
    server = httpd(root)
    server.get_until(f"/tc/{NEW}/{FILE}")
    done = run("sync", "--from", server.url("/tc"), "--to", folder / "branch")
    assert done.returncode == 3 and not (folder / "branch" / NEW).exists()


def test_a_branch_can_publish_to_branches_of_its_own(httpd, centre, folder):
    branch = folder / "branch"
    upstream = serve(httpd, centre, centre.root, centre.second)
    sync(upstream.url("/tc"), branch, "--key", centre.public, "--component", "windows64")
    publish(branch, folder / "own")
    server = serve(httpd, centre, branch, folder / "own")
    sync(server.url("/tc"), folder / "leaf")
    assert served(folder / "leaf") == {name: content for name, content in centre.whole.items() if name.endswith(FILE)}


def test_added_later_is_a_component_of_a_release_that_is_there(centre, folder):
    branch = folder / "branch"
    publish(centre.root, folder / "pub", "--component", "windows64")
    with Upstream(folder / "pub") as upstream:
        sync(upstream.url, branch)
        publish(centre.root, folder / "pub", "--component", "windows64", "--component", "modules")
        inode = (branch / OLD / "distr" / FILE).stat().st_ino
        sync(upstream.url, branch)
    assert served(branch) == centre.whole and (branch / OLD / "distr" / FILE).stat().st_ino == inode


def branch_server(httpd, root, current="newest"):
    root.mkdir(exist_ok=True)
    return httpd({"/tc": f'CDistRoot "{root}"\n  CDistSource modules "{root}/%v/distr/modules.zip"\n  CDistRequire windows64 modules\n'
                         f"  CDistCurrent {current}"})


def client_gets(servers, content):
    """What clients of all branches get without naming a version."""
    for server in servers:
        assert wait_until(lambda: server.get(f"/tc/{FILE}").body == content, "clients get the release", pause=0.1)


def test_one_centre_and_two_branches_live_through_all_of_it(httpd, centre, folder):
    old, new = centre.whole[f"{OLD}/distr/{FILE}"], centre.archive
    upstream = serve(httpd, centre, centre.root, centre.first)
    roots = [folder / "one", folder / "two"]
    branches = [branch_server(httpd, root) for root in roots]
    for server in branches:
        server.allow("CD0106", "CD0015")  # there is nothing yet; an archive is another file after the loss

    def all_sync():
        return [sync(upstream.url("/tc"), root, "--key", centre.public)[1] for root in roots]

    # Install: nothing is there, then the one release.
    assert {server.get(f"/tc/{FILE}").status for server in branches} <= {404, 503}
    all_sync()
    client_gets(branches, old)
    # Upgrade: what is new alone crosses the wire, and both branches switch over.
    shutil.rmtree(upstream.published("/tc"))
    shutil.copytree(centre.second, upstream.published("/tc"), ignore=shutil.ignore_patterns(".1cdist"))
    assert all(summary["wire_bytes"] < 0.07 * len(new) for summary in all_sync())
    client_gets(branches, new)
    # One branch loses its disk; the same command fills it again.
    for path in roots[0].iterdir():
        shutil.rmtree(path)
    all_sync()
    client_gets(branches, new)
    # Roll-back, at one branch alone, and without the centre.
    upstream.stop()
    branches[1].publications["/tc"] = branches[1].publications["/tc"].replace("newest", OLD)
    branches[1].graceful()
    client_gets(branches[1:], old)
    # The centre is away: that is said, and what is here goes on being served.
    for root in roots:
        done = run("sync", "--from", upstream.url("/tc"), "--to", root, "--key", centre.public)
        assert done.returncode == 1 and served(root) == centre.whole
    client_gets(branches[:1], new)
