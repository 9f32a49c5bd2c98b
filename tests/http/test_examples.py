"""The example configurations are real: each one is started, with its folders put elsewhere, and serves."""
import re

import pytest

import releases
from conftest import CURRENT
from harness import HTTPD_MODULES, TOP, give_to_server

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
    store.mkdir()
    give_to_server(store)
    text = text.replace("/usr/lib/apache2/modules/mod_proxy", f"{HTTPD_MODULES}/mod_proxy")
    text, loads = re.subn(r"(?m)^LoadModule cdist_module \S*modules/mod_1cdist\.so$", "", text)
    assert loads == 1, "the example must load the module"
    for old, new in (("/srv/1c/releases", root), ("C:/1C/releases", root), ("/srv/1c/published", published),
                     ("/srv/1c/modules/%v", folder / "modules" / "%v"),
                     ("/srv/1c/share/%v/Win64", folder / "share" / "%v" / "Win64"), ("C:/update_tc", published),
                         ("/srv/1c/tmplts", folder / "tmplts"),
                     ("/srv/1c/lists/common.v8i", folder / "common.v8i"),
                     ("/srv/1c/lists/accounting.v8i", folder / "accounting.v8i"), ("/var/cache/mod_1cdist", store), ("C:/1C/store", store)):
        text = text.replace(f'"{old}"', f'"{new}"')
    assert "/srv/" not in re.sub(r"(?m)^#.*", "", text) and "C:/" not in re.sub(r"(?m)^#.*", "", text)
    return text


def test_every_example_is_started_here():
    assert {path.name for path in (TOP / "conf-examples").glob("*.conf")} == set(EXAMPLES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_starts_and_serves_the_current_release(httpd, shared, folder, name):
    text = relocate((TOP / "conf-examples" / name).read_text(), folder, shared["plain"].parent / "example")
    server = httpd({}, start=False, extra=text)
    server.start()
    answer = server.get_until(EXAMPLES[name] + "/windows64tc.zip", deadline=40)
    assert answer.headers["1C-Version"] == CURRENT
    assert answer.headers["Content-Type"] == "application/zip"


@pytest.fixture(autouse=True, scope="module")
def example_root(shared):
    """A root whose only release is the one that all examples agree to call current."""
    root = shared["plain"].parent / "example"
    releases.add_release(root, CURRENT)
    return root
