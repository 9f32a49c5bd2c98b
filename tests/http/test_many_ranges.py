"""Requests with a thousand ranges: what httpd's limits do for files they do for archives, and memory stays small."""
import os
import re
from pathlib import Path

import pytest

import releases
from conftest import CURRENT

NAME = "windows64tc.zip"
# The archive's size, about, and by how much no child may grow, whatever it is asked for.
BYTES, BOUND = 20_000_000, 64 << 20
MANY = 1000
# Publication, and the directives of its folder.
LIMITS = {
    "preset": "", "unlimited": "MaxRanges unlimited", "none": "MaxRanges none", "exactly": f"MaxRanges {MANY}",
    "fewer": f"MaxRanges {MANY - 1}", "overlaps": "MaxRanges unlimited\n  MaxRangeOverlaps unlimited",
    "reversals": "MaxRanges unlimited\n  MaxRangeReversals unlimited",
    "no-overlaps": "MaxRangeOverlaps none", "no-reversals": "MaxRangeReversals none",
    "everything": "MaxRanges unlimited\n  MaxRangeOverlaps unlimited\n  MaxRangeReversals unlimited"}

STEP = BYTES // MANY
APART = [f"{number * STEP}-{number * STEP + 99}" for number in range(MANY)]
REQUESTS = {
    "apart": APART,
    "backwards": APART[::-1],
    "overlapping": [f"{number * 10}-{number * 10 + 99}" for number in range(MANY)],
    "the same": ["1000-1099"] * MANY,
    "large": [f"{number * STEP}-{number * STEP + STEP - 2}" for number in range(MANY)],
    "each to the end": [f"{number}-" for number in range(MANY)],
    "each from the end": [f"-{number + 1}" for number in range(MANY)],
    "beyond the end": [f"{99_000_000 + number}-" for number in range(MANY)],
    "two hundred": APART[:200], "one more": APART[:201], "two that overlap": ["0-9", "5-14"],
    "two backwards": ["20-29", "0-9"]}


@pytest.fixture(scope="module")
def root(scratch):
    """One release with an archive of some 20 MB."""
    path = scratch / "roots" / "large"
    releases.add_release(path, CURRENT, size=BYTES)
    releases.age(path)
    return path


def peak_bytes(pid):
    """The most memory that a process has had since `forget_peaks`."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) << 10


def forget_peaks(server):
    """Starts the children's peaks anew; returns what each has now."""
    pids = server.children()
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return {pid: peak_bytes(pid) for pid in pids}


def comparable(answer):
    """What must agree of an answer: all but the boundary's value."""
    kind = answer.headers.get("Content-Type", "")
    boundary = re.search(r"boundary=([0-9a-f]+)", kind)
    body = answer.body
    if boundary:
        kind, body = kind.replace(boundary[1], "BOUNDARY"), body.replace(boundary[1].encode(), b"BOUNDARY")
    seen = [answer.headers.get(name) for name in ("Content-Length", "Content-Range", "Accept-Ranges")]
    return (answer.status, kind, seen), body


def ask(server, publication, asked):
    return server.get(f"/{publication}/{NAME}", {"Range": "bytes=" + ",".join(REQUESTS[asked])})


def parts(answer):
    """The contents of the parts, by their Content-Range."""
    boundary = re.search(r"boundary=([0-9a-f]+)", answer.headers["Content-Type"])[1].encode()
    found = {}
    for part in answer.body.split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        found[re.search(rb"Content-range: bytes (\d+-\d+)/", head)[1].decode()] = content
    return found


@pytest.fixture(params=["event", "worker", "prefork"])
def server(httpd, root, folder, request):
    """For each limit a publication, and beside it the archive as a plain file."""
    plain = folder / "plain"
    beside = "".join(f'Alias "/plain-{name}" "{plain}/{name}"\n<Directory "{plain}/{name}">\n  Require all granted\n'
                     f"  ForceType application/zip\n  {text}\n</Directory>\n" for name, text in LIMITS.items())
    made = httpd({"/" + name: f'CDistRoot "{root}"\n  {text}' for name, text in LIMITS.items()}, mpm=request.param,
                 process="LimitRequestFieldSize 65536\n", extra=beside)
    (folder / "a.zip").write_bytes(made.get(f"/preset/{NAME}").body)
    for name in LIMITS:
        (plain / name).mkdir(parents=True)
        os.link(folder / "a.zip", plain / name / NAME)
    return made


def test_limits_of_ranges_are_those_of_the_file_handler_and_memory_stays_small(server):
    peaks = forget_peaks(server)
    wrong, statuses = [], set()
    for limit in LIMITS:
        for asked in REQUESTS:
            ours, body = comparable(ask(server, limit, asked))
            plain, body_of_plain = comparable(ask(server, "plain-" + limit, asked))
            statuses.add(ours[0])
            if ours != plain or body != body_of_plain:
                wrong.append(f"limits {limit}, ranges {asked}: ours {ours}, the file handler's {plain}; "
                             f"bodies of {len(body)} and {len(body_of_plain)} bytes")
    assert not wrong
    assert statuses == {200, 206, 416}
    grown = {pid: peak_bytes(pid) - before for pid, before in peaks.items()}
    assert grown.keys() <= server.children(), "no child has died"
    assert max(grown.values()) < BOUND


def test_a_thousand_ranges_are_the_whole_archive_unless_allowed(server):
    whole = ask(server, "preset", "apart")
    assert (whole.status, whole.headers["Content-Type"]) == (200, "application/zip")
    assert ask(server, "none", "two hundred").status == 200
    answer = ask(server, "unlimited", "apart")
    assert answer.status == 206
    expected = {value: whole.body[int(value.split("-")[0]):int(value.split("-")[1]) + 1] for value in APART}
    assert parts(answer) == expected
