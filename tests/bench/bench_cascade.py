#!/usr/bin/env python3
"""One centre, ten branches with 50 clients each, and an upgrade: what the centre sends, beside the least that it must.

The centre is httpd, and its own log tells what it sent, headers included (mod_logio, %O). A branch is an httpd too, behind its own
root, which 1cdist sync fills. The clients do what a thin client does, all at once, and digest what they get. Beside it, in the same
run: the same clients at one plain file of the centre, and branches that take the archive whole or by zsync."""
import contextlib
import hashlib
import json
import shutil
import subprocess
import time
import urllib.request
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import bench
import inputs
import releases
import servers
import thin_clients
from bench import column, heading, interleaved, ratios, spread, table, verdict
from harness import wait_until
from mirror import FILE, NEW, OLD, publish, run

PACKAGES = {"zsync": "zsync", "zsyncmake": "zsync", "curl": "curl", bench.HTTPD: "apache2-bin"}
SHOWN = ["apache2-bin", "libcurl4", "zsync"]
OURS, ZSYNC, WHOLE, STRAIGHT = "1cdist sync", "zsync", "whole archives", "no branches, a plain file"
AIM = 1.05
ARCHIVE = f"/plain/{NEW}/{FILE}"


class Point(servers.Httpd):
    """An update point at /update, and its published folder by httpd's own handler at /plain."""

    def __init__(self, work, name, published, root, upstream=None, **options):
        super().__init__(work, name, modules=("proxy", "proxy_http", "logio", "log_config", "watchdog"), **options)
        self.loads = [f"LoadModule cdist_module {bench.MODULE}"]
        published.mkdir(exist_ok=True)
        self.body = f"""LogFormat "%O %U %{{User-Agent}}i" sent
CustomLog "{self.folder}/sent_log" sent
CDistStore "{self.folder}/store"
CDistSettle 0
CDistScanInterval 1
{"" if upstream else "CDistPrebuild Off"}
Alias "/update" "{published}"
Alias "/plain" "{published}"
<Directory "{published}">
  Require all granted
  SetHandler 1cdist
  CDistRoot "{root}"
  {f"CDistUpstream {upstream}" if upstream else ""}
</Directory>
<Location "/plain">
  SetHandler none
</Location>
"""

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def has(self, version):
        """Whether the release is here, and its archive was looked at, which CDistPrebuild does before anybody asks."""
        with urllib.request.urlopen(self.url("/update/index.json")) as answer:
            return any(one["version"] == version and all(slot["built"] for slot in one["slots"])
                       for one in json.load(answer)["releases"])

    def sent(self):
        """What a server that has ended has sent: bytes, those of them of archives, requests, and those of them by clients."""
        lines = [line.split(maxsplit=2) for line in (self.folder / "sent_log").read_text().splitlines()]
        return {"sent": sum(int(count) for count, *_ in lines), "requests": len(lines),
                "archives": sum(int(count) for count, path, _ in lines if path.endswith(FILE)),
                "of_clients": sum(agent == thin_clients.AGENT for *_, agent in lines)}


class Cascade:
    """What all contenders share: the publication, a branch as it was before the upgrade, and what the upgrade must cost."""

    def __init__(self, work, options):
        self.work, self.branches, self.clients = work, options.branches, options.clients
        self.root, self.published, self.key = work / "root", work / "published", work / "centre.key"
        self.before = work / "before"
        run("key", "new", self.key)
        old = (inputs.part_of(self.root, OLD, inputs.real_tree(work, options.tree), options.megabytes) if options.tree
               else inputs.parts(self.root, OLD, options.megabytes))
        self.publish()
        with self.centre() as centre:
            self.sync(centre, self.before)
            releases.age(self.before)
            self.sync(centre, self.before)
        inputs.upgraded(self.root, old, options.share)
        self.publish()
        self.archive = self.published / NEW / FILE
        done = subprocess.run(["zsyncmake", "-u", FILE, "-o", f"{self.archive}.zsync", self.archive], capture_output=True, text=True)
        if done.returncode != 0:
            bench.die(done.stderr)
        self.size, self.digest = self.archive.stat().st_size, hashlib.sha256(self.archive.read_bytes()).hexdigest()
        self.changed = changed_bytes(self.published / OLD / FILE, self.archive)

    def publish(self):
        releases.age(self.root)
        publish(self.root, self.published, "--key", self.key)

    def centre(self):
        return Point(self.work, "centre", self.published, self.root)

    def sync(self, centre, root):
        done = run("sync", "--from", centre.url("/update"), "--to", root, "--key", f"{self.key}.pub", timeout=None)
        if done.returncode != 0:
            bench.die(done.stderr)

    def folder(self, number):
        return self.work / f"branch{number}"


def changed_bytes(old, new):
    """Packed bytes of the entries whose content the old archive does not have, as a stranger reads both."""
    with zipfile.ZipFile(old) as before, zipfile.ZipFile(new) as after:
        known = {hashlib.sha256(before.read(entry)).digest() for entry in before.infolist()}
        return sum(entry.compress_size for entry in after.infolist()
                   if hashlib.sha256(after.read(entry)).digest() not in known)


# ---- what branches do ---------------------------------------------------------------------------------------------------

