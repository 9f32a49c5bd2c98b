#!/usr/bin/env python3
"""What the module costs once an archive is built: throughput, request rates, memory for each slow client, and system calls of
a hit; against httpd's own file handler in the same server with an identical file, and against nginx with that file."""
import http.client
import os
import shutil
import signal
import subprocess
import time

import bench
import inputs
import releases
import servers
from bench import column, heading, interleaved, load, ratios, spread, table, verdict
from harness import wait_until

PACKAGES = {**servers.PACKAGES, "strace": "strace"}
OURS, FILE, NGINX = "mod_1cdist", "httpd's file handler", "nginx"
SIZES_MB = {20: inputs.OLD, 200: inputs.NEW}
AIM, SLOW_CLIENTS, SLOW_RATE, SLOW_SEC = 1.0, 200, 1024, 10
TRACED = "openat,getdents64,fcntl,flock"


def archive_url(megabytes):
    return f"/tc/{SIZES_MB[megabytes]}/windows64tc.zip"


def make_releases(root, sizes):
    for megabytes in sizes:
        folder = root / SIZES_MB[megabytes] / "windows64"
        package = releases.PACKAGES["windows64"]
        releases.write_files(folder, {"Setup.ini": releases.setup_ini(SIZES_MB[megabytes], package),
                                      package: releases.binary(megabytes, megabytes * 10**6)})
    time.sleep(2.2)  # younger folders are not served


def fetch(server, path, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=servers.PATIENCE_SEC)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        bench.die(f"{path}: {answer.status}\n{server.log()}")
    return answer, body


def fill(ours, nginx, sizes):
    """Has the archives built, and puts copies where the others serve them."""
    for megabytes in sizes:
        fetch(ours, archive_url(megabytes))
        size = megabytes * 10**6
        built = next(path for path in (ours.store / "archives").glob("*.zip") if 0 <= path.stat().st_size - size < 10**6)
        copies = [shutil.copy(built, server.folder / "htdocs" / f"{megabytes}.zip") for server in (ours, nginx)]
        for path in (built, *copies):
            inputs.reread(path)
    _, index = fetch(ours, "/tc/index.json")
    for server in (ours, nginx):
        (server.folder / "htdocs" / "index.json").write_bytes(index)
    return len(index)


def targets(ours, nginx, path, copy):
    return {OURS: (ours, path), FILE: (ours, "/plain/" + copy), NGINX: (nginx, "/plain/" + copy)}


def compare(places, connections, seconds, rounds, key, **options):
    """One row: the figure of each contender, and ours against theirs; then the same of the server's CPU seconds a request."""
    spent = {name: [] for name in places}

    def run(name):
        server, path = places[name]
        lines = options.get("headers")
        if lines == "etag":
            lines = [f"If-None-Match: {fetch(server, path, 'HEAD')[0].headers['ETag']}"]
        before = server.cpu_seconds()
        found = load(server.port, path, connections, seconds=seconds, headers=lines or (),
                     **{name: value for name, value in options.items() if name != "headers"})
        if found["errors"]:
            bench.die(f"{name}: {found['errors']} errors\n{server.log()}")
        spent[name].append((server.cpu_seconds() - before) / found["requests"])
        return found[key] / found["seconds"]
    results = interleaved({name: lambda _, name=name: run(name) for name in places}, rounds)
    ours = ratios(results[OURS], results[FILE])
    return results, [spread(ours, "{:.3f}"), spread(ratios(results[OURS], results[NGINX]), "{:.3f}"),
                     verdict(ours, AIM, at_most=False)], spread(ratios(spent[OURS], spent[FILE]), "{:.2f}")


def throughput(ours, nginx, options):
    rows = []
    for megabytes in options.sizes:
        for connections in options.connections:
            results, rest, _ = compare(targets(ours, nginx, archive_url(megabytes), f"{megabytes}.zip"), connections,
                                    options.seconds, options.rounds, "bytes")
            rows.append([f"{megabytes} MB", connections, *(spread([n / 1e6 for n in results[name]], "{:.0f}") for name in results),
                         *rest])
    table(["", "connections", f"{OURS}, MB/s", f"{FILE}, MB/s", f"{NGINX}, MB/s", "ours / file", "ours / nginx", "aim"], rows)


def rates(ours, nginx, options):
    first = options.sizes[0]
    archive = targets(ours, nginx, archive_url(first), f"{first}.zip")
    kinds = {"304": (archive, {"headers": "etag"}), "HEAD": (archive, {"method": "HEAD"}),
             "index.json": (targets(ours, nginx, "/tc/index.json", "index.json"), {}),
             "index.json, 304": (targets(ours, nginx, "/tc/index.json", "index.json"), {"headers": "etag"})}
    rows = []
    for kind, (places, how) in kinds.items():
        for connections in options.connections:
            results, rest, cpu = compare(places, connections, options.seconds, options.rounds, "requests", **how)
            rows.append([kind, connections, *(spread(results[name], "{:.0f}") for name in results), *rest, cpu])
    table(["", "connections", f"{OURS}, 1/s", f"{FILE}, 1/s", f"{NGINX}, 1/s", "ours / file", "ours / nginx", "aim",
           "CPU, ours / file"], rows)


