"""Seeds of what comes from upstream: the first byte tells what the rest is (fuzz_mirror.c)."""
import json

SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
PEM = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
"""


def slot(name, file, **more):
    return {"slot": name, "file": file, "url": f"8.3.22.1750/{file}", "source": "ready", "installable": True, "files": 1, "bytes": 5,
            "built": True, "archive_bytes": 1000, "sha256": SHA, **more}


def index_seeds():
    slots = [slot("windows64", "windows64tc.zip", manifest_bytes=10, manifest_sha256=SHA), slot("modules", "modules.zip"),
             {"slot": "linux64", "file": "linux64tc.zip", "url": "8.3.22.1750/linux64tc.zip", "built": False}]
    release = {"version": "8.3.22.1750", "current": True, "complete": True, "missing": [], "required": ["windows64"], "slots": slots}
    index = {"format": 1, "counter": 7, "created": "2026-11-21T18:00:00Z", "expires": "2026-12-21T18:00:00Z", "current": "8.3.22.1750",
             "releases": [release, {"version": "8.3.22.1704", "complete": True, "slots": []}], "by_hand": [], "problems": 0}
    yield "published", index
    yield "live", {"format": 1, "current": None, "releases": [release], "by_hand": [], "problems": 0}
    yield "empty", {"format": 1, "releases": []}
    yield "updates", {**index, "updates": [{"path": f"1c/Store/{name}", "url": f"updates/sha256/{SHA}", "bytes": 5, "sha256": SHA}
                                           for name in ("1_0/1cv8.cfu", "1_1/1cv8.mft")]}
    yield "escape", {**index, "releases": [{**release, "slots": [{**slots[0], "url": "../../etc/passwd"}]}]}
    yield "twice", {**index, "releases": [release, release]}


def manifest(entries):
    return {"format": 1, "builder": "2-3c466902a25d", "level": 6, "archive": {"bytes": 1000, "sha256": SHA}, "entries": entries}


def entry(offset, packed):
    return {"name": "a", "bytes": packed, "packed_bytes": packed, "offset": offset, "data_offset": offset + 31, "crc32": "1aefd713",
            "mode": "100644", "method": "store", "sha256": SHA, "packed_sha256": SHA}


def mirror_seeds():
    for name, index in index_seeds():
        yield f"index-{name}", b"i" + json.dumps(index).encode()
    yield "keys", b"k" + json.dumps({"format": 1, "counter": 2, "keys": [KEY]}).encode()
    yield "keys-pem", b"k" + PEM.encode()
    yield "signature", b"k1cdist-signature 1\n0123456789abcdef " + b"A" * 86 + b"==\nsomething else\n"
    for name, url in (("own", "https://CENTRE.example:8443/any"), ("folder", "https://mirror.example/1c/own/x"), ("tricky", "https://a@b:1/")):
        yield f"logins-{name}", f"l{url}\nbranch:one\n# two\nhttps://mirror.example/1c guest:two\nhttps://mirror.example/1c/own o:3\n".encode()
    yield "manifest", b"m" + json.dumps(manifest([entry(0, 5), entry(36, 900)])).encode()
    yield "manifest-overlap", b"m" + json.dumps(manifest([entry(0, 5), entry(30, 900)])).encode()
    yield "manifest-old", b"m" + json.dumps(manifest([{key: value for key, value in entry(0, 5).items() if key != "data_offset"}])).encode()
    yield "range", b"r\nbytes 10-19/1000\n0123456789"
    parts = "".join(f"\r\n--xx\r\nContent-Type: application/zip\r\nContent-Range: bytes {first}-{last}/1000\r\n\r\n" + "x" * (last - first + 1)
                    for first, last in ((10, 19), (500, 899))) + "\r\n--xx--\r\n"
    yield "ranges", b"rmultipart/byteranges; boundary=xx\n\n" + parts.encode()
    yield "ranges-odd", b'rmultipart/byteranges; boundary="xx"\n\n--xx\nContent-Range: bytes 0-999/*\n\n' + b"x" * 1000
    yield "nothing", b""


TARGETS = (("mirror", mirror_seeds),)
