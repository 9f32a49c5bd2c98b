"""Centres and branches for the tests of 1cdist publish, sync and key: a publication made once, and an upstream that can be told to
misbehave in every way that a test needs, and counts what it sends."""
import fcntl
import http.server
import json
import os
import random
import re
import shutil
import struct
import subprocess
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import releases
from harness import TOOL

OLD, NEW = "8.3.25.1286", "8.3.25.1394"
FILE = "windows64tc.zip"
FILES, FILE_BYTES = 60, 50_000
TIMEOUT = 60


def run(verb, *args, **options):
    """A verb of the command line; the machine's own proxies are nobody's business here."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment.update(options.pop("env", {}))
    options = {"capture_output": True, "text": True, "timeout": TIMEOUT, "env": environment, **options}
    return subprocess.run([TOOL, verb, *map(str, args)], **options)


def rows(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sync(upstream, root, *args, **options):
    """What a sync that works tells: a row for each archive, and the summary."""
    urls = upstream if isinstance(upstream, list) else [upstream]
    told = rows(run("sync", *sum((["--from", url] for url in urls), []), "--to", root, "--json", *args, **options))
    return told[:-1], told[-1]


def served(root):
    """What lies in a root for everybody: paths and contents, without what sync keeps for itself."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(Path(root).rglob("*"))
            if path.is_file() and ".1cdist" not in path.parts}


@contextmanager
def locked(branch):
    """A root that a sync works on. NB: the tool's locks are by open file descriptions, which an flock does not meet."""
    (branch / ".1cdist").mkdir(parents=True, exist_ok=True)
    with open(branch / ".1cdist" / "lock", "w") as lock:
        fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
        yield


def refused(urls, branch, *args, status=1):
    """A sync that must fail, and leave what is served as it is; what it says."""
    before = served(branch) if branch.exists() else {}
    urls = urls if isinstance(urls, list) else [urls]
    done = run("sync", *sum((["--from", url] for url in urls), []), "--to", branch, *args)
    assert done.returncode == status, done.stderr + done.stdout
    assert served(branch) == before
    return done.stderr


def add_release(root, version, changed=(), slots=("windows64",)):
    """A distribution of many files that do not shrink; those whose numbers are `changed` differ from version to version."""
    for slot in slots:
        files = {f"data/{number:03}.cab": random.Random(f"{slot} {number} {version if number in changed else ''}").randbytes(FILE_BYTES)
                 for number in range(FILES)}
        if slot == "windows64":
            files["Setup.ini"] = releases.setup_ini(version, releases.PACKAGES["windows64"])
        files["setup.exe"] = releases.binary("setup" + slot, 1000)
        releases.write_files(Path(root) / version / slot, files)


def add_modules(root, version):
    releases.write_files(Path(root) / version / "modules", {"one.epf": releases.binary("modules" + version, 5000), "two.txt": b"two"})


def publish(root, folder, *args):
    """Publishes into a folder; what it tells of the index."""
    Path(folder).mkdir(exist_ok=True)
    return rows(run("publish", root, "--index", Path(folder) / "index.json", "--json", *args))[-1]


class Centre:
    """Publications that no test changes: `first` has the old release, `second` the new one too, one twentieth of which is new."""

    def __init__(self, folder):
        self.root, self.first, self.second = folder / "root", folder / "first", folder / "second"
        self.key, self.other_key = folder / "key.pem", folder / "other.pem"
        self.public, self.other_public = Path(f"{self.key}.pub"), Path(f"{self.other_key}.pub")
        assert run("key", "new", self.key, self.other_key).returncode == 0
        roots = [folder / "old", self.root]
        for root in roots:
            add_release(root, OLD)
            add_modules(root, OLD)
        add_release(self.root, NEW, changed=range(3))
        add_modules(self.root, NEW)
        releases.age(*roots)
        self.publish(self.first, roots[0])
        shutil.copytree(self.first, self.second)
        self.publish(self.second, self.root)
        self.archive = (self.second / NEW / FILE).read_bytes()
        self.whole = {f"{version}/distr/{name}": (self.second / version / name).read_bytes()
                      for version in (OLD, NEW) for name in (FILE, "modules.zip")}

    def publish(self, folder, root):
        return publish(root, folder, "--key", self.key, "--require", "windows64", "--require", "modules")

    def branch(self, folder):
        """A root that has the old release."""
        folder.mkdir()
        with Upstream(self.first) as upstream:
            sync(upstream.url, folder, "--key", self.public)
        return folder