# ---- memory ---------------------------------------------------------------------------------------------------------

def growth(server, path):
    """KiB for each slow client: all of the server's memory, and what is no file's."""
    load(server.port, path, SLOW_CLIENTS, seconds=1, method="HEAD")
    before = server.memory()
    clients = bench.load_begin(server.port, path, SLOW_CLIENTS, seconds=SLOW_SEC, rate=SLOW_RATE)
    time.sleep(SLOW_SEC - 3)
    after = server.memory()
    result = bench.load_result(clients)
    return {"errors": result["errors"], **{key: (after[key] - before[key]) / SLOW_CLIENTS for key in after}}


def slow_clients(work, root, options, directives):
    def fresh(name):
        with servers.Ours(work, root, "slow", directives, children=(4, 4)) as ours, \
                servers.Nginx(work, "slow-nginx", sendfile="On" in directives) as nginx:
            fill(ours, nginx, options.sizes[:1])
            return growth(*targets(ours, nginx, archive_url(options.sizes[0]), f"{options.sizes[0]}.zip")[name])
    results = interleaved({name: lambda _, name=name: fresh(name) for name in (OURS, FILE, NGINX)}, options.rounds)
    rows = [[name, spread(column(found, "Pss"), "{:.1f}"), spread(column(found, "Pss_Anon"), "{:.1f}"),
             sum(column(found, "errors"))] for name, found in results.items()]
    table(["", "PSS, KiB a client", "of it anonymous", "errors"], rows)


# ---- system calls ---------------------------------------------------------------------------------------------------

def trace(work, root, options):
    path = archive_url(options.sizes[0])
    with servers.Ours(work, root, "traced", children=(1, 1)) as server:
        for _ in range(2):
            fetch(server, path)
        log, said = work / "trace", work / "trace.said"
        pids = [word for pid in server.processes() for word in ("-p", str(pid))]
        with open(said, "wb") as out:
            tracer = subprocess.Popen(["strace", "-f", "-e", f"trace={TRACED}", "-o", log, *pids], stderr=out)
        try:
            wait_until(lambda: b"attached" in said.read_bytes() or tracer.poll() is not None, "strace is attached")
            time.sleep(0.5)
            fetch(server, path)
            time.sleep(0.3)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(20)
        lines = log.read_text().splitlines() if log.exists() else []
    if not lines:
        print(f"strace could not look into the server: {said.read_text().strip()[:200]}\n")
        return
    print("```")
    print("\n".join(line.partition(" ")[2].strip().replace(os.fspath(work), "…") for line in lines))
    print("```\n")
    for call, aim in (("getdents64", "no folder is listed"), ("fcntl(", "no lock of a file"), ("flock", "no lock of a file")):
        hits = [line for line in lines if call in line and (call != "fcntl(" or "LK" in line)]
        print(f"- {call.rstrip('(')}: {len(hits)} ({aim}: {'yes' if not hits else '**no**'})")
    print(flush=True)


def main():
    parser = bench.arguments(__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="length of each single measurement")
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=[20, 200], help="of 20, 200, in MB")
    parser.add_argument("--connections", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8, 64])
    parser.add_argument("--parts", default="throughput,rates,memory,trace", help="which of them to run")
    options = parser.parse_args()
    parts = options.parts.split(",")
    bench.need(PACKAGES)
    with bench.work_folder(options.work) as work:
        bench.machine(servers.SHOWN)
        root = work / "releases"
        shutil.rmtree(root, ignore_errors=True)
        make_releases(root, options.sizes)
        for sendfile in ("Off", "On"):
            directives = f"EnableSendfile {sendfile}"
            note = f"sendfile {sendfile.lower()} in both servers"
            with servers.Ours(work, root, extra=directives) as ours, \
                    servers.Nginx(work, sendfile=sendfile == "On") as nginx:
                size = fill(ours, nginx, options.sizes)
                if "throughput" in parts:
                    heading(f"Throughput of warm archives, {note}")
                    throughput(ours, nginx, options)
                if "rates" in parts and sendfile == "Off":
                    heading(f"Request rates (index.json: {size} bytes)")
                    rates(ours, nginx, options)
            if "memory" in parts:
                heading(f"Memory for each of {SLOW_CLIENTS} clients that read {SLOW_RATE} bytes a second, {note}")
                slow_clients(work, root, options, directives)
        if "trace" in parts:
            heading(f"System calls of one hit in a warm server ({TRACED})")
            trace(work, root, options)


if __name__ == "__main__":
    main()
