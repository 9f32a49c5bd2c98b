"""The servers that are compared, each in the foreground, on its own port, with all that it writes in its own folder. Their
limits are set so that none of them has to turn 200 clients away."""
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import bench
from harness import SERVER_USER, give_to_server, wait_until

PACKAGES = {"/usr/sbin/nginx": "nginx-light", "/usr/sbin/varnishd": "varnish", bench.HTTPD: "apache2-bin",
            "bsdtar": "libarchive-tools"}
SHOWN = ["apache2-bin", "nginx-light", "varnish", "libarchive-tools"]
PATIENCE_SEC = 600

HTTPD_LIMITS = "StartServers 8, ServerLimit 8, ThreadsPerChild 64, MaxRequestWorkers 512"
HTTPD_CONF = """ServerRoot "{folder}"
DefaultRuntimeDir "{folder}/run"
PidFile "{folder}/run/httpd.pid"
Mutex file:{folder}/run default
ErrorLog "{folder}/error_log"
LogLevel warn
ServerName localhost
Listen 127.0.0.1:{port}
{modules}
{user}
StartServers {start}
ServerLimit {limit}
ThreadsPerChild {threads}
MaxRequestWorkers {workers}
MinSpareThreads {threads}
MaxSpareThreads {workers}
ListenBacklog 1024
MaxKeepAliveRequests 0
KeepAlive On
Timeout {patience}
TypesConfig /dev/null
DocumentRoot "{folder}/htdocs"
AddType application/zip .zip
AddType application/json .json
<Directory />
  AllowOverride None
  Require all denied
</Directory>
<Directory "{folder}/htdocs">
  Require all granted
</Directory>
{body}
"""