def at_once(count, work):
    """Runs `work` with the numbers of all branches, side by side; seconds."""
    begun = time.monotonic()
    with ThreadPoolExecutor(count) as branches:
        list(branches.map(work, range(count)))
    return time.monotonic() - begun


def command(line):
    done = subprocess.run(list(map(str, line)), capture_output=True, text=True)
    if done.returncode != 0:
        bench.die(f"{' '.join(map(str, line))}: exit status {done.returncode}\n{done.stderr[-2000:]}")


def ask_all(cascade, ports, path=None):
    """All clients of all branches at once. How many got the archive that was published, and the seconds until the last."""
    begun = time.monotonic()
    with ProcessPoolExecutor(len(ports)) as places:
        got = [digest for place in places.map(thin_clients.update_all, ports, [path] * len(ports), [cascade.clients] * len(ports))
               for digest in place]
    for wrong in sorted(set(got) - {cascade.digest}):
        bench.progress(f"a client got: {wrong}")
    return {"right": got.count(cascade.digest), "clients": time.monotonic() - begun}


def by_sync(cascade):
    for number in range(cascade.branches):
        shutil.rmtree(cascade.folder(number), ignore_errors=True)
        shutil.copytree(cascade.before, cascade.folder(number))
    with cascade.centre() as centre, contextlib.ExitStack() as stack:
        seconds = at_once(cascade.branches, lambda number: cascade.sync(centre, cascade.folder(number)))
        releases.age(*map(cascade.folder, range(cascade.branches)))
        points = [stack.enter_context(Point(cascade.work, f"point{number}", cascade.work / f"alias{number}", cascade.folder(number),
                                            centre.url("/update"), children=(1, 2))) for number in range(cascade.branches)]
        for point in points:
            wait_until(lambda: point.has(NEW), "the branch has the release")
        served = ask_all(cascade, [point.port for point in points])
    return {**served, **centre.sent(), "branches": seconds}


def by(cascade, line):
    """Branches that run a command each; `line` makes it of the archive's address and the file to write."""
    def take(number):
        out = cascade.work / f"taken{number}.zip"
        command(line(centre.url(ARCHIVE), out))
        with open(out, "rb") as archive:
            if hashlib.file_digest(archive, "sha256").hexdigest() != cascade.digest:
                bench.die(f"{line.__name__}: the archive of branch {number} is another one")
        out.unlink()

    with cascade.centre() as centre:
        seconds = at_once(cascade.branches, take)
    return {**centre.sent(), "branches": seconds}


def straight(cascade):
    with cascade.centre() as centre:
        served = ask_all(cascade, [centre.port] * cascade.branches, ARCHIVE)
    return {**served, **centre.sent()}


def compare(cascade, rounds):
    old = cascade.published / OLD / FILE
    contenders = {OURS: lambda _: by_sync(cascade),
                  ZSYNC: lambda _: by(cascade, lambda url, out: ["zsync", "-q", "-i", old, "-o", out, url + ".zsync"]),
                  WHOLE: lambda _: by(cascade, lambda url, out: ["curl", "-fsS", "--noproxy", "*", "-o", out, url]),
                  STRAIGHT: lambda _: straight(cascade)}
    results = interleaved(contenders, rounds)
    least, everybody = cascade.branches * cascade.changed, cascade.branches * cascade.clients
    heading(f"{cascade.branches} branches with {cascade.clients} clients each: {cascade.size / 1e6:.1f} MB archive, "
            f"{cascade.changed / 1e6:.2f} MB of it changed ({cascade.changed / cascade.size:.1%})")
    rows = []
    for name, found in results.items():
        share = [sent / least for sent in column(found, "sent")]
        clients = "clients" in found[0]
        rows.append([name, spread([sent / 1e6 for sent in column(found, "sent")]), spread(share, "{:.3f}"),
                     spread([sent / least for sent in column(found, "archives")], "{:.3f}"),
                     spread(ratios(column(results[OURS], "sent"), column(found, "sent")), "{:.4f}"),
                     spread([sent / cascade.branches / 1e6 for sent in column(found, "sent")]),
                     spread(column(found, "requests"), "{:.0f}"), spread(column(found, "of_clients"), "{:.0f}"),
                     f"{min(column(found, 'right'))} of {everybody}" if clients else "",
                     spread(column(found, "branches"), "{:.1f}") if name != STRAIGHT else "",
                     spread(column(found, "clients"), "{:.1f}") if clients else "", verdict(share, AIM) if name == OURS else ""])
    table(["", "sent by the centre, MB", "to the changed bytes, once a branch", "archives alone", "ours / theirs", "MB a branch", "requests",
           "of them clients'", "clients with that archive", "branches, s", "clients, s", "aim"], rows)


def main():
    parser = bench.arguments(__doc__.splitlines()[0], rounds=1)
    parser.add_argument("--tree", help="folder of real files, instead of files made by code")
    parser.add_argument("--megabytes", type=int, default=32, help="MiB of files in a release")
    parser.add_argument("--share", type=float, default=0.05, help="of the bytes, in files that the upgrade changes")
    parser.add_argument("--branches", type=int, default=10)
    parser.add_argument("--clients", type=int, default=50, help="of each branch, all at once")
    options = parser.parse_args()
    bench.need(PACKAGES)
    with bench.work_folder(options.work) as work:
        bench.machine(SHOWN)
        compare(Cascade(work, options), options.rounds)


if __name__ == "__main__":
    main()
