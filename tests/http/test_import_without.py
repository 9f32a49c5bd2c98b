"""1cdist import where libarchive was missing: single installers as ever, and a clear word about archives."""
import pytest

from packages import LIBARCHIVE, VERSION, entries_of, make, windows_set
from test_import import contents, imported, names_below, root, run  # noqa: F401

pytestmark = pytest.mark.skipif(LIBARCHIVE, reason="skipped: built with libarchive")


def test_single_installers_are_imported_and_archives_refused(folder, root):  # noqa: F811
    package = make(folder, "zip", entries_of(windows_set()))
    done = run(package, "--to", root)
    assert done.returncode == 1 and "built without libarchive" in done.stderr and "libarchive-dev" in done.stderr
    assert names_below(root) == []
    installer = folder / f"setup-thin-{VERSION}-x86_64.run"
    installer.write_bytes(b"#!/bin/sh\n")
    assert contents(imported(run(installer, "--to", root, "--json"))["path"]) == {installer.name: b"#!/bin/sh\n"}
