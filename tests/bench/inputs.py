"""What is packed: real DLLs out of a Debian package, and folders made by code, the same at every run."""
import os
import random
import shutil
import subprocess
from pathlib import Path

import bench
import releases

PACKAGE = "libwine"
OLD, NEW = "8.3.25.1286", "8.3.25.1394"
BLOCK, CHANGED_IN_BLOCK = 4096, 64


def real_tree(work, given):
    """The folder of real files: the given one, or the package's content."""
    if given:
        return Path(given).resolve()
    tree = work / PACKAGE
    if not tree.exists():
        bench.progress(f"downloading the package {PACKAGE}")
        fetched = work / "fetched"
        fetched.mkdir(exist_ok=True)
        done = subprocess.run(["apt-get", "download", PACKAGE], cwd=fetched, capture_output=True, text=True)
        packages = list(fetched.glob(PACKAGE + "_*.deb"))
        if done.returncode != 0 or not packages:
            bench.die(f"apt-get download {PACKAGE} failed; name a folder with --tree\n{done.stderr}")
        subprocess.run(["dpkg-deb", "-x", packages[0], tree], check=True)
        shutil.rmtree(fetched)
    return tree


def files_below(folder):
    """Regular files, in the order of their names."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink())


def add_setup_ini(folder, version):
    package = releases.PACKAGES["windows64"]
    (folder / "Setup.ini").write_bytes(releases.setup_ini(version, package))


def release_of(root, version, tree):
    """A copy of a folder as the windows64 distribution of a release."""
    folder = Path(root) / version / "windows64"
    folder.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", tree, folder], check=True)
    add_setup_ini(folder, version)
    return folder


def part_of(root, version, tree, megabytes):
    """As release_of, of the first files of less than 8 MiB each, until there are so many MiB."""
    folder = Path(root) / version / "windows64"
    folder.mkdir(parents=True)
    left = megabytes * bench.MIB
    for path in files_below(tree):
        size = path.stat().st_size
        if size < 8 * bench.MIB and size <= left:
            target = folder / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
            left -= size
    add_setup_ini(folder, version)
    return folder


def change(path, seed):
    """Other bytes here and there, as a compiler leaves them: of every 4 KiB, 64 bytes in a row are new."""
    chooser = random.Random(seed)
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), BLOCK):
        at = start + chooser.randrange(BLOCK)
        new = chooser.randbytes(CHANGED_IN_BLOCK)[:max(0, len(content) - at)]
        content[at:at + len(new)] = new
    path.write_bytes(content)


def upgraded(root, old, share, seed=1):
    """The next version of a release: files with `share` of all bytes are changed. Returns its folder and their share."""
    folder = release_of(root, NEW, old)
    paths = [path for path in files_below(folder) if path.name != "Setup.ini"]
    total = sum(path.stat().st_size for path in paths)
    random.Random(seed).shuffle(paths)
    done = 0
    for path in paths:
        size = path.stat().st_size
        if size and done + size <= share * total:
            change(path, f"{seed} {path.name}")
            done += size
    return folder, done / total


def distribution(root, version, cabinet_mib=150, installer_mib=10):
    """The shape of a thin client's distribution: one cabinet that does not shrink, an installer, a few small files."""
    folder = Path(root) / version / "windows64"
    package = releases.PACKAGES["windows64"]
    half = installer_mib * bench.MIB // 2
    releases.write_files(folder, {
        "Setup.ini": releases.setup_ini(version, package), "setup.exe": releases.binary("setup", bench.MIB),
        package: b"\xd0\xcf\x11\xe0" + releases.binary("msi", half) + releases.text("msi", half),
        "1CEnterprise 8 Thin client.cab": b"MSCF" + releases.binary("cab", cabinet_mib * bench.MIB),
        "0x0409.ini": releases.text("en", 22_480), "0x0419.ini": releases.text("ru", 25_000),
        "1049.mst": releases.binary("mst", 100_000), "Описание.txt": "Тонкий клиент\r\n".encode() * 100})
    return folder


def parts(root, version, megabytes):
    """Many files made by code, packed a quarter of a MiB on the average, as those of a real package; every other one does not shrink."""
    folder = Path(root) / version / "windows64"
    chooser = random.Random(1)
    files, left = {"setup.exe": releases.binary("setup", bench.MIB // 4)}, megabytes * bench.MIB
    while left > 0:
        number, size = len(files), chooser.randrange(bench.MIB // 32, bench.MIB * 3 // 4)
        make = releases.binary if number % 2 else releases.text
        files[f"bin/part{number:04}.{'dll' if number % 2 else 'txt'}"] = make(f"part {number}", size)
        left -= size
    releases.write_files(folder, files)
    add_setup_ini(folder, version)
    return folder


def huge(root, version):
    """5 GiB: sparse files of 2.5 GiB and 512 MiB, eight of 256 MiB that do not shrink, and 40 of a usual size."""
    folder = Path(root) / version / "windows64"
    folder.mkdir(parents=True)
    add_setup_ini(folder, version)
    for name, size in (("sparse1.bin", 2560), ("sparse2.bin", 512)):
        with open(folder / name, "wb") as out:
            out.truncate(size * bench.MIB)
    for number in range(8):
        with open(folder / f"random{number}.cab", "wb") as out:
            for _ in range(16):
                out.write(os.urandom(16 * bench.MIB))
    for number in range(40):
        (folder / f"text{number}.dll").write_bytes(releases.text(number, 60 * bench.MIB // 40))
    return folder


def read_through(path):
    with open(path, "rb") as file:
        while file.read(bench.MIB):
            pass


def warm(folder):
    """Reads everything, so that it comes from memory from now on."""
    for path in files_below(folder):
        read_through(path)


def reread(path):
    """Drops a file from memory and reads it again: how it was written decides about the size of its cache's pieces, and so
    about the speed of reading it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    read_through(path)
