"""The example configurations are real: each one is started, with its folders put elsewhere, and serves."""
import base64
import contextlib
import hashlib
import http.client
import re
import shlex
import socket
import subprocess

import pytest

import releases
import templates
from conftest import CURRENT
from harness import HTTPD_MODULES, TOOL, TOP, give_to_server, wait_until

EXAMPLES = {"minimal.conf": "/update", "windows-apache24.conf": "/update_tc", "reference.conf": "/update"}


def relocate(text, folder, root):
    """The example with its folders below `folder`; the harness has loaded the module already, from the build."""
    published, store = folder / "published_by_example", folder / "store_of_example"
    published.mkdir()
    (folder / "modules").mkdir()
    (folder / "share").mkdir()
    for name in ("common.v8i", "accounting.v8i"):
        (folder / name).write_text('[Buh]\nConnect=Srvr="app";Ref="buh";\n')
    (folder / "tmplts").mkdir()
    (folder / "overlay").mkdir()
    (folder / "overlay-rules").write_text("*.cfg removed\n")
    store.mkdir()
    give_to_server(store)
    text = text.replace("/usr/lib/apache2/modules/mod_proxy", f"{HTTPD_MODULES}/mod_proxy")
    text, loads = re.subn(r"(?m)^LoadModule cdist_module \S*modules/mod_1cdist\.so$", "", text)
    assert loads == 1, "the example must load the module"
    for old, new in (("/srv/1c/releases", root), ("C:/1C/releases", root), ("/srv/1c/published", published),
                     ("/srv/1c/modules/%v", folder / "modules" / "%v"),
                     ("/srv/1c/share/%v/Win64", folder / "share" / "%v" / "Win64"), ("C:/update_tc", published),
                     ("/srv/1c/tmplts", folder / "tmplts"),
                     ("/srv/1c/overlay", folder / "overlay"), ("/srv/1c/overlay-rules", folder / "overlay-rules"),
                     ("/srv/1c/lists/common.v8i", folder / "common.v8i"),
                     ("/srv/1c/lists/accounting.v8i", folder / "accounting.v8i"), ("/var/cache/mod_1cdist", store), ("C:/1C/store", store)):
        text = text.replace(f'"{old}"', f'"{new}"')
    assert "/srv/" not in re.sub(r"(?m)^#.*", "", text) and "C:/" not in re.sub(r"(?m)^#.*", "", text)
    return text


def test_every_example_is_started_here():
    assert {path.name for path in (TOP / "conf-examples").glob("*.conf")} == {*EXAMPLES, "distributed.conf"}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_starts_and_serves_the_current_release(httpd, shared, folder, name):
    text = relocate((TOP / "conf-examples" / name).read_text(), folder, shared["plain"].parent / "example")
    text = text.replace("http://centre.example.org/", "http://127.0.0.1:1/")
    server = httpd({}, start=False, extra=text)
    server.allow("CD0130", "AH00957", "AH01114")  # nobody is the upstream, which is asked while the release settles
    server.start()
    answer = server.get_until(EXAMPLES[name] + "/windows64tc.zip", deadline=40)
    assert answer.headers["1C-Version"] == CURRENT
    assert answer.headers["Content-Type"] == "application/zip"


def listen_elsewhere(text):
    """The example on free ports of the loopback: the text, and the ports in its order."""
    ports = []
    for old in re.findall(r"(?m)^Listen (\d+)$", text):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
        text = re.sub(rf"(?m)^Listen {old}$", f"Listen 127.0.0.1:{ports[-1]}", text)
        text = text.replace(f"*:{old}>", f"127.0.0.1:{ports[-1]}>").replace(f"127.0.0.1:{old}/", f"127.0.0.1:{ports[-1]}/")
    return text, ports


def status_and_version(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["1C-Version"]


def run_as_told(text, verb):
    """Runs the command that the example's comments tell to run."""
    command = re.search(rf"(?m)^# (1cdist {verb} (?:.*\\\n#)*.*)$", text).group(1)
    words = shlex.split(re.sub(r"\\\n#", " ", command))
    done = subprocess.run([TOOL, *words[1:]], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), words


def test_the_distributed_example_runs_a_centre_a_branch_and_a_leaf(httpd, folder):
    place, key = folder / "1c", folder / "1cdist.key"
    for part in ("centre/published", "centre/modules", "north/published", "north/releases/updates", "south/published", "south/releases"):
        (place / part).mkdir(parents=True)
    templates.line(place / "centre" / "tmplts" / "1c" / "Store")
    releases.add_release(place / "centre" / "releases", CURRENT)
    for component in ("operators", "polling"):
        releases.write_files(place / "centre" / component / CURRENT, {"program.bin": releases.binary(component, 1000)})
    releases.age(place)
    store = folder / "store_of_example"
    store.mkdir()
    give_to_server(store)
    passwords, user = folder / "passwords", folder / "user"
    passwords.write_text("north:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode() + "\n")
    user.write_text("north:secret\n")
    subprocess.run([TOOL, "key", "new", key], check=True, capture_output=True)
    text = (TOP / "conf-examples" / "distributed.conf").read_text()
    text, loads = re.subn(r"(?m)^LoadModule cdist_module \S*modules/mod_1cdist\.so$", "", text)
    assert loads == 1
    text, (centre, north, south) = listen_elsewhere(text)
    for old, new in (("/usr/lib/apache2/modules", HTTPD_MODULES), ("/srv/1c", place), ("/var/cache/mod_1cdist", store),
                     ("/root/1cdist.key", key), ("/etc/1cdist.pub", f"{key}.pub"), ("/etc/1cdist.user", user),
                     ("/etc/apache2/1cdist-branches", passwords)):
        text = text.replace(old, str(new))
    run_as_told(text, "publish")
    httpd({}, start=False, extra=text).start()
    assert status_and_version(centre, "/update/windows64tc.zip") == (200, CURRENT)
    for component in ("operators", "polling"):
        assert status_and_version(centre, f"/update/{component}.zip") == (200, CURRENT)
    assert status_and_version(centre, "/update/modules.zip")[0] == 404
    # The branch has nothing yet: the centre serves for it.
    assert status_and_version(north, "/update/windows64tc.zip") == (200, CURRENT)
    run_as_told(text, "sync")
    assert (place / "north" / "releases" / CURRENT / "distr" / "operators.zip").exists()
    assert status_and_version(centre, "/update/branches")[0] == 401
    assert len(list((store / "branches").iterdir())) == 1, "the branch has reported"
    for file in ("windows64tc.zip", "operators.zip", "polling.zip"):
        wait_until(lambda file=file: status_and_version(north, f"/update/{CURRENT}/{file}") == (200, CURRENT), f"{file} at the branch")
    for port in (centre, north):
        wait_until(lambda port=port: status_and_version(port, "/update/updates/chain?from=1.0.1")[0] == 200, "the chain is found")
    assert status_and_version(south, "/update/windows64tc.zip")[0] == 403


@pytest.fixture(autouse=True, scope="module")
def example_root(shared):
    """A root whose only release is the one that all examples agree to call current."""
    root = shared["plain"].parent / "example"
    releases.add_release(root, CURRENT)
    return root
