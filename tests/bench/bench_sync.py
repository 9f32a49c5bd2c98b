#!/usr/bin/env python3
"""What an upgrade costs on the wire: 1cdist sync against zsync and casync, on the same pair of archives, from the same server.

The server counts what it sends, headers and indexes included, and what it is asked. Inputs: real DLLs (the Debian package libwine;
--tree takes another folder), of which an upgrade changes --share of the bytes, here and there in as many files."""
import filecmp
import shutil
import subprocess
import time

import bench
import inputs
import releases
from bench import column, heading, interleaved, ratios, spread, table, verdict
from mirror import FILE, NEW, OLD, Upstream, publish, run

PACKAGES = {"zsync": "zsync", "zsyncmake": "zsync", "casync": "casync", "dpkg-deb": "dpkg", "apt-get": "apt"}
SHOWN = ["zsync", "casync", "libcurl4"]
OURS, ZSYNC, CASYNC, WHOLE = "1cdist sync", "zsync", "casync", "the whole archive"
WIRE_AIM = 0.07


def command(line, cwd=None):
    done = subprocess.run(list(map(str, line)), cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        bench.die(f"{' '.join(map(str, line))}: exit status {done.returncode}\n{done.stderr[-2000:]}")


def requests_bytes(upstream):
    return sum(len(path) + 15 + sum(len(name) + len(value) + 4 for name, value in headers.items())
               for path, headers in upstream.requests)


def counted(publication, client, before):
    """Runs a client against a server of its own; what crossed the wire."""
    with Upstream(publication) as upstream:
        before(upstream.url)
        upstream.sent, upstream.requests = 0, []
        begun = time.monotonic()
        client(upstream.url)
        seconds = time.monotonic() - begun
        return {"wire": upstream.sent + requests_bytes(upstream), "requests": len(upstream.requests), "seconds": seconds}


# ---- the three, and none ------------------------------------------------------------------------------------------------

def prepare(work, root):
    """Publications of all contenders in one folder; how long each took, and what it needs beside the archive."""
    publication, archive = work / "published", work / "published" / NEW / FILE
    publish(root, publication)
    made = {}
    begun = time.monotonic()
    command(["zsyncmake", "-u", FILE, "-o", archive.with_suffix(".zip.zsync"), archive])
    made[ZSYNC] = time.monotonic() - begun, archive.with_suffix(".zip.zsync").stat().st_size
    begun = time.monotonic()
    command(["casync", "make", "--store", publication / "chunks.castr", publication / "new.caibx", archive])
    chunks = sum(path.stat().st_size for path in (publication / "chunks.castr").rglob("*") if path.is_file())
    made[CASYNC] = time.monotonic() - begun, chunks + (publication / "new.caibx").stat().st_size
    made[OURS] = None, sum((publication / path).stat().st_size for path in ("index.json", f"{NEW}/{FILE}.manifest"))
    return publication, archive, made


def sync(url, branch, version):
    done = run("sync", "--from", url, "--to", branch, "--version", version, timeout=None)
    if done.returncode != 0:
        bench.die(done.stderr)
    return branch / version / "distr" / FILE


def branch_of(url, branch):
    """A branch that took over the old release some time ago, and has asked again since."""
    shutil.rmtree(branch, ignore_errors=True)
    sync(url, branch, OLD)
    releases.age(branch)
    sync(url, branch, OLD)


def extract(url, out, old):
    command(["casync", "extract", "--store", f"{url}/chunks.castr", "--seed", old, f"{url}/new.caibx", out])
    return out


def patch(url, out, old):
    out.unlink(missing_ok=True)
    command(["zsync", "-q", "-i", old, "-o", out, f"{url}/{NEW}/{FILE}.zsync"])
    return out


def download(url, out):
    command(["curl", "-fsS", "--noproxy", "*", "-o", out, f"{url}/{NEW}/{FILE}"])
    return out


def compare(work, root, rounds, changed):
    publication, archive, made = prepare(work, root)
    old = publication / OLD / FILE

    def contender(client, before=lambda url: None):
        def once(_):
            results = []
            figures = counted(publication, lambda url: results.append(client(url)), before)
            if not filecmp.cmp(results[0], archive, shallow=False):
                bench.die("the result differs from the archive")
            results[0].unlink()
            return figures
        return once

    results = interleaved({OURS: contender(lambda url: sync(url, work / "branch", NEW), lambda url: branch_of(url, work / "branch")),
                           ZSYNC: contender(lambda url: patch(url, work / "zsync.zip", old)),
                           CASYNC: contender(lambda url: extract(url, work / "casync.zip", old)),
                           WHOLE: contender(lambda url: download(url, work / "whole.zip"))}, rounds)
    size = archive.stat().st_size
    heading(f"An upgrade: {size / 1e6:.0f} MB archive, {changed:.1%} of the content's bytes are in files that changed")
    rows = []
    for name, theirs in results.items():
        share = [wire / size for wire in column(theirs, "wire")]
        beside = made.get(name, (None, 0))
        rows.append([name, spread([wire / 1e6 for wire in column(theirs, "wire")]), spread([100 * part for part in share]),
                     spread(ratios(column(results[OURS], "wire"), column(theirs, "wire")), "{:.3f}"),
                     spread(column(theirs, "requests"), "{:.0f}"), spread(column(theirs, "seconds")), f"{beside[1] / 1e6:.2f}",
                     "share " + verdict(share, WIRE_AIM) if name == OURS else ""])
    table(["", "wire, MB", "% of the archive", "ours / theirs", "requests", "s", "beside the archive at the server, MB", "aim"], rows)


def main():
    parser = bench.arguments(__doc__.splitlines()[0])
    parser.add_argument("--tree", help="folder of real files; default: the package libwine")
    parser.add_argument("--megabytes", type=int, default=200, help="how much of it")
    parser.add_argument("--share", type=float, default=0.05, help="of the bytes, in files that an upgrade changes")
    options = parser.parse_args()
    bench.need(PACKAGES)
    with bench.work_folder(options.work) as work:
        bench.machine(SHOWN)
        root = work / "root"
        old = inputs.part_of(root, OLD, inputs.real_tree(work, options.tree), options.megabytes)
        _, changed = inputs.upgraded(root, old, options.share)
        compare(work, root, options.rounds, changed)


if __name__ == "__main__":
    main()