class Server:
    """`name` is the folder's name below `work`; it is emptied."""

    def __init__(self, work, name):
        self.folder = Path(work) / name
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in (self.folder, self.folder / "run", self.folder / "htdocs"):
            part.mkdir(parents=True)
        give_to_server(self.folder / "run")
        self.daemon = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self):
        with open(self.folder / "said", "wb") as out:
            self.daemon = subprocess.Popen(self.command(), stdout=out, stderr=out, cwd=self.folder, start_new_session=True)
        try:
            wait_until(lambda: self.daemon.poll() is not None or self.listens(), "the server listens")
        except AssertionError:
            self.__exit__()
            raise
        if self.daemon.poll() is not None:
            bench.die(f"{self.daemon.args[0]} does not start:\n{self.log()}")
        return self

    def __exit__(self, *_):
        time.sleep(0.2)  # see Httpd.stop of the test harness
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def log(self):
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in (self.folder / "said", self.folder / "error_log")
                         if path.exists())

    def processes(self):
        """The daemon and all its descendants."""
        found, todo = [], [self.daemon.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    todo += map(int, (task / "children").read_text().split())
        return found

    def cpu_seconds(self):
        """What its processes have used so far, in their own code and in the system; only of those that are there now."""
        ticks = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Proportional set size in KiB: all of it, and what is no file's."""
        total = {"Pss": 0, "Pss_Anon": 0}
        for pid in self.processes():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    name, _, value = line.partition(":")
                    if name in total:
                        total[name] += int(value.split()[0])
        return total


class Httpd(Server):
    """httpd with the event MPM. `body`: the rest of its configuration."""

    def __init__(self, work, name, body="", modules=(), children=(8, 8)):
        super().__init__(work, name)
        self.modules = ["mpm_event", "authz_core", "alias", "mime", *modules]
        self.body = body
        self.children = children
        self.loads = []

    def command(self):
        loads = self.loads + [f"LoadModule {name}_module {bench.HTTPD_MODULES / f'mod_{name}.so'}" for name in self.modules
                              if (bench.HTTPD_MODULES / f"mod_{name}.so").exists()]
        start, limit = self.children
        conf = self.folder / "httpd.conf"
        conf.write_text(HTTPD_CONF.format(
            folder=self.folder, port=self.port, modules="\n".join(loads), start=start, limit=limit, threads=64,
            workers=64 * limit, patience=PATIENCE_SEC, body=self.body,
            user=f"User {SERVER_USER}\nGroup {SERVER_USER}" if bench.as_root() else ""))
        return [bench.HTTPD, "-f", conf, "-DFOREGROUND"]


class Ours(Httpd):
    """httpd with mod_1cdist: releases at /tc, and the folder htdocs by the file handler at /plain."""

    def __init__(self, work, root, name="ours", extra="", **options):
        super().__init__(work, name, **options)
        self.loads = [f"LoadModule cdist_module {bench.MODULE}"]
        (self.folder / "published").mkdir()
        self.store = self.folder / "store"
        self.body = f"""CDistStore "{self.store}"
CDistSettle 0
CDistPrebuild Off
CDistWaitMax 256
CDistBuildTimeout {PATIENCE_SEC}
LogLevel cdist:info
Alias "/tc" "{self.folder}/published"
<Directory "{self.folder}/published">
  Require all granted
  SetHandler 1cdist
  CDistRoot "{root}"
</Directory>
Alias "/plain" "{self.folder}/htdocs"
{extra}
"""

    def builds(self):
        """How many archives the server has built."""
        return (self.folder / "error_log").read_text(errors="replace").count("CD0013:")


class Packer(Httpd):
    """The origin behind the caches: a CGI that packs a folder with bsdtar for each request, whatever its path."""

    def __init__(self, work, source):
        super().__init__(work, "origin", modules=("cgid",))
        self.starts = self.folder / "run" / "starts"
        self.starts.touch()
        give_to_server(self.starts)
        script = self.folder / "htdocs" / "pack"
        script.write_text(f"""#!/bin/sh
echo start >>'{self.starts}'
printf 'Content-Type: application/zip\\r\\nCache-Control: max-age=3600\\r\\n\\r\\n'
cd '{source}' && exec bsdtar --format zip -cf - .
""")
        script.chmod(0o755)
        self.body = f"""ScriptSock {self.folder}/run/cgid
ScriptAlias "/zip" "{script}"
"""

    def builds(self):
        return len(self.starts.read_text().split())


class CachingHttpd(Httpd):
    """mod_cache with its lock, in front of `origin`."""

    def __init__(self, work, origin):
        super().__init__(work, "mod_cache", modules=("proxy", "proxy_http", "cache", "cache_disk"))
        for part in ("cache", "locks"):
            (self.folder / part).mkdir()
            give_to_server(self.folder / part)
        self.body = f"""CacheEnable disk /zip
CacheRoot "{self.folder}/cache"
CacheMaxFileSize 10000000000
CacheIgnoreNoLastMod On
CacheLock On
CacheLockPath "{self.folder}/locks"
CacheLockMaxAge {PATIENCE_SEC}
ProxyPass "/zip" "http://127.0.0.1:{origin.port}/zip" timeout={PATIENCE_SEC}
"""


NGINX_CONF = """daemon off;
worker_processes auto;
pid {folder}/run/pid;
error_log {folder}/error_log warn;
{user}
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/octet-stream;
  types {{ application/zip zip; application/json json; }}
  sendfile {sendfile};
  tcp_nopush {sendfile};
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/run/body;
  proxy_temp_path {folder}/run/proxy;
  fastcgi_temp_path {folder}/run/fastcgi;
  uwsgi_temp_path {folder}/run/uwsgi;
  scgi_temp_path {folder}/run/scgi;
  {http}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    root {folder}/htdocs;
    {server}
  }}
}}
"""


class Nginx(Server):
    """nginx with static files at /plain; with `origin`, its cache in front of that."""

    def __init__(self, work, name="nginx", origin=None, sendfile=True):
        super().__init__(work, name)
        self.sendfile = "on" if sendfile else "off"
        self.http = ""
        self.server = f"location /plain/ {{ alias {self.folder}/htdocs/; }}"
        if origin:
            self.http = f"proxy_cache_path {self.folder}/run/cache keys_zone=zip:10m max_size=100g inactive=1d;"
            self.server = f"""location /zip {{
      proxy_pass http://127.0.0.1:{origin.port};
      proxy_cache zip;
      proxy_cache_lock on;
      proxy_cache_lock_timeout {PATIENCE_SEC}s;
      proxy_cache_lock_age {PATIENCE_SEC}s;
      proxy_read_timeout {PATIENCE_SEC}s;
    }}"""

    def command(self):
        conf = self.folder / "nginx.conf"
        user = pwd.getpwnam(SERVER_USER)
        conf.write_text(NGINX_CONF.format(folder=self.folder, port=self.port, http=self.http, server=self.server,
                                          sendfile=self.sendfile,
                                          user=f"user {user.pw_name};" if bench.as_root() else ""))
        return ["/usr/sbin/nginx", "-p", self.folder, "-c", conf, "-e", self.folder / "error_log"]


class Varnish(Server):
    """varnish with its usual merging of requests, in front of `origin`."""

    def __init__(self, work, origin):
        super().__init__(work, "varnish")
        self.vcl = f"""vcl 4.1;
backend origin {{
  .host = "127.0.0.1";
  .port = "{origin.port}";
  .first_byte_timeout = {PATIENCE_SEC}s;
  .between_bytes_timeout = {PATIENCE_SEC}s;
}}
"""

    def command(self):
        (self.folder / "bench.vcl").write_text(self.vcl)
        return ["/usr/sbin/varnishd", "-F", "-j", "none", "-n", self.folder / "run", "-f", self.folder / "bench.vcl",
                "-a", f"127.0.0.1:{self.port}", "-s", "malloc,2g", "-p", "thread_pool_min=300",
                "-p", "http_range_support=off", "-p", f"send_timeout={PATIENCE_SEC}"]
