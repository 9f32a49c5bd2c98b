"""A private httpd for one test: configuration, start and end, requests, and its logs.

Everything that the server writes lies in the folder it is given. When the tests run as root, the children run as
www-data, so that file permissions mean something."""
import contextlib
import http.client
import os
import pwd
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CDIST_BUILD", TOP / "build")).resolve()
MODULE = BUILD / ".libs" / "mod_1cdist.so"
TOOL = BUILD / "1cdist"
HTTPD = os.environ.get("HTTPD", "/usr/sbin/apache2")
HTTPD_MODULES = Path(os.environ.get("HTTPD_MODULES", "/usr/lib/apache2/modules"))
IS_ROOT = os.geteuid() == 0
SERVER_USER = "www-data"
DEADLINE = 20.0
LOG_LINE = re.compile(r"^\[[^]]+\] \[[\w-]+:(\w+)\]")
BAD_LEVELS = {"warn", "error", "crit", "alert", "emerg"}
SANITIZER = re.compile(r"(?:Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: ")
FRAME = re.compile(r"\s+#\d+ 0x")

MPM_LIMITS = {
    "event": "StartServers 2\nServerLimit 4\nThreadsPerChild 32\nMaxRequestWorkers 128\n",
    "worker": "StartServers 2\nServerLimit 4\nThreadsPerChild 32\nMaxRequestWorkers 128\n",
    "prefork": "StartServers 8\nServerLimit 80\nMaxRequestWorkers 80\n",
}

CONFIG = """ServerRoot "{folder}"
DefaultRuntimeDir "{folder}/run"
PidFile "{folder}/run/httpd.pid"
Mutex file:{folder}/run default
ErrorLog "{folder}/error_log"
LogLevel warn {log_level}
ServerName localhost
Listen 127.0.0.1:{port}
{modules}
{limits}
{user}
GracefulShutdownTimeout 10
TypesConfig /dev/null
DocumentRoot "{folder}/htdocs"
AccessFileName .htaccess
LogFormat "%>s %m %U cache=%{{cdist-cache}}n version=%{{cdist-version}}n slot=%{{cdist-slot}}n ms=%{{cdist-build-ms}}n \
index=%{{cdist-index}}n test=%{{X-Test-Name}}i" cdist
CustomLog "{folder}/access_log" cdist
<Directory />
  Require all denied
</Directory>
<Directory "{folder}/htdocs">
  Require all granted
</Directory>
{process}
{body}
"""


def wait_until(condition, what, deadline=DEADLINE, pause=0.02):
    """Polls until `condition` gives something true, and returns that."""
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(pause)


def open_files(pid):
    """What a process has open: pairs of the descriptor's number and what it leads to.

    A file that the process closes while this looks is left out; it is no reason to miss the others.
    """
    found = []
    with contextlib.suppress(OSError):
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.append((descriptor.name, os.readlink(descriptor.path)))
    return found


def give_to_server(path):
    """Makes the user of the children the owner of a file or folder."""
    if IS_ROOT:
        user = pwd.getpwnam(SERVER_USER)
        os.chown(path, user.pw_uid, user.pw_gid)


