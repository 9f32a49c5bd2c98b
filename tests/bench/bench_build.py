#!/usr/bin/env python3
"""How long an archive takes to build, cold and as an upgrade, against zip, 7-Zip, bsdtar, and the compressor alone.

Inputs: real DLLs (the Debian package libwine, some 650 MB; --tree takes another folder) and a folder of a thin client's
distribution's shape. All of it is in the page cache. `1cdist build` also syncs, reads back and digests its archive."""
import json
import os
import shutil

import bench
import inputs
from bench import column, heading, interleaved, measured, ratios, spread, table, verdict

PACKAGES = {"zip": "zip", "7zz": "7zip", "bsdtar": "libarchive-tools", "dpkg-deb": "dpkg", "apt-get": "apt"}
SHOWN = ["zip", "7zip", "libarchive-tools", "libdeflate0", "zlib1g"]
OURS, ZIP, FAST, SEVEN, BSDTAR = "1cdist build", "zip -6", "7zz -mx=1", "7zz -mx=5", "bsdtar"
FLOOR = "libdeflate alone"
PEERS = {ZIP: ["zip", "-6", "-r", "-q"], FAST: ["7zz", "a", "-tzip", "-mx=1", "-mmt=on"], SEVEN: ["7zz", "a", "-tzip", "-mx=5"],
         BSDTAR: ["bsdtar", "-a", "--format", "zip", "-cf"]}
# Of our time to theirs, at most.
AIMS = {ZIP: 1 / 5, FAST: 1 / 1.2}
LIMIT_AIM, UPGRADE_AIM, UNCHANGED_AIM, MEMORY_AIM_MIB = 0.85, 0.15, 0.02, 256
UNCHANGED = "a store that has it, nothing changed"


def build_command(root, version, out, *options):
    return [bench.TOOL, "build", root, "--version", version, "--slot", "windows64", "-o", out, *options]


def to_file(command, out, cwd=None):
    """Runs an archiver whose result is one file. What others wrote goes to the disk before."""
    out.unlink(missing_ok=True)
    os.sync()
    figures = measured(command, cwd)
    figures["bytes"] = out.stat().st_size
    return figures


def limit(folder):
    os.sync()
    figures = measured([bench.LIMIT, folder])
    figures["bytes"] = json.loads(figures["said"])["packed_bytes"]
    return figures


def mib(values):
    return spread([value / 1024 for value in values], "{:.0f}")


# ---- cold -----------------------------------------------------------------------------------------------------------

def cold(work, root, version, rounds):
    folder = root / version / "windows64"
    inputs.warm(folder)
    contenders = {OURS: lambda _: to_file(build_command(root, version, work / "ours.zip"), work / "ours.zip")}
    for name, command in PEERS.items():
        contenders[name] = lambda _, command=command: to_file([*command, work / "peer.zip", "."], work / "peer.zip", folder)
    contenders[FLOOR] = lambda _: limit(folder)
    results = interleaved(contenders, rounds)
    ours = results[OURS]
    rows = []
    for name, theirs in results.items():
        time = ratios(column(ours, "seconds"), column(theirs, "seconds"))
        back = ratios(column(theirs, "seconds"), column(ours, "seconds"))
        size = ratios(column(ours, "bytes"), column(theirs, "bytes"))
        aims = []
        if name in AIMS:
            aims.append("time " + verdict(time, round(AIMS[name], 3)))
        if name == ZIP:
            aims.append("size " + verdict(size, 1))
        if name == FLOOR:
            aims.append("theirs / ours " + verdict(back, LIMIT_AIM, at_most=False))
        if name == OURS:
            aims.append("MiB " + verdict([kib / 1024 for kib in column(ours, "peak_kib")], MEMORY_AIM_MIB))
        rows.append([name, spread(column(theirs, "seconds")), spread(column(theirs, "cpu_seconds")), spread(time), spread(back),
                     f"{theirs[0]['bytes'] / 1e6:.1f}", spread(size, "{:.3f}"), mib(column(theirs, "peak_kib")),
                     "; ".join(aims)])
    table(["", "s", "CPU, s", "ours / theirs", "theirs / ours", "size, MB", "size, ours / theirs", "peak, MiB", "aim"], rows)


# ---- upgrade --------------------------------------------------------------------------------------------------------

def store_build(work, start, folder, version=inputs.NEW):
    """Builds in a copy of the store `start`, or in an empty one."""
    store = work / "store"
    shutil.rmtree(store, ignore_errors=True)
    if start:
        shutil.copytree(start, store, copy_function=os.link)
    os.sync()
    figures = measured([bench.STORE_BUILD, store, folder, version])
    facts = json.loads(figures["said"])
    return {**figures, "bytes": facts["archive_bytes"], "sha256": facts["sha256"]}