def forge(centre, folder, change, key=None):
    """A publication with another index, signed by the centre's key or another one."""
    folder.mkdir()
    for name in (OLD, NEW):
        (folder / name).symlink_to(centre.second / name)
    index = json.loads((centre.second / "index.json").read_text())
    change(index)
    (folder / "index.json").write_text(json.dumps(index))
    assert run("key", "sign", "--key", key or centre.key, folder / "index.json").returncode == 0
    return folder


def slot_of(index, version=NEW, slot="windows64"):
    release = next(release for release in index["releases"] if release["version"] == version)
    return next(one for one in release["slots"] if one["slot"] == slot)


def utc(ahead=timedelta()):
    """A moment from now, as an index tells times."""
    return (datetime.now(timezone.utc) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")


class Counted:
    """A connection's output that is counted."""

    def __init__(self, out, upstream):
        self.out, self.upstream = out, upstream

    def write(self, data):
        self.upstream.sent += len(data)
        return self.out.write(data)

    def __getattr__(self, name):
        return getattr(self.out, name)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.wfile = Counted(self.wfile, self.upstream)

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.upstream.requests.append((self.path, dict(self.headers)))
        fault = next((fault for name, fault in self.upstream.faults.items() if self.path.endswith(name)), None)
        try:
            (fault or Handler.answer)(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.upstream.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.reply(204, b"")

    def content(self):
        name = self.path.lstrip("/")
        path = self.upstream.folder / name
        return path.read_bytes() if name and path.is_file() else None

    def ranges(self, body):
        """The ranges that are asked for, as (first, last); None without any."""
        asked = self.headers.get("Range")
        if not asked:
            return None
        return [(int(first), min(int(last), len(body) - 1)) for first, last in re.findall(r"(\d+)-(\d+)", asked)]

    def answer(self, change=lambda body: body):
        body = self.content()
        if body is None:
            return self.reply(404, b"not here")
        etag = f'"{hash(body)}"'
        if self.headers.get("If-None-Match") == etag:
            return self.reply(304, b"", {"ETag": etag})
        body = change(body)
        asked = self.ranges(body)
        if not asked:
            return self.reply(200, body, {"ETag": etag})
        if len(asked) == 1:
            (first, last), = asked
            return self.reply(206, body[first:last + 1], {"Content-Range": f"bytes {first}-{last}/{len(body)}", "ETag": etag})
        parts = b"".join(f"\r\n--limit\r\nContent-Type: application/zip\r\nContent-Range: bytes {first}-{last}/{len(body)}\r\n\r\n".encode()
                         + body[first:last + 1] for first, last in asked) + b"\r\n--limit--\r\n"
        return self.reply(206, parts, {"Content-Type": "multipart/byteranges; boundary=limit", "ETag": etag})

    def reply(self, status, body, headers=None, length=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


class Upstream:
    """A server of a folder. `faults` maps endings of paths to functions that answer instead, given the handler."""

    def __init__(self, folder, faults=None, context=None):
        self.folder, self.faults, self.context = Path(folder), faults or {}, context
        self.requests, self.posts, self.sent = [], [], 0

    def __enter__(self):
        handler = type("BoundHandler", (Handler,), {"upstream": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        if self.context:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http{'s' if self.context else ''}://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def asked(self, ending):
        """The headers of all requests for paths with that ending."""
        return [headers for path, headers in self.requests if path.endswith(ending)]


# ---- faults ----------------------------------------------------------------------------------------------------------

def changed(change):
    """Answers as usual, of a changed content."""
    return lambda handler: handler.answer(change)


def flipped(body):
    """One bit of a content is another one."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:]


def garbled(body):
    """No byte of a content is what it was."""
    return body.translate(bytes(value ^ 1 for value in range(256)))


def cut_after(count):
    """Every answer ends after so many bytes of its body, though it is told to be whole."""
    def fault(handler):
        reply = handler.reply

        def cut(status, body, headers=None, length=None):
            reply(status, body[:count], headers, len(body))
            handler.close_connection = True
        handler.reply = cut
        handler.answer()
    return fault


def endless(handler):
    """A body that has no end, and no length."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(b"x" * 65536)


def dripping(handler):
    """A byte every now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        wait_until_gone(handler)


def wait_until_gone(handler):
    handler.connection.settimeout(0.2)
    try:
        if handler.connection.recv(1) == b"":
            raise BrokenPipeError
    except TimeoutError:
        pass


def redirect_to(url):
    return lambda handler: handler.reply(302, b"", {"Location": url})
