"""Several servers behind one address: the example configurations of HAProxy and varnish, each with a server that dies while a
client downloads, who goes on at another one."""
import contextlib
import hashlib
import http.client
import shutil
import socket
import subprocess

import pytest

import releases
from conftest import CURRENT
from harness import TOP, wait_until

NAME = "windows64tc.zip"
PATH = f"/update/{CURRENT}/{NAME}"
SIZE = 16_000_000  # more than what sockets and proxies hold back
KIB_A_SECOND = 8000  # or a cache has all of it before the node dies
PIECE = 1_000_000


@pytest.fixture(scope="module")
def root(shared):
    place = shared["plain"].parent / "large"
    releases.add_release(place, CURRENT, size=SIZE)
    releases.age(place)
    return place


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@contextlib.contextmanager
def running(command, folder, ready):
    """A program in the foreground, from the moment when `ready` holds."""
    with open(folder / "said", "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_until(lambda: process.poll() is not None or ready(), f"{command[0]} answers")
        assert process.poll() is None, (folder / "said").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def fetch(port, headers=None, method="GET", path=PATH):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers=headers or {})
    return connection, connection.getresponse()


def answers(port):
    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection, answer = fetch(port, method="HEAD", path="/update/index.json")
            connection.close()
            return answer.status == 200
        return False
    return ask


def breaks_and_goes_on(port, nodes, whole):
    """Downloads slowly, kills the node that serves, and takes the rest from where it broke."""
    connection, answer = fetch(port)
    assert answer.status == 200
    etag, served_by = answer.headers["ETag"], answer.headers["X-Served-By"]
    got = answer.read(PIECE)
    nodes[served_by].kill()
    with contextlib.suppress(OSError, http.client.HTTPException):
        while piece := answer.read(PIECE):
            got += piece
    connection.close()
    assert PIECE <= len(got) < len(whole), "the download was over before the node died"

    def rest():
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection, answer = fetch(port, {"Range": f"bytes={len(got)}-", "If-Range": etag})
            with contextlib.closing(connection):
                if answer.status == 206:
                    return answer.headers, answer.read()
        return None
    headers, tail = wait_until(rest, "another node goes on")
    assert headers["X-Served-By"] != served_by
    assert headers["ETag"] == etag
    assert hashlib.sha256(got + tail).hexdigest() == hashlib.sha256(whole).hexdigest()


def example(name, addresses):
    text = (TOP / "conf-examples" / name).read_text()
    for old, new in addresses.items():
        assert old in text, old
        text = text.replace(old, new)
    assert "10.0.0." not in text
    return text


@pytest.fixture
def nodes(httpd, root):
    directives = f'CDistRoot "{root}"\n  SetOutputFilter RATE_LIMIT\n  SetEnv rate-limit {KIB_A_SECOND}'
    return {f"node{number}": httpd({"/update": directives}, modules=["env", "ratelimit"]) for number in (1, 2, 3)}


def test_all_nodes_hand_out_the_same_bytes_under_one_tag(nodes):
    found = {(answer.headers["ETag"], hashlib.sha256(answer.body).hexdigest())
             for answer in (node.get(PATH) for node in nodes.values())}
    assert len(found) == 1


def test_behind_haproxy_a_download_survives_its_node(nodes, folder):
    command = program("haproxy")
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(example("haproxy.cfg", {
        '"*:80"': f"127.0.0.1:{port}", **{f"10.0.0.{n}:80": f"127.0.0.1:{nodes[f'node{n}'].port}" for n in (1, 2, 3)}}))
    with running([command, "-db", "-f", config], folder, answers(port)):
        whole = nodes["node1"].get(PATH).body
        # One address leads to one node, whoever asks.
        assert len({fetch(port, method="HEAD")[1].headers["X-Served-By"] for _ in range(6)}) == 1
        breaks_and_goes_on(port, nodes, whole)


def test_behind_varnish_archives_are_kept_and_a_download_survives_its_node(nodes, folder):
    command = program("varnishd")
    port = free_port()
    text = example("varnish.vcl", {f'"10.0.0.{n}"; .port = "80"': f'"127.0.0.1"; .port = "{nodes[f"node{n}"].port}"' for n in (1, 2)})
    config = folder / "example.vcl"
    config.write_text(text)
    with running([command, "-F", "-j", "none", "-n", folder / "varnish", "-f", config, "-a", f"127.0.0.1:{port}",
                  "-s", "malloc,200m"], folder, answers(port)):
        whole = nodes["node3"].get(PATH).body
        breaks_and_goes_on(port, nodes, whole)
        connection, answer = fetch(port)
        assert answer.status == 200 and answer.read() == whole
        connection.close()
        # The bytes come from the cache: the node was only asked whether they still hold.
        wait_until(lambda: any(line.startswith(f"304 GET {PATH} ") for line in nodes["node2"].accesses()), "a 304 of the node: " + "; ".join(nodes["node2"].accesses()), deadline=3)