def upgrade(work, root, rounds, share):
    old, (new, changed) = root / inputs.OLD / "windows64", inputs.upgraded(root, root / inputs.OLD / "windows64", share)
    heading(f"Upgrade: {changed:.1%} of the bytes lie in changed files")
    known, before, out = work / "known", work / "old.zip", work / "new.zip"
    measured(build_command(root, inputs.OLD, before))
    shutil.rmtree(known, ignore_errors=True)
    measured([bench.STORE_BUILD, known, old, inputs.OLD])
    inputs.warm(new)
    inputs.warm(known)
    names = {"cold, 1cdist build": lambda _: to_file(build_command(root, inputs.NEW, out), out),
             "1cdist build --reuse OLD.zip": lambda _: to_file(build_command(root, inputs.NEW, out, "--reuse", before), out),
             "cold, into an empty store": lambda _: store_build(work, None, new),
             "into a store that has the old one": lambda _: store_build(work, known, new),
             UNCHANGED: lambda _: store_build(work, known, old, inputs.OLD)}
    results = interleaved(names, rounds)
    colds = list(results.values())[0]
    rows = []
    for name, figures in results.items():
        ratio = ratios(column(figures, "seconds"), column(colds, "seconds"))
        aim = "" if name.startswith("cold") else verdict(ratio, UNCHANGED_AIM if name == UNCHANGED else UPGRADE_AIM)
        rows.append([name, spread(column(figures, "seconds")), spread(column(figures, "cpu_seconds")), spread(ratio, "{:.3f}"),
                     f"{figures[0]['bytes'] / 1e6:.1f}", mib(column(figures, "peak_kib")), aim])
    table(["", "s", "CPU, s", "to cold", "size, MB", "peak, MiB", "aim"], rows)
    shutil.rmtree(root / inputs.NEW)


def huge(work, rounds):
    root = work / "huge"
    folder = inputs.huge(root, inputs.OLD)
    inputs.warm(folder)
    heading("5 GiB: sparse files, files that do not shrink, usual ones")
    out = work / "huge.zip"
    results = interleaved({OURS: lambda _: to_file(build_command(root, inputs.OLD, out), out)}, rounds)[OURS]
    peaks = column(results, "peak_kib")
    table(["", "s", "size, MB", "peak, MiB", "aim"],
          [[OURS, spread(column(results, "seconds")), f"{results[0]['bytes'] / 1e6:.1f}", mib(peaks),
            verdict([kib / 1024 for kib in peaks], MEMORY_AIM_MIB)]])
    shutil.rmtree(root)
    out.unlink()


def main():
    parser = bench.arguments(__doc__.splitlines()[0])
    parser.add_argument("--tree", help="a folder with real files, instead of the package libwine")
    parser.add_argument("--parts", default="real,upgrade,distribution", help="which of real, upgrade, distribution to run")
    parser.add_argument("--megabytes", type=int, default=0, help="take only so many MiB of the real files; 0: all")
    parser.add_argument("--share", type=float, default=0.05, help="of the bytes, in files that an upgrade changes")
    parser.add_argument("--huge", action="store_true", help="build a tree of 5 GiB as well, for its memory")
    options = parser.parse_args()
    bench.need(PACKAGES)
    parts = options.parts.split(",")
    with bench.work_folder(options.work) as work:
        bench.machine(SHOWN)
        root = work / "releases"
        shutil.rmtree(root, ignore_errors=True)
        if "real" in parts or "upgrade" in parts:
            tree = inputs.real_tree(work, options.tree)
            if options.megabytes:
                folder = inputs.part_of(root, inputs.OLD, tree, options.megabytes)
            else:
                folder = inputs.release_of(root, inputs.OLD, tree)
            sizes = [path.stat().st_size for path in inputs.files_below(folder)]
            if "real" in parts:
                heading(f"Cold: {len(sizes)} real files, {sum(sizes) / 1e6:.0f} MB")
                cold(work, root, inputs.OLD, options.rounds)
            if "upgrade" in parts:
                upgrade(work, root, options.rounds, options.share)
            shutil.rmtree(root)
        if "distribution" in parts:
            heading("Cold: a distribution's shape, 150 MB that do not shrink, an installer of 10 MB")
            inputs.distribution(root, inputs.OLD)
            cold(work, root, inputs.OLD, options.rounds)
            shutil.rmtree(root)
        if options.huge:
            huge(work, 1)


if __name__ == "__main__":
    main()
