#!/usr/bin/env python3
"""What it costs to learn what configurations and updates are: the facts of a large .cf against reading it whole; a scan of
template folders against a bare inflate of the updates in them, and, with caches, against a bare walk; chains in a large
graph."""
import os
import shutil
import sys
import time
from pathlib import Path

import bench
from bench import column, heading, interleaved, ratios, spread, table, verdict

sys.path.insert(0, str(bench.HERE.parent / "fuzz"))
import make_template_seeds  # noqa: E402

SCAN, BARE, LARGE, CHAIN = (bench.PROGRAMS / name for name in ("scan_templates", "bare", "large_configuration", "chain_graph"))
SHARED = bench.HERE.parents[2] / "shared" / "data"
INFO_AIM, INFO_BYTES_AIM, COLD_AIM, WARM_AIM_US, PEAK_AIM_MIB, CHAIN_AIM_MS = 0.01, 10**6, 0.8, 20, 64, 50


def run(*command):
    """What a program says of itself, with the memory that it took."""
    figures = bench.measured([str(part) for part in command])
    return {"peak_mib": figures["peak_kib"] / 1024, "process_seconds": figures["seconds"], **bench.json.loads(figures["said"])}


def drop(folder):
    """Lets go of what the system keeps of files in memory."""
    for path in ([folder] if folder.is_file() else folder.rglob("*")):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def dropped(folder, *command):
    drop(folder)
    return run(*command)


# ---- one large file -------------------------------------------------------------------------------------------------

def info(work, rounds, megabytes):
    base = SHARED / "cf" / "company_mgmt.cf"
    if not base.exists():
        base = work / "base.cf"
        base.write_bytes(make_template_seeds.CONFIGURATION)
    large = work / "large.cf"
    bench.progress(f"writing a configuration of {megabytes} MB")
    bench.measured([str(LARGE), str(base), str(large), str(megabytes)])
    results = interleaved({
        "facts": lambda _: run(SCAN, "--facts", large), "1cdist info": lambda _: run(bench.TOOL, "info", "--json", large),
        "read whole": lambda _: run(BARE, "read", large), "every entry inflated": lambda _: run(SCAN, "--inflate", large),
        "facts, from disk": lambda _: dropped(large, SCAN, "--facts", large),
        "read whole, from disk": lambda _: dropped(large, BARE, "read", large)}, rounds)
    heading(f"Facts of a .cf of {large.stat().st_size / 1e6:.0f} MB with {results['facts'][0]['entries']} entries")
    rows = []
    for name, of in (("facts", "read whole"), ("facts, from disk", "read whole, from disk"),
                     ("1cdist info", "every entry inflated"), ("1cdist info", "read whole")):
        seconds = column(results[name], "process_seconds" if name == "1cdist info" else "seconds")
        whole = column(results[of], "seconds")
        rows.append([name, spread([s * 1000 for s in seconds], "{:.2f}"), of, spread([s * 1000 for s in whole], "{:.1f}"),
                     spread(ratios(seconds, whole), "{:.4f}"), results[name][0]["bytes_read"],
                     spread(column(results[name], "peak_mib"), "{:.0f}"),
                     f"{verdict(ratios(seconds, whole), INFO_AIM)}; bytes "
                     + verdict([results[name][0]["bytes_read"]], INFO_BYTES_AIM)])
    table(["", "ms", "beside", "ms", "ratio", "bytes read", "peak, MiB", "aim"], rows)
    large.unlink()


# ---- folders --------------------------------------------------------------------------------------------------------

