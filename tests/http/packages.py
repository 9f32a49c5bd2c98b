"""The vendor's downloads, made by code: archives of every kind with any entries."""
import io
import tarfile
import zipfile

import pytest

from harness import BUILD
from rar_maker import FOLDER, LINK, make_rar4, make_rar5
from releases import distribution_files

VERSION = "8.3.25.1286"
LIBARCHIVE = "#define HAVE_LIBARCHIVE 1" in (BUILD / "config.h").read_text()
needs_libarchive = pytest.mark.skipif(not LIBARCHIVE, reason="skipped: built without libarchive")


def entries_of(files, top=""):
    """Entries as the makers want them: name, content, kind (None: a file)."""
    return [(top + name, content, None) for name, content in files.items()]


def make_zip(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, kind in entries:
            info = zipfile.ZipInfo(name + ("/" if kind == FOLDER else ""))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = {None: 0o100644, FOLDER: 0o040755, LINK: 0o120777}[kind] << 16
            archive.writestr(info, content)
    return out.getvalue()


def tar_maker(mode):
    def make(entries):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=f"w:{mode}") as archive:
            for name, content, kind in entries:
                info = tarfile.TarInfo(name)
                info.type = {None: tarfile.REGTYPE, FOLDER: tarfile.DIRTYPE, LINK: tarfile.SYMTYPE}.get(kind, kind)
                if kind is None:
                    info.size = len(content)
                else:
                    info.linkname = content.decode()
                archive.addfile(info, io.BytesIO(content))
        return out.getvalue()
    return make


# Suffix of the file, and how to make it.
KINDS = {"zip": (".zip", make_zip), "tar": (".tar", tar_maker("")), "tar.gz": (".tar.gz", tar_maker("gz")),
         "tar.bz2": (".tbz2", tar_maker("bz2")), "tar.xz": (".tar.xz", tar_maker("xz")), "rar4": (".rar", make_rar4),
         "rar5": (".rar", make_rar5)}


def make(folder, kind, entries, stem="setuptc64_8_3_25_1286"):
    suffix, maker = KINDS[kind]
    path = folder / (stem + suffix)
    path.write_bytes(maker(entries))
    return path


def windows_set(version=VERSION, slot="windows64", size=40_000):
    return distribution_files(version, slot, size)