class Answer:
    """A whole response."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:300]!r}>"


class Httpd:
    """One server. `folder` must exist and be reachable for the children; `publications` maps URL paths to the
    directives of the folders behind them."""

    def __init__(self, folder, publications=None, process="", extra="", mpm="event", modules=(), name="test"):
        self.folder = Path(folder)
        self.publications = publications or {}
        self.process = process
        self.extra = extra
        self.mpm = mpm
        self.modules = ["mpm_" + mpm, "authz_core", "alias", "mime", *modules]
        self.name = name
        self.store = self.folder / "store"
        self.loaded = True  # False: the next configuration neither loads the module nor has its directives
        self.port = 0
        self.daemon = None
        self.allowed = set()
        for part in ("run", "htdocs"):
            (self.folder / part).mkdir(exist_ok=True)
        self.folder.chmod(0o755)

    # ---- configuration ------------------------------------------------------------------------------------------

    def published(self, url):
        """The folder behind an Alias."""
        return self.folder / ("published" + url.replace("/", "_"))

    def publication(self, url, directives):
        self.published(url).mkdir(exist_ok=True)
        return (f'Alias "{url}" "{self.published(url)}"\n<Directory "{self.published(url)}">\n  Require all granted\n'
                f"  SetHandler 1cdist\n  {directives}\n</Directory>\n")

    def write_config(self, process=None, body=None):
        """Writes the configuration; `process` and `body` replace the object's own for a moment."""
        process = self.process if process is None else process
        if "CDistStore " not in process:
            process = f'CDistStore "{self.store}"\n' + process
        for name, preset in (("CDistSettle", 0), ("CDistScanInterval", 0), ("CDistPrebuild", "Off")):
            if name not in process:
                process += f"\n{name} {preset}"
        if body is None:
            body = "".join(self.publication(url, text) for url, text in self.publications.items()) + self.extra
        if not self.loaded:
            process = body = ""
        loads = []
        for name in self.modules:
            shared = HTTPD_MODULES / f"mod_{name}.so"
            if shared.exists():
                loads.append(f"LoadModule {name}_module {shared}")
        if self.loaded:
            loads.append(f"LoadModule cdist_module {MODULE}")
        path = self.folder / "httpd.conf"
        path.write_text(CONFIG.format(
            folder=self.folder, port=self.port, modules="\n".join(loads), limits=MPM_LIMITS[self.mpm], process=process,
            body=body, log_level="cdist:debug" if self.loaded else "",
            user=f"User {SERVER_USER}\nGroup {SERVER_USER}" if IS_ROOT else ""))
        return path

    def check_config(self, **parts):
        """`httpd -t`: exit status and what it says."""
        self.port = self.port or 8080
        done = subprocess.run([HTTPD, "-t", "-f", self.write_config(**parts)], capture_output=True, text=True,
                              timeout=DEADLINE)
        assert not SANITIZER.search(done.stderr), done.stderr
        return done.returncode, done.stderr + done.stdout

    # ---- start and end ------------------------------------------------------------------------------------------

    def start(self, limit=None):
        """Starts the server; a port that somebody else took meanwhile is replaced. `limit`: prlimit's options."""
        assert MODULE.exists(), f"{MODULE} is missing: build the module first or set CDIST_BUILD"
        assert os.access(HTTPD, os.X_OK), f"{HTTPD} is missing: install httpd or set HTTPD"
        for _ in range(5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            path = self.write_config()
            command = [*(["prlimit", *limit] if limit else []), HTTPD, "-f", str(path), "-DFOREGROUND"]
            with open(self.folder / "stderr", "wb") as out:
                self.daemon = subprocess.Popen(command, stdout=out, stderr=out, cwd=self.folder,
                                               start_new_session=True)
            if self.wait_ready():
                return self
            said = self.errors() + self.said()
            assert "AH00072" in said, f"httpd does not start:\n{said}"
        raise AssertionError("no free port")

    def wait_ready(self):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and self.daemon.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.get("/ready")
                return True
            time.sleep(0.02)
        return False

    def running(self):
        return self.daemon is not None and self.daemon.poll() is None

    def graceful(self, **parts):
        """Rereads the configuration, and returns when the new generation answers."""
        self.write_config(**parts)
        before = self.children()
        self.daemon.send_signal(signal.SIGUSR1)
        wait_until(lambda: self.children() - before and self.wait_ready() and
                   not (self.listening_children(before)), "the new generation answers")

    def listening_children(self, before):
        """Children of `before` that still take connections: they hold the listening socket."""
        found = set()
        for pid in before & self.children():
            if self.holds_listener(pid):
                found.add(pid)
        return found

    def holds_listener(self, pid):
        inodes = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            field = line.split()
            if field[3] == "0A" and int(field[1].rpartition(":")[2], 16) == self.port:
                inodes.add(f"socket:[{field[9]}]")
        return any(target in inodes for _, target in open_files(pid))

    def idle(self):
        """No connection is open, and every thread of every child sleeps."""
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            field = line.split()
            # 06 is TIME_WAIT, 0A is LISTEN.
            if int(field[1].rpartition(":")[2], 16) == self.port and field[3] not in ("06", "0A"):
                return False
        for pid in self.children():
            with contextlib.suppress(OSError):
                for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
                    if stat.read_text().rpartition(")")[2].split()[0] not in "SZX":
                        return False
        return True

    def stop(self, idle=True):
        """Stops the server. Unless told otherwise it first gets a moment to become idle: the event MPM of httpd 2.4
        may crash when it is stopped while a worker lets go of its connection (close_worker_sockets)."""
        if not self.running():
            return
        end = time.monotonic() + 1
        while idle and time.monotonic() < end and not (self.idle() and self.idle()):
            time.sleep(0.01)
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("httpd does not stop") from None

    def kill(self):
        """Ends the server at once, with its children."""
        pids = self.children()
        self.daemon.kill()
        self.daemon.wait(DEADLINE)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def restart(self):
        self.stop()
        return self.start()

    def children(self):
        path = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children")
        with contextlib.suppress(OSError):
            return {int(pid) for pid in path.read_text().split()}
        return set()

    # ---- requests -----------------------------------------------------------------------------------------------

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, headers=None, method="GET", body=None, timeout=60):
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, {"X-Test-Name": self.name, **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get_until(self, path, status=200, headers=None, deadline=DEADLINE):
        """Repeats a GET until it has the status."""
        last = []

        def attempt():
            last[:] = [self.get(path, headers)]
            return last[0].status == status and last[0]
        try:
            return wait_until(attempt, f"{path} gives {status}", deadline, 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}; last answer: {last}") from None

    def get_many(self, paths, **options):
        with ThreadPoolExecutor(len(paths)) as pool:
            return list(pool.map(lambda path: self.get(path, **options), paths))

    def raw(self, data, timeout=10):
        """Sends bytes as they are and returns all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            got = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := connection.recv(65536):
                    got += chunk
            return got

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    # ---- logs and store -----------------------------------------------------------------------------------------

    def errors(self):
        path = self.folder / "error_log"
        return path.read_text(errors="replace") if path.exists() else ""

    def said(self):
        """What the server wrote before it had a log, or beside it."""
        path = self.folder / "stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    def accesses(self):
        path = self.folder / "access_log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return [line for line in lines if " /ready " not in line]

    def cache_counts(self, path, expected):
        """How the requests for a path were answered, once `expected` of them are in the access log."""
        def lines():
            found = [line for line in self.accesses() if f" GET {path} " in line]
            return found if len(found) >= expected else None
        counts = {}
        for line in wait_until(lines, f"{expected} requests of {path} are logged"):
            outcome = re.search(r"cache=(\S+)", line)[1]
            counts[outcome] = counts.get(outcome, 0) + 1
        return counts

    def logged(self, tag):
        return [line for line in self.errors().splitlines() if f"{tag}:" in line]

    def wait_logged(self, tag, count=1):
        return wait_until(lambda: len(self.logged(tag)) >= count and self.logged(tag), f"{tag} is logged")

    def allow(self, *tags):
        """Messages that this test provokes."""
        self.allowed.update(tags)

    def unexpected(self):
        """Lines of the error log that no test should leave behind."""
        found = []
        for line in self.errors().splitlines() + self.said().splitlines():
            match = LOG_LINE.match(line)
            bad = (match and match[1] in BAD_LEVELS) or "exit signal" in line
            frame = found and FRAME.match(line)  # where a sanitizer's finding is
            if frame or SANITIZER.search(line) or (bad and not any(tag in line for tag in self.allowed)):
                found.append(line)
        return found

    def archives(self):
        return sorted((self.store / "archives").glob("*.zip"))

    def leftovers(self):
        """Files in the store that are none of its own kinds."""
        if not self.store.exists():
            return []
        return [path for path in self.store.rglob("*") if path.is_file() and path.name.startswith(".")]
