#!/usr/bin/env python3
"""Many clients ask for one archive that nobody has built yet: how often is it built, and when has the last client got it?

mod_1cdist against caches in front of a CGI that packs the same folder with bsdtar: nginx with proxy_cache_lock, varnish, and
httpd's mod_cache with CacheLock. Then: what hits of another archive suffer while 200 clients wait for a cold one."""
import shutil
import time

import bench
import inputs
import servers
from bench import column, heading, interleaved, load, ratios, spread, table, verdict

NAMES = OURS, NGINX, VARNISH, MOD_CACHE = ("mod_1cdist", "nginx proxy_cache_lock", "varnish", "httpd mod_cache CacheLock")
URL = f"/tc/{inputs.OLD}/windows64tc.zip"
HIT = f"/tc/{inputs.NEW}/windows64tc.zip"
LAST_AIM, HIT_AIM = 1.2, 3
HIT_CONNECTIONS, HIT_PAUSE_MS, IDLE_SEC = 4, 5, 3


def stampede(server, path, clients, builds):
    """All clients at once on a server that has nothing; then once more, with the archive there, for the transfer alone."""
    cold = load(server.port, path, clients, once=True, timeout=servers.PATIENCE_SEC)
    counted = builds()
    warm = load(server.port, path, clients, once=True, timeout=servers.PATIENCE_SEC)
    return {"builds": counted, "errors": cold["errors"], "bytes": cold["bytes"] // max(1, cold["requests"]),
            "first": cold["p50"], "last": cold["seconds"], "transfer": warm["seconds"]}


def ours(work, root, clients):
    with servers.Ours(work, root) as server:
        return stampede(server, URL, clients, server.builds)


def behind_cache(work, folder, make_cache, clients):
    with servers.Packer(work, folder) as origin, make_cache(work, origin) as cache:
        result = stampede(cache, "/zip", clients, origin.builds)
    if cache.folder.name == "varnish":
        shutil.rmtree(cache.folder)
    return result


def storm(work, root, counts, rounds, skip):
    folder = root / inputs.OLD / "windows64"
    caches = {NGINX: lambda place, origin: servers.Nginx(place, origin=origin), VARNISH: servers.Varnish,
              MOD_CACHE: servers.CachingHttpd}
    contenders = {}
    for clients in counts:
        contenders[OURS, clients] = lambda _, n=clients: ours(work, root, n)
        for name, make in caches.items():
            if name.split()[0] not in skip:
                contenders[name, clients] = lambda _, make=make, n=clients: behind_cache(work, folder, make, n)
    results = interleaved(contenders, rounds)
    rows = []
    for name, clients in contenders:
        found, lone = results[name, clients], results[name, counts[0]]
        builds, errors = column(found, "builds"), column(found, "errors")
        without = [(last - transfer) / (alone - moved) for last, transfer, alone, moved in
                   zip(column(found, "last"), column(found, "transfer"), column(lone, "last"), column(lone, "transfer"))]
        aim = ""
        if name == OURS:
            aim = "builds " + verdict(builds, 1) + "; last " + verdict(without, LAST_AIM)
        rows.append([name, clients, spread(builds, "{:.0f}"), sum(errors), spread(column(found, "last")),
                     spread(column(found, "transfer")), spread(ratios(column(found, "last"), column(lone, "last"))),
                     spread(without), spread(ratios(column(results[OURS, clients], "last"), column(found, "last"))),
                     f"{found[0]['bytes'] / 1e6:.1f}", aim])
    table(["", "clients", "builds", "errors", "last client, s", "transfer alone, s", "last / lone", "without transfer",
           "ours / theirs", "MB each", "aim"], rows)


def hits(server, path, seconds):
    return bench.load_begin(server.port, path, HIT_CONNECTIONS, seconds=seconds, pause_ms=HIT_PAUSE_MS)


