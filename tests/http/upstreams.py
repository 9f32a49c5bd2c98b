"""An upstream for tests of what a branch hands on, which says whatever it is told to say."""
import contextlib
import http.server
import threading

NAME = "windows64tc.zip"
ZIP = b"PK\x05\x06" + b"\0" * 18
ASKED = {"host", "user-agent", "accept", "range", "if-range", "if-match", "if-none-match", "1c-relayed", "connection"}
ANSWERED = {"date", "server", "content-type", "content-length", "content-range", "accept-ranges", "etag", "repr-digest", "1c-version",
            "cache-control", "vary", "content-location", "content-disposition", "retry-after", "connection", "keep-alive"}


class Stranger:
    """An upstream that answers whatever it is told to, and remembers what it was asked."""

    def __init__(self):
        self.requests, self.status, self.headers, self.body, self.interim = [], 200, {}, ZIP, None
        self.gate = threading.Event()  # behind the first byte of a body
        self.gate.set()

    def answer(self, status, body=ZIP, **headers):
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@contextlib.contextmanager
def serving():
    """A stranger that can be asked."""
    upstream = Stranger()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            upstream.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
            if upstream.interim:
                self.wfile.write(upstream.interim)
            self.send_response(upstream.status)
            for name, value in upstream.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in upstream.headers:
                self.send_header("Content-Length", str(len(upstream.body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                body = upstream.body if self.command == "GET" and upstream.status != 304 else b""
                self.wfile.write(body[:1])
                upstream.gate.wait(20)
                self.wfile.write(body[1:])
            self.close_connection = True

        do_HEAD = do_GET

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    upstream.url = f"http://127.0.0.1:{server.server_port}/update"
    try:
        yield upstream
    finally:
        upstream.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def hold(root, *lines):
    """Holds versions in a branch's root."""
    (root / ".1cdist").mkdir(exist_ok=True)
    (root / ".1cdist" / "holds").write_text("# held\n" + "".join(line + "\n" for line in lines))
