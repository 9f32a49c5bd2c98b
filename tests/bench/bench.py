"""What all benchmarks share: needed packages, interleaved runs, ratios, Markdown.

A ratio is always taken within one round, in which every contender ran once, one after the other; so what changes slowly on
the machine touches both sides. Shown are median and, in brackets, least and greatest of the rounds."""
import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "http"))

from harness import BUILD, HTTPD, HTTPD_MODULES, MODULE, TOOL  # noqa: E402

PROGRAMS = BUILD / "tests" / "bench"
MEASURE, LIMIT, STORE_BUILD, LOAD = (PROGRAMS / name for name in ("measure", "deflate_limit", "store_build", "load"))
MIB = 1 << 20


def die(text):
    sys.exit(f"{Path(sys.argv[0]).name}: {text}")


def need(packages):
    """`packages`: program or file -> the Debian package that has it."""
    missing = sorted({package for what, package in packages.items() if not shutil.which(what) and not Path(what).exists()})
    if missing:
        die(f"these packages are missing; on Debian 12:\n    apt-get install --no-install-recommends {' '.join(missing)}")
    for program in (TOOL, MODULE, MEASURE, LIMIT, STORE_BUILD, LOAD):
        if not program.exists():
            die(f"{program} is missing: run `make bench-programs` in the build folder, or set CDIST_BUILD")


def arguments(description, rounds=3):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help="how often each contender runs")
    parser.add_argument("--work", help="folder for everything that is written; default: a new one in $TMPDIR, removed at the end")
    return parser


@contextlib.contextmanager
def work_folder(given):
    """Reachable for the servers' children, whatever user they run as."""
    os.umask(0o022)
    # So that a benchmark that is told to end stops its servers and cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(given) if given else Path(tempfile.mkdtemp(prefix="cdist-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    try:
        yield folder.resolve()
    finally:
        if not given:
            shutil.rmtree(folder, ignore_errors=True)


# ---- running --------------------------------------------------------------------------------------------------------

def measured(command, cwd=None):
    """Runs a command; seconds, cpu_seconds, peak_kib, and `said`, its standard output."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result"
        done = subprocess.run([MEASURE, result, *command], cwd=cwd, capture_output=True, text=True)
        figures = json.loads(result.read_text()) if result.exists() else {"status": done.returncode}
    if figures["status"] != 0:
        die(f"{' '.join(map(str, command))}: exit status {figures['status']}\n{done.stderr[-2000:]}")
    figures["said"] = done.stdout
    return figures


def load(port, path, connections=1, **options):
    """Runs the HTTP clients of load.c. `headers`: lines."""
    return load_result(load_begin(port, path, connections, **options))


def load_begin(port, path, connections=1, headers=(), **options):
    command = [str(LOAD), "--port", str(port), "--path", path, "--connections", str(connections)]
    for line in headers:
        command += ["--header", line]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def load_result(process):
    out, err = process.communicate()
    if process.returncode != 0:
        die(f"load: {err}")
    return json.loads(out)


def interleaved(contenders, rounds):
    """`contenders`: name -> function of the round's number. Returns name -> results, one for each round."""
    results = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            label = name if isinstance(name, str) else " ".join(map(str, name))
            progress(f"round {number + 1}/{rounds}: {label}")
            results[name].append(run(number))
    progress("")
    return results


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


# ---- figures --------------------------------------------------------------------------------------------------------

def spread(values, form="{:.2f}"):
    """"median [least … greatest]"."""
    least, middle, most = (form.format(value) for value in (min(values), statistics.median(values), max(values)))
    return middle if least == most else f"{middle} [{least} … {most}]"


def ratios(above, below):
    return [a / b if b else float("nan") for a, b in zip(above, below)]


def column(results, key):
    return [result[key] for result in results]


def verdict(values, aim, at_most=True):
    """The aim, and whether the median reaches it."""
    reached = statistics.median(values) <= aim if at_most else statistics.median(values) >= aim
    return f"{'≤' if at_most else '≥'} {aim:g}: {'yes' if reached else '**no**'}"


# ---- Markdown -------------------------------------------------------------------------------------------------------

def heading(text):
    print(f"\n### {text}\n", flush=True)


def table(titles, rows):
    """First column to the left, the others to the right."""
    print("| " + " | ".join(titles) + " |")
    print("|---" + "|---:" * (len(titles) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def package_version(name):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", name], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 and done.stdout else "?"


def machine(packages):
    """One line that tells where the figures come from."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / MIB
    load_average = os.getloadavg()[0]
    versions = ", ".join(f"{name} {package_version(name)}" for name in sorted(packages))
    print(f"Measured on: {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, load before the run "
          f"{load_average:.1f}; {versions}.\n", flush=True)


def as_root():
    return os.geteuid() == 0


__all__ = [name for name in dir() if not name.startswith("_")]