def hits_during_a_build(work, root, plain, clients):
    """p99 of hits on the idle server, and while `clients` wait: of the module's archive, and of a plain file."""
    result = {}
    for name, path in (("module", HIT), ("file", "/plain/" + plain.name)):
        with servers.Ours(work, root) as server:
            shutil.copy(plain, server.folder / "htdocs")
            load(server.port, HIT, once=True)
            idle = bench.load_result(hits(server, path, IDLE_SEC))
            waiting = bench.load_begin(server.port, URL, clients, once=True, timeout=servers.PATIENCE_SEC)
            time.sleep(0.3)
            # Ends before the archive is there: then 200 transfers begin, which are no longer waiting.
            busy = bench.load_result(hits(server, path, 1.0))
            still = waiting.poll() is None and not list((server.store / "archives").glob("*.zip"))[1:]
            bench.load_result(waiting)
        if not still:
            bench.progress("the archive was there too soon: --wait-megabytes must be larger on this machine")
        result.update({name + "_idle": idle["p99"] * 1e3, name: busy["p99"] * 1e3, name + "_errors": busy["errors"]})
    return result


def p99(work, tree, options):
    root = work / "p99"
    inputs.part_of(root, inputs.OLD, tree, options.wait_megabytes)
    small = inputs.part_of(root, inputs.NEW, tree, 1)
    inputs.warm(root)
    plain = work / "plain.zip"
    time.sleep(2.2)  # younger folders are not served
    bench.measured([bench.TOOL, "build", root, "--version", inputs.NEW, "--slot", "windows64", "-o", plain])
    heading(f"Hits while {max(options.clients)} clients wait for a cold archive of {options.wait_megabytes} MiB")
    print(f"{HIT_CONNECTIONS} connections, a request each {HIT_PAUSE_MS} ms, {plain.stat().st_size / 1e6:.2f} MB.\n")
    found = interleaved({"": lambda _: hits_during_a_build(work, root, plain, max(options.clients))}, options.rounds)[""]
    rows = []
    for what, name in (("mod_1cdist", "module"), ("a plain file, same server", "file")):
        ratio = ratios(column(found, name), column(found, name + "_idle"))
        rows.append([what, spread(column(found, name + "_idle")), spread(column(found, name)), spread(ratio),
                     sum(column(found, name + "_errors")), verdict(ratio, HIT_AIM) if name == "module" else ""])
    table(["p99", "idle, ms", "during the build, ms", "ratio", "errors", "aim"], rows)
    shutil.rmtree(root)
    return small


def main():
    parser = bench.arguments(__doc__.splitlines()[0])
    parser.add_argument("--tree", help="a folder with real files, instead of the package libwine")
    parser.add_argument("--megabytes", type=int, default=32, help="MiB of files in the archive that is asked for")
    parser.add_argument("--wait-megabytes", type=int, default=400, help="MiB of files in the archive that hits are measured beside")
    parser.add_argument("--clients", type=lambda text: [int(n) for n in text.split(",")], default=[1, 4, 64, 200])
    parser.add_argument("--skip", default="", help="contenders to leave out: nginx, varnish, httpd")
    options = parser.parse_args()
    bench.need(servers.PACKAGES)
    with bench.work_folder(options.work) as work:
        bench.machine(servers.SHOWN)
        print(f"httpd, all of them: event MPM, {servers.HTTPD_LIMITS}; mod_1cdist: CDistWaitMax 256, CDistPrebuild Off.\n")
        tree = inputs.real_tree(work, options.tree)
        root = work / "releases"
        shutil.rmtree(root, ignore_errors=True)
        inputs.warm(inputs.part_of(root, inputs.OLD, tree, options.megabytes))
        time.sleep(2.2)
        heading(f"Stampede on a cold archive of {options.megabytes} MiB of real files")
        storm(work, root, options.clients, options.rounds, options.skip.split(","))
        p99(work, tree, options)


if __name__ == "__main__":
    main()