def make_folders(root, count):
    """As a vendor's archive: a folder a release, with a configuration and an update in turn."""
    configurations, updates = (sorted((SHARED / kind).glob(f"*.{kind}")) for kind in ("cf", "cfu"))
    for number in range(count):
        folder = root / "vendor" / "configuration" / f"{number // 2}"
        folder.mkdir(parents=True, exist_ok=True)
        kind, files = ("cfu", updates) if number % 2 else ("cf", configurations)
        if files:
            shutil.copyfile(files[number // 2 % len(files)], folder / f"1cv8.{kind}")
        else:
            content = make_template_seeds.UPDATE if kind == "cfu" else make_template_seeds.CONFIGURATION
            (folder / f"1cv8.{kind}").write_bytes(content)
    time.sleep(2.2)  # what is younger is not believed from a cache
    return bool(updates)


def forget(root):
    for path in root.rglob(".*.1cdist"):
        path.unlink()


def scan_anew(root, *options):
    forget(root)
    return run(SCAN, *options, root)


def scans(work, rounds, count):
    root = work / "templates"
    bench.progress(f"writing {count} files")
    real = make_folders(root, count)
    cold = interleaved({"inflate": lambda _: run(BARE, "inflate", root), "scan": lambda _: scan_anew(root),
                        "caches": lambda _: scan_anew(root, "--beside")}, rounds)
    megabytes = sum(path.stat().st_size for path in root.rglob("1cv8.*")) / 1e6
    heading(f"Scan of {count} {'real' if real else 'generated'} .cf and .cfu, {megabytes:.0f} MB")
    bare = column(cold["inflate"], "seconds")
    bare_cpu = column(cold["inflate"], "cpu_seconds")
    rows = [["bare inflate of the .cfu", spread(bare), "1.00", spread(bare_cpu), "1.00",
             spread(column(cold["inflate"], "peak_mib"), "{:.0f}"), ""]]
    for name, key in (("scan", "scan"), ("scan that writes caches", "caches")):
        seconds, cpu, peaks = (column(cold[key], what) for what in ("seconds", "cpu_seconds", "peak_mib"))
        rows.append([name, spread(seconds), spread(ratios(bare, seconds)), spread(cpu), spread(ratios(bare_cpu, cpu)),
                     spread(peaks, "{:.0f}"),
                     f"{verdict(ratios(bare, seconds), COLD_AIM, at_most=False)}; MiB {verdict(peaks, PEAK_AIM_MIB)}"])
    table(["cold", "s", "bare inflate / it", "CPU, s", "bare inflate / it", "peak, MiB", "aim"], rows)

    run(SCAN, "--beside", root)
    warm = interleaved({"walk": lambda _: run(BARE, "walk", root), "scan": lambda _: run(SCAN, "--beside", root)}, rounds)
    if any(result["cached"] != count for result in warm["scan"]):
        bench.die("not every file was known from its cache")
    walk, seconds = column(warm["walk"], "seconds"), column(warm["scan"], "seconds")
    beyond = [(s - w) / count * 1e6 for s, w in zip(seconds, walk)]
    cpu = [(s - w) / count * 1e6 for s, w in zip(column(warm["scan"], "cpu_seconds"), column(warm["walk"], "cpu_seconds"))]
    walk_ms, scan_ms = ([s * 1000 for s in figures] for figures in (walk, seconds))
    table(["warm", "ms", "µs a file beyond the walk", "of CPU", "aim"],
          [["bare walk with stats", spread(walk_ms, "{:.1f}"), "", "", ""],
           ["scan with caches", spread(scan_ms, "{:.1f}"), spread(beyond, "{:.1f}"), spread(cpu, "{:.1f}"),
            verdict(beyond, WARM_AIM_US)]])
    shutil.rmtree(root)


# ---- chains ---------------------------------------------------------------------------------------------------------

def chains(rounds, releases=10_000, edges=100_000):
    rows, results = [], run(CHAIN, releases, edges, rounds)
    heading(f"Chains in a graph of {releases:,} releases and {edges:,} edges")
    for kind in ("shortest", "sequential"):
        seconds = column(results["rounds"], kind)
        milliseconds = [s * 1000 for s in seconds]
        rows.append([f"{kind}, {results[kind + '_steps']} steps", spread(milliseconds, "{:.1f}"),
                     spread(ratios(seconds, column(results["rounds"], "obvious")), "{:.4f}") if kind == "shortest" else "",
                     verdict(milliseconds, CHAIN_AIM_MS)])
    obvious_ms = [s * 1000 for s in column(results["rounds"], "obvious")]
    rows.append(["the obvious search for the shortest", spread(obvious_ms, "{:.0f}"), "1", ""])
    table(["", "ms", "to the obvious search", "aim"], rows)


def main():
    parser = bench.arguments(__doc__, rounds=5)
    parser.add_argument("--megabytes", type=int, default=500, help="of the large configuration")
    parser.add_argument("--files", type=int, default=1000, help="in the template folders")
    options = parser.parse_args()
    for program in (bench.TOOL, bench.MEASURE, SCAN, BARE, LARGE):
        if not Path(program).exists():
            bench.die(f"{program} is missing: run `make bench-programs` in the build folder, or set CDIST_BUILD")
    bench.machine(["zlib1g", "libapr1"])
    with bench.work_folder(options.work) as work:
        info(work, options.rounds, options.megabytes)
        scans(work, options.rounds, options.files)
    if CHAIN.exists():
        chains(options.rounds)


if __name__ == "__main__":
    main()
