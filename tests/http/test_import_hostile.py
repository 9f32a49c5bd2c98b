"""1cdist import and packages that nobody should unpack: refused by the name of the entry, and nothing is left behind."""
import io
import subprocess
import tarfile
import zipfile

import pytest

import releases
from packages import FOLDER, KINDS, LINK, entries_of, make, make_rar4, make_zip, needs_libarchive, tar_maker, windows_set
from rar_maker import make_rar5, rar4_block, rar5_block, vint
from test_import import contents, imported, names_below, root, run  # noqa: F401

pytestmark = needs_libarchive
SET = entries_of(windows_set(size=4000))
PLAIN = [entry for entry in SET if entry[0].isascii()]


def refused(done, package, root, *words):  # noqa: F811
    assert done.returncode == 1 and done.stdout == "", done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"1cdist: {package}: "), done.stderr
    assert all(word in lines[0] for word in words), lines[0]
    assert names_below(root) == []


@pytest.mark.parametrize("kind", ["zip", "tar", "rar4", "rar5"])
@pytest.mark.parametrize("name, reason", [
    ("../evil", "leads out"), ("a/../../evil", "leads out"), ("/etc/evil", "absolute"), ("a//b", "empty part"),
    ("C:/evil", "drive letter"), ("bell\x07", "control character"), ("setup.EXE", "only in case"), ("setup.exe/x", "lies in a file"),
    ("SETUP.exe/x", "only in case"), ("setup.exe", "twice")])
def test_names_that_must_not_be_unpacked(folder, root, kind, name, reason):  # noqa: F811
    package = make(folder, kind, [*PLAIN, (name, b"evil", None)])
    if kind == "rar4" and name == "a//b":
        pytest.skip("skipped: the reader of this format mends it")
    refused(run(package, "--to", root), package, root, "entry ", reason)


@pytest.mark.parametrize("kind, entry, reason", [
    ("zip", ("evil", b"/etc/passwd", LINK), "symbolic link"), ("tar", ("evil", b"target", LINK), "symbolic link"),
    ("rar4", ("evil", b"target", LINK), "symbolic link"), ("tar", ("evil", b"setup.exe", tarfile.LNKTYPE), "hard link"),
    ("tar", ("evil", b"", tarfile.FIFOTYPE), "device, pipe"), ("tar", ("evil", b"", tarfile.CHRTYPE), "device, pipe")])
def test_what_is_no_plain_file_is_refused(folder, root, kind, entry, reason):  # noqa: F811
    package = make(folder, kind, [*PLAIN, entry])
    refused(run(package, "--to", root), package, root, "entry evil: ", reason)


def test_a_name_that_is_not_utf8_is_refused(folder, root):  # noqa: F811
    package = make(folder, "tar", [*PLAIN, ("\udcff\udcfe", b"", None)])
    refused(run(package, "--to", root), package, root, "\\xFF\\xFE", "not UTF-8")


def test_encrypted_packages_are_refused(folder, root):  # noqa: F811
    package = folder / "setuptc64_8_3_25_1286.rar"
    package.write_bytes(make_rar4(PLAIN, flags=4))
    refused(run(package, "--to", root), package, root, "encrypt")
    releases.write_files(folder / "set", windows_set(size=4000))
    package = folder / "setuptc64_8_3_25_1286.zip"
    subprocess.run(["zip", "-qrP", "secret", package, "."], cwd=folder / "set", check=True)
    refused(run(package, "--to", root), package, root, "entry ", "encrypted")


@pytest.mark.parametrize("content, reason", [
    (make_rar4(PLAIN)[:7] + rar4_block(0x73, 0x80, bytes(6)), "encrypted"),
    (make_rar5(PLAIN)[:8] + rar5_block(4, 0, bytes(30)), "encrypted"),
    (make_rar4(PLAIN)[:7] + rar4_block(0x73, 1, bytes(6)) + make_rar4(PLAIN)[20:], "volume"),
    (make_rar5(PLAIN)[:8] + rar5_block(1, 0, vint(1)) + rar5_block(5, 0, vint(1)), "volume"),
    (make_rar5([("setup.exe", b"x", None)]).replace(b"\x02\x02\x01\x04", b"\x02\x02\x01\x00"), ""),
    (b"MZ" + bytes(200) + make_rar4(PLAIN), "")],
    ids=["headers4", "headers5", "volume4", "volume5", "no-crc", "behind-a-program"])
def test_rar_archives_that_cannot_be_checked_are_refused(folder, root, content, reason):  # noqa: F811
    package = folder / "setuptc64_8_3_25_1286.rar"
    package.write_bytes(content)
    refused(run(package, "--to", root), package, root, reason)


