"""Workplaces of one place, scripted: each does what a thin client does when its server is of another version, and digests what it
gets. They stand in a process of their own, so that those of ten places do not wait for each other."""
import contextlib
import hashlib
import http.client
import json
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import bench
import inputs

AGENT = f"1C+Enterprise/{inputs.OLD}"
QUESTION = "/update/WebDistributiveLocation/GetDistributiveInfo?" + urllib.parse.urlencode(
    {"OS": "Windows", "Arch": "x86_64", "Version": inputs.NEW})


@contextlib.contextmanager
def asked(port, path):
    """The answer to a request on a connection of its own: httpd ends idle ones when it is busy."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=600)) as connection:
        connection.request("GET", path, headers={"User-Agent": AGENT, "Connection": "close"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"{path}: {answer.status}")
        yield answer


def address(port):
    """Where the update point says that the archive is, and how long it is."""
    with asked(port, QUESTION) as answer:
        told = json.load(answer)["root"]
    return urllib.parse.urlsplit(told["url"]).path, told["size"]


def download(port, path):
    """SHA-256 and length of what is there; nothing of it is kept."""
    seen, length, piece = hashlib.sha256(), 0, bytearray(bench.MIB)
    with asked(port, path) as answer:
        while count := answer.readinto(piece):
            seen.update(memoryview(piece)[:count])
            length += count
    return seen.hexdigest(), length


def update(port, path, ready):
    """What one client got: the archive's SHA-256, or what went wrong. Without a path it asks the update point for the address."""
    ready.wait()
    try:
        path, size = (path, None) if path else address(port)
        digest, length = download(port, path)
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return digest if size in (None, length) else f"{length} bytes instead of {size}"


def update_all(port, path, count):
    """`count` clients at once; what each got."""
    ready = threading.Barrier(count)
    with ThreadPoolExecutor(count) as clients:
        return list(clients.map(lambda _: update(port, path, ready), range(count)))
