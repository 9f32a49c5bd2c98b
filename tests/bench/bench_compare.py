#!/usr/bin/env python3
"""How long a three-way comparison takes: of lists against Python's dictionaries, of support data against a regular expression,
of configurations against `diff -rq` over folders that were unpacked before, which knows nothing of rules and needs two runs.

The inputs are made here, the same each time: 50,000 elements, 40,000 rules, three configurations of 2 MB."""
import hashlib
import json
import random
import re
import statistics
import sys
import time
import uuid
from pathlib import Path

import bench
from bench import column, heading, interleaved, measured, ratios, spread, table, verdict

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fuzz"))

import make_update_seeds as seeds  # noqa: E402

ELEMENTS, RULES, OBJECTS = 50000, 40000, 900
LISTS_AIM, SUPPORT_AIM, FILES_AIM = 0.1, 0.1, 0.2
LISTS = bench.PROGRAMS / "compare_lists"


def uuids(rng, count):
    return [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(count)]


# ---- lists and support data -----------------------------------------------------------------------------------------

def make_lists(rng):
    """Three sides; each changes one in twenty, now and then the same."""
    base = {name: hashlib.sha256(name.encode()).hexdigest() for name in uuids(rng, ELEMENTS)}
    sides = [base, dict(base), dict(base)]
    for side in sides[1:]:
        for name in rng.sample(sorted(base), ELEMENTS // 20):
            side[name] = hashlib.sha256(f"{name}{rng.randrange(2)}".encode()).hexdigest()
        for name in rng.sample(sorted(base), ELEMENTS // 500):
            side.pop(name, None)
    return sides


def make_support(rng, names):
    rows = "".join(f"{rng.randrange(3)},0,{name},{name},\r\n" for name in names)
    return (seeds.MARK.decode() + f'{{6,0,1,{uuid.UUID(int=1)},0,{uuid.UUID(int=2)},"1.0","V","N",{len(names)},\r\n{rows}0,0,0,1,0}}')


def compare_dictionaries(sides):
    base, mine, theirs = sides
    start = time.process_time()
    counts = dict.fromkeys(("unchanged", "mine", "theirs", "identical", "conflict"), 0)
    for name in base.keys() | mine.keys() | theirs.keys():
        b, m, t = base.get(name), mine.get(name), theirs.get(name)
        counts["unchanged" if b == m == t else "mine" if b == t else "theirs" if b == m else "identical" if m == t else "conflict"] += 1
    return {"seconds": time.process_time() - start, "counts": counts}


RULE = re.compile(r"([012]),0,([0-9a-f-]{36}),([0-9a-f-]{36}),")


def parse_support(path):
    start = time.process_time()
    found = {local: int(rule) for rule, local, _ in RULE.findall(Path(path).read_text("utf-8-sig"))}
    return {"seconds": time.process_time() - start, "rules": len(found)}


def lists(work, rounds):
    rng = random.Random(1)
    sides = make_lists(rng)
    (work / "lists").write_text("".join(f"{letter} {name} {digest}\n" for letter, side in zip("bmt", sides)
                                        for name, digest in side.items()))
    (work / "support.bin").write_text(make_support(rng, sorted(sides[0])[:RULES]), newline="")
    ours = []

    def run(_):
        ours.append(json.loads(measured([LISTS, work / "lists", work / "support.bin"])["said"]))
        return ours[-1]

    results = interleaved({"ours": run, "dictionaries": lambda _: compare_dictionaries(sides),
                           "expression": lambda _: parse_support(work / "support.bin")}, rounds)
    counts = results["dictionaries"][0]["counts"]
    if ours[0]["rules"] != RULES or (ours[0]["unchanged"], ours[0]["conflicts"]) != (counts["unchanged"], counts["conflict"]):
        bench.die(f"the contenders disagree: {ours[0]}, {counts}")
    heading(f"{ELEMENTS} elements, {RULES} rules")
    rows = []
    for what, key, peer, aim in (("three ways, with verdicts", "seconds", "dictionaries", LISTS_AIM),
                                 ("support data, by object", "support_seconds", "expression", SUPPORT_AIM)):
        seconds, theirs = column(ours, key), column(results[peer], "seconds")
        rows.append([what, spread([s * 1000 for s in seconds], "{:.1f}"), spread([s * 1000 for s in theirs], "{:.1f}"),
                     spread(ratios(seconds, theirs)), verdict(seconds, aim)])
    table(["", "ours, ms of CPU", "Python, ms of CPU", "ours / theirs", "aim, s"], rows)
    beside = statistics.median(column(ours, "beside_kib")) / 1024
    print(f"Memory beside the snapshots: {beside:.1f} MiB; with the support data alone the program takes "
          f"{statistics.median(column(ours, 'support_kib')) / 1024:.1f} MiB.\n")


# ---- configurations -------------------------------------------------------------------------------------------------

WORDS = "Процедура Функция Если Тогда Иначе КонецЕсли Для Каждого Из Цикл Возврат Новый Запрос Выборка Ссылка".split()


def module(rng, size):
    text = seeds.MARK + " ".join(f"{rng.choice(WORDS)}{rng.randrange(10000)}" for _ in range(size)).encode()
    return seeds.container([("info", seeds.MARK + b"{3,1,0}"), ("text", text)])


def form(rng, rows):
    """Brace text as that of a form: nested lists of numbers, uuids and short texts, most of which stand there again and again."""
    row = '{{{},{{"{}",{},{{{},{},0,0}}}},{{3,0,0,{{0}}}},"",1,{{{}}}}}'
    return seeds.MARK + ("{27,{18,\r\n" + ",\r\n".join(
        row.format(rng.randrange(40), rng.choice(WORDS), rng.randrange(1000), rng.randrange(4), uuids(rng, 1)[0],
                   ",".join(str(rng.randrange(3)) for _ in range(20))) for _ in range(rows)) + "}}").encode()


def changed_form(rng, text):
    """One row in fifty with another word, and a row more."""
    rows = text.decode().split(",\r\n")
    for row in rng.sample(range(1, len(rows) - 1), len(rows) // 50):
        rows[row] = rows[row].replace('{"', '{"Другое', 1)
    rows.insert(rng.randrange(1, len(rows)), rows[-2])
    return ",\r\n".join(rows).encode()


def make_configurations(work):
    """Each object has an entry and a module, one in eight a form; both sides change some. Also unpacked, a file for each part."""
    rng = random.Random(2)
    names = sorted(uuids(rng, OBJECTS // 2))
    base = {name: seeds.MARK + f"{{1,{{0,{name}}},{{{'0,' * 200}0}}}}".encode() for name in names}
    base.update({name + ".0": module(rng, 700) for name in names})
    forms = names[::8]
    base.update({name + ".1": form(rng, 300) for name in forms})
    for side in ("base", "mine", "theirs"):
        entries = dict(base)
        for name in rng.sample(names, len(names) // 10) if side != "base" else ():
            entries[name + ".0"] = module(rng, 700)
        for name in rng.sample(forms, len(forms) // 3) if side != "base" else ():
            entries[name + ".1"] = changed_form(rng, base[name + ".1"])
        made = sorted({**entries, **dict(seeds.configuration())}.items(), key=lambda entry: entry[0].lower())
        (work / f"{side}.cf").write_bytes(seeds.container(seeds.packed(made), pad=512))
        folder = work / side
        folder.mkdir()
        for name, data in entries.items():
            (folder / name).write_bytes(data)
    return (work / "mine.cf").stat().st_size


def configurations(work, rounds):
    size = make_configurations(work)
    base, mine, theirs = (work / f"{side}.cf" for side in ("base", "mine", "theirs"))

    def diff(_):
        # diff ends with 1 where it finds differences.
        return measured(["sh", "-c", 'diff -rq "$0" "$1" >"$3"; diff -rq "$0" "$2" >>"$3"; [ $? -le 1 ]', work / "base", work / "mine",
                         work / "theirs", work / "said"])

    command = [bench.TOOL, "compare", "--base", base, "--mine", mine, "--theirs", theirs, "--json"]
    results = interleaved({"1cdist compare --level entry": lambda _: measured(command),
                           "1cdist compare --level object": lambda _: measured([*command, "--level", "object"]),
                           "1cdist compare --level property": lambda _: measured([*command, "--level", "property"]),
                           "diff -rq, twice, unpacked before": diff}, rounds)
    heading(f"Three configurations of {size / 1e6:.1f} MB")
    ours = list(results.values())[0]
    rows = []
    for name, figures in results.items():
        seconds = column(figures, "seconds")
        rows.append([name, spread([s * 1000 for s in seconds], "{:.0f}"),
                     spread([s * 1000 for s in column(figures, "cpu_seconds")], "{:.0f}"), spread(ratios(column(ours, "seconds"), seconds)),
                     spread([kib / 1024 for kib in column(figures, "peak_kib")], "{:.0f}"),
                     verdict(seconds, FILES_AIM) if name.startswith("1cdist") else ""])
    table(["", "ms", "CPU, ms", "level entry / this", "peak, MiB", "aim, s"], rows)


def main():
    parser = bench.arguments(__doc__.split("\n\n")[0], rounds=9)
    given = parser.parse_args()
    bench.need({"diff": "diffutils"})
    if not LISTS.exists():
        bench.die(f"{LISTS} is missing: run `make bench-programs` in the build folder, or set CDIST_BUILD")
    with bench.work_folder(given.work) as work:
        bench.machine(["diffutils"])
        lists(work, given.rounds)
        configurations(work, given.rounds)


if __name__ == "__main__":
    main()