def test_a_rar_archive_that_is_a_zip_as_well_is_refused(folder, root):  # noqa: F811
    package = folder / "setuptc64_8_3_25_1286.rar"
    package.write_bytes(make_rar4([]) + make_zip([(f"{number:03}", b"", FOLDER) for number in range(200)] + SET))
    refused(run(package, "--to", root), package, root)


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_that_is_cut_off_anywhere_is_refused(folder, root, kind):  # noqa: F811
    suffix, maker = KINDS[kind]
    whole = maker(PLAIN)
    if kind.startswith("tar"):
        whole = maker(PLAIN[:3])
    # Where an entry ends is the place to look like a whole one.
    ends = [whole.find(content) + len(content) for _, content, _ in PLAIN if content and whole.find(content) >= 0]
    step = len(whole) // 40
    package = folder / f"setuptc64_8_3_25_1286{suffix}"
    last = {"tar": whole.rstrip(b"\0").__len__() // 512 * 512 + 512}.get(kind, len(whole) - 1)
    for length in sorted({*range(0, last, step), *ends, *((end + 511) // 512 * 512 for end in ends), last} - {len(whole)}):
        if length < len(whole):
            package.write_bytes(whole[:length])
            done = run(package, "--to", root)
            assert done.returncode == 1 and done.stderr.startswith(f"1cdist: {package}: "), (length, len(whole), done)
            assert names_below(root) == []


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "rar4", "rar5"])
def test_a_package_with_a_changed_byte_is_refused_or_harmless(folder, root, kind):  # noqa: F811
    suffix, maker = KINDS[kind]
    whole = bytearray(maker(PLAIN))
    package = folder / f"setuptc64_8_3_25_1286{suffix}"
    expected = dict((name, content) for name, content, _ in PLAIN)
    for at in range(0, len(whole), len(whole) // 60):
        whole[at] ^= 0xFF
        package.write_bytes(whole)
        done = run(package, "--to", root, "--json", "--force")
        if done.returncode == 0:
            assert contents(imported(done)["path"]) == expected, at
        else:
            assert done.returncode == 1 and done.stderr.startswith(f"1cdist: {package}: "), done
        whole[at] ^= 0xFF


def test_a_bomb_is_refused_and_so_is_what_is_too_large(folder, root):  # noqa: F811
    package = folder / "setuptc64_8_3_25_1286.zip"
    package.write_bytes(make_zip([*PLAIN, ("zeros", bytes(80 << 20), None)]))
    refused(run(package, "--to", root), package, root, "entry zeros: ", "bomb")
    package.write_bytes(make_zip(PLAIN))
    total = sum(len(content) for _, content, _ in PLAIN)
    refused(run(package, "--to", root, "--max-size", str(total - 1)), package, root, "entry ", "--max-size")
    assert run(package, "--to", root, "--max-size", str(total)).returncode == 0


def test_an_archive_that_claims_more_than_it_has_is_refused_before_it_is_read(folder, root):  # noqa: F811
    whole = bytearray(tar_maker("")([("Setup.ini", b"", None), ("zeros", b"", None)]))
    info = tarfile.TarInfo("zeros")
    info.size = 1 << 50
    whole[512:1024] = info.tobuf()
    package = folder / "setuptc64_8_3_25_1286.tar"
    package.write_bytes(whole)
    refused(run(package, "--to", root), package, root, "entry zeros: ", "--max-size")
    refused(run(package, "--to", root, "--max-size", "none"), package, root, "entry zeros: ", "bomb")


def test_too_many_entries_are_refused(folder, root):  # noqa: F811
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(20_001):
            archive.writestr(zipfile.ZipInfo(f"f{number}"), b"")
    package = folder / "setuptc64_8_3_25_1286.zip"
    package.write_bytes(out.getvalue())
    refused(run(package, "--to", root), package, root, "more than 20000 entries")


@pytest.mark.parametrize("entries, reason", [
    ([("readme.txt", b"x", None)], "no installer"), ([("a", b"", FOLDER)], "no installer"),
    ([(f"{top}/{name}", content, None) for top in ("x", "y") for name, content, _ in PLAIN], "two installers")])
def test_a_package_without_one_installer_set_is_refused(folder, root, entries, reason):  # noqa: F811
    package = make(folder, "zip", entries)
    refused(run(package, "--to", root), package, root, reason)


@pytest.mark.parametrize("content", [b"", b"x", b"not an archive\n" * 1000, b"PK\5\6" + bytes(18), b"Rar!\x1a\x07\x00",
                                     b"7z\xbc\xaf'\x1c" + bytes(50)])
def test_what_is_no_archive_is_refused(folder, root, content):  # noqa: F811
    package = folder / "setuptc64_8_3_25_1286.zip"
    package.write_bytes(content)
    refused(run(package, "--to", root), package, root)


def test_a_format_that_is_not_enabled_is_refused(folder, root):  # noqa: F811
    releases.write_files(folder / "set", windows_set(size=4000))
    for form in ("7zip", "cpio", "iso9660", "xar"):
        package = folder / "setuptc64_8_3_25_1286.tar"
        subprocess.run(["bsdtar", "-cf", package, "--format", form, "-C", folder / "set", "."], check=True)
        refused(run(package, "--to", root), package, root)
