"""Other clients than the harness's own: curl, and a bare HTTP/2 connection with several streams."""
import base64
import http.client
import io
import socket
import struct
import subprocess
from pathlib import Path

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK, END_STREAM, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8
INITIAL_WINDOW_SIZE, WINDOW, CANCEL = 4, (1 << 31) - 1, 8
OWN_SETTINGS = struct.pack(">HI", INITIAL_WINDOW_SIZE, WINDOW)


class CurlAnswer:
    """A whole response, as curl received it."""

    def __init__(self, head, body, version):
        # The last block: before it may stand a 101 or a proxy's.
        block = head.strip().split(b"\r\n\r\n")[-1]
        first, _, rest = block.partition(b"\r\n")
        self.status = int(first.split()[1])
        self.headers = http.client.parse_headers(io.BytesIO(rest + b"\r\n\r\n"))
        self.body = body
        self.version = version

    def __repr__(self):
        return f"<HTTP/{self.version} {self.status} {dict(self.headers)} {self.body[:300]!r}>"


class Curl:
    """Requests by curl; `version` is what every answer must come by."""

    def __init__(self, base, folder, version, *options):
        self.base = base
        self.folder = Path(folder)
        self.version = version
        self.options = options

    def run(self, path, *options):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", *self.options, *options, self.base + path],
                              capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, (done.args, done.stderr)
        return done.stdout

    def get(self, path, headers=None, method="GET"):
        head, body = self.folder / "curl-head", self.folder / "curl-body"
        body.write_bytes(b"")
        options = [word for name, value in (headers or {}).items() for word in ("-H", f"{name}: {value}")]
        said = self.run(path, "-D", head, "-o", "/dev/null" if method == "HEAD" else body, "-w", "%{http_version}",
                        *(["--head"] if method == "HEAD" else []), *options)
        answer = CurlAnswer(head.read_bytes(), body.read_bytes(), said)
        assert answer.version == self.version, answer
        return answer

    def resume(self, path, out):
        """`curl -C -`: continues a file that is there in part."""
        self.run(path, "-f", "-C", "-", "-o", out)


class Streams:
    """One HTTP/2 connection without TLS whose requests run side by side: the little of RFC 9113 that this needs. The
    answers' headers are not decoded; statuses stand in the access log."""

    def __init__(self, port, upgrade=None):
        """`upgrade`: the path of a first request by HTTP/1.1, which becomes stream 1."""
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")
        self.bodies = {}
        self.open = set()
        if upgrade:
            self.upgrade(upgrade)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SETTINGS, 0, 0, OWN_SETTINGS)
        self.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW - 65535))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def upgrade(self, path):
        settings = base64.urlsafe_b64encode(OWN_SETTINGS).decode().rstrip("=")
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                            f"Upgrade: h2c\r\nHTTP2-Settings: {settings}\r\n\r\n".encode())
        first = self.file.readline()
        assert first.startswith(b"HTTP/1.1 101 "), first
        while self.file.readline().strip():
            pass
        self.bodies[1] = b""
        self.open.add(1)

    def send(self, kind, flags, stream, payload):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload)

    def begin(self, path):
        """Sends a GET; returns its stream."""
        stream = 2 * len(self.bodies) + 1
        block = b""
        for name, value in ((":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", path)):
            # Literal field without indexing (RFC 7541, 6.2.2); nothing here is longer than 126 bytes.
            block += bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        self.bodies[stream] = b""
        self.open.add(stream)
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, block)
        return stream

    def reset(self, stream):
        self.open.discard(stream)
        self.send(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))

    def finish(self):
        """Reads until no stream is open; returns the bodies by stream."""
        while self.open:
            head = self.file.read(9)
            assert len(head) == 9, f"the connection ended, with {self.open} open"
            length = int.from_bytes(head[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            self.take(kind, flags, stream, self.file.read(length))
        return self.bodies

    def take(self, kind, flags, stream, payload):
        if kind == DATA and stream in self.open:
            self.bodies[stream] += payload[1:len(payload) - payload[0]] if flags & PADDED else payload
        if kind in (SETTINGS, PING) and not flags & ACK:
            self.send(kind, ACK, 0, payload if kind == PING else b"")
        assert kind != GOAWAY or payload[4:8] == bytes(4), f"GOAWAY {payload!r}"
        assert kind != RST_STREAM or stream not in self.open, f"stream {stream} was reset: {payload!r}"
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.open.discard(stream)
