"""Release folders made by code: distributions with Setup.ini and pseudo-binary files, the same at every run."""
import os
import random
import struct
import time
import zipfile
from pathlib import Path

from harness import wait_until

# The catalogue believes a change time only when it is two seconds old.
TRUSTED_AGE = 2.1
PACKAGES = {"windows64": "1CEnterprise 8 Thin client (x86-64).msi", "windows32": "1CEnterprise 8 Thin client.msi"}
SYLLABLES = ("pla", "tfo", "rma", "kli", "ent", "ser", "ver", "baz", "dan", "obm", "mod", "uli", "zap", "ros", "tab",
             "zna")


def binary(seed, size):
    """Bytes that do not shrink, with an executable's beginning."""
    return b"MZ\x90\x00" + random.Random(seed).randbytes(size - 4)


def text(seed, size):
    """Bytes that take a compressor some time: words, none of which repeats for long within its window."""
    chooser = random.Random(seed)
    block = bytearray()
    while len(block) < min(size, 1 << 20):
        block += (" ".join(chooser.choices(SYLLABLES, k=5000)) + "\r\n").encode()
    return (bytes(block) * (size // len(block) + 1))[:size]


def setup_ini(version, package):
    return (f"[Startup]\r\nProductName=1C:Enterprise 8 Thin client\r\nProductVersion={version}\r\n"
            f"PackageName={package}\r\n\r\n[Languages]\r\nDefault=0x0409\r\n").encode()


def distribution_files(version, slot, size=400_000):
    """Names and contents of one distribution."""
    seed = f"{version} {slot}"
    if slot.startswith("linux"):
        arch = "x86_64" if slot == "linux64" else "i386"
        return {f"setup-thin-{version}-{arch}.run": b"#!/bin/sh\nexit 0\n" + binary(seed, size),
                "readme.txt": text(seed, 20_000), "licence/en.txt": text(seed + "en", 5000)}
    if slot == "macos64":
        return {f"thin-osx-{version}.dmg": binary(seed, size), "readme.txt": text(seed, 20_000)}
    return {"Setup.ini": setup_ini(version, PACKAGES[slot]), "setup.exe": binary(seed, size // 4),
            PACKAGES[slot]: binary(seed + "msi", size // 2), "0x0409.ini": text(seed, 22_480),
            "data/1.cab": binary(seed + "cab", size // 4), "data/empty.txt": b"",
            "data/Описание.txt": "Тонкий клиент\r\n".encode() * 100}


def write_files(folder, files, order=sorted):
    for name in order(files):
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def add_release(root, version, slots=("windows64",), size=400_000):
    """One folder a slot, as on a deployment share; returns the release's folder."""
    for slot in slots:
        write_files(Path(root) / version / slot, distribution_files(version, slot, size))
    return Path(root) / version


def add_slow_release(root, version, megabytes, slot="windows64", pieces=1):
    """A release whose archive takes a compressor some 0.2 s a megabyte at level 9, on one core; in several files a server
    that has to stop waits for one of them only."""
    big = {f"big{number}.dat": text(f"{version}{number}", (megabytes << 20) // pieces) for number in range(pieces)}
    write_files(Path(root) / version / slot, {"Setup.ini": setup_ini(version, PACKAGES[slot]),
                                              "setup.exe": binary(version, 1000), **big})
    return Path(root) / version


def add_ready(path, seed, size=100_000):
    """An archive as an administrator packs it by hand; returns its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("setup.exe", binary(seed, size)), ("readme.txt", text(seed, 3000))):
            archive.writestr(zipfile.ZipInfo(name, (2023, 5, 17, 10, 0, 0)), content)
    return path.read_bytes()


def youngest(folder):
    paths = [folder, *Path(folder).rglob("*")]
    return max(os.lstat(path).st_ctime for path in paths)


def age(*folders):
    """Waits until everything in the folders is old enough to be served."""
    wait_until(lambda: all(time.time() - youngest(Path(folder)) > TRUSTED_AGE for folder in folders),
               "the releases are old enough", pause=0.05)


def pe(version=None, machine=0x8664):
    """A client of Windows, with its version resource if it has a version."""
    numbers = struct.pack("<HHHH", *(int(part) for part in version.split("."))) if version else bytes(8)
    numbers = numbers[2:4] + numbers[:2] + numbers[6:] + numbers[4:6]
    address, raw = 0x3000, 0x400
    tree = b"".join(bytes(12) + struct.pack("<HHII", 0, 1, number, where)
                    for number, where in ((16, 0x80000018), (1, 0x80000030), (0x409, 0x48)))
    tree += struct.pack("<IIII", address + len(tree) + 16, 92, 0, 0)
    tree += struct.pack("<HHH", 92, 52, 0) + "VS_VERSION_INFO".encode("utf-16-le").ljust(34, b"\0")
    tree += struct.pack("<II", 0xFEEF04BD, 0x10000) + numbers + numbers + bytes(28)
    optional = struct.pack("<H", 0x20B).ljust(108, b"\0") + struct.pack("<I", 16)
    optional += bytes(16) + struct.pack("<II", address, len(tree)) + bytes(13 * 8)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, len(optional), 0) + optional
    head += b".rsrc\0\0\0" + struct.pack("<IIII", len(tree), address, len(tree), raw) + bytes(16)
    return head.ljust(raw, b"\0") + tree


def elf(machine=62):
    return b"\x7fELF\x02\x01\x01" + bytes(11) + struct.pack("<H", machine) + bytes(44)


# What an installed platform holds beside its programs; none of it is anybody else's business.
PRIVATE = {"bin/conf/conf.cfg": b"secret", "conf/nethasp.ini": b"secret", "srvinfo/reg_1541/1CV8Clst.lst": b"secret",
           "licenses/20230501.lic": b"secret", "bin/20230501000000.LIC": b"secret", "Logs/today.txt": b"secret",
           "bin/install.log": b"secret"}


def installed_files(version, slot="windows64"):
    """Names and contents of an installed platform, without what is private."""
    if slot.startswith("linux"):
        return {"1cv8c": elf(62 if slot == "linux64" else 3), "core83.so": binary(version + slot, 20_000)}
    return {"bin/1cv8c.exe": pe(version, 0x8664 if slot == "windows64" else 0x014C),
            "bin/core83.dll": binary(version + slot, 20_000), "readme.txt": text(version, 3000)}


def add_installed(folder, version, slot="windows64"):
    """An installed platform in a folder of that version; returns the folder."""
    write_files(Path(folder) / version, {**installed_files(version, slot), **PRIVATE})
    return Path(folder) / version
