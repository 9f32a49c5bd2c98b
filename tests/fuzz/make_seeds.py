"""Writes the seeds of the fuzz targets, one folder a target; each has inputs that are accepted and some that are not.

Usage: make_seeds.py FOLDER
"""
import io
import os
import struct
import sys
import zipfile

HEX = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def archive(names, method=zipfile.ZIP_DEFLATED, comment=b"", stream=False):
    out = io.BytesIO()

    class Forward(io.RawIOBase):
        """Cannot seek, so that zipfile writes data descriptors."""

        def writable(self):
            return True

        def write(self, data):
            return out.write(data)

    with zipfile.ZipFile(Forward() if stream else out, "w", method) as made:
        for number, name in enumerate(names):
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.external_attr = (0o120777 if name.endswith(".link") else 0o100644) << 16
            with made.open(info, "w", force_zip64=number % 3 == 2) as entry:
                entry.write(b"target" if name.endswith(".link") else b"the same words again and again " * (number * 7))
        made.comment = comment
    return out.getvalue()


def zip_seeds():
    good = archive(["a.txt", "b/c.txt", "d/", "e.bin", "\u0444.txt"])
    yield "good", good
    yield "stored", archive(["a", "b/c"], zipfile.ZIP_STORED)
    yield "comment", archive(["a"], comment=b"remark")
    yield "streamed", archive(["a", "b"], stream=True)
    yield "link", archive(["x.link", "y"])
    yield "empty", archive([])
    yield "traversal", archive(["../a", "/b", "C:c", "con", "d. "])
    yield "cut", good[: len(good) // 2]
    yield "tail", good[len(good) // 2:]
    yield "flipped", good[:40] + bytes([good[40] ^ 0xFF]) + good[41:]
    yield "nothing", b""


def text_seeds():
    texts = ["8.3.22.1750", "8_3_27_2342", "8.3.22", "8.3", "setuptc64_8_3_27_2342", "windows64", "linux_x86_64",
             "newest", "setup-thin-8.3.25.1286-x86_64.run", "thin.client64_8_3_27_2342", "/", "/index.json",
             "/windows64tc.zip",
             "/8.3.22.1750/windows64tc.zip", "/8.3/linux64tc.zip.manifest", f"/sha256/{HEX}/macOS64tc.zip",
             "/sha256/0/x", "/08.3.22.1750/x", "/../x", "8.3.22.99999999999", "\u0660.3", ""]
    for number, text in enumerate(texts):
        yield f"text{number}", text.encode()
    yield "not-utf8", b"/\xff\xfe\xed\xa0\x80"
    yield "long", b"/" + b"x" * 600


def ini_seeds():
    text = "[Startup]\r\nProductVersion=8.3.22.1750\r\nPackageName=1CEnterprise 8 Thin client (x86-64).msi\r\n;x\r\na=b"
    yield "utf8", text.encode()
    yield "utf8-mark", b"\xef\xbb\xbf" + text.encode()
    yield "utf16", b"\xff\xfe" + text.encode("utf-16-le")
    yield "surrogates", b"\xff\xfe" + "[\U0001F600]\na=\U0010FFFF".encode("utf-16-le") + b"\x00\xd8"
    yield "cyrillic", "[Startup]\nProductVersion=\u0432".encode("cp1251")
    yield "top", b"a=b\n[x\n]=\n=\n[]"
    yield "nothing", b""


def binary_seeds():
    def pe(machine, at=0x80):
        head = bytearray(0x100)
        head[:2] = b"MZ"
        head[0x3C:0x40] = struct.pack("<I", at)
        head[0x80:0x86] = b"PE\0\0" + struct.pack("<H", machine)
        return bytes(head)

    def elf(machine):
        return b"\x7fELF\x02\x01\x01" + bytes(11) + struct.pack("<H", machine) + bytes(44)

    for machine in (0x014C, 0x8664, 0xAA64):
        yield f"pe-{machine:x}", pe(machine)
    for machine in (3, 62, 175, 183, 8):
        yield f"elf-{machine}", elf(machine)
    yield "pe-far", pe(0x8664, 0xFFFFFFFF)
    yield "pe-cut", pe(0x8664)[:0x84]
    yield "macho", b"\xcf\xfa\xed\xfe" + bytes(28)
    yield "universal", b"\xca\xfe\xba\xbe" + bytes(28)
    yield "script", b"#!/bin/sh\n"
    yield "nothing", b""


def main(folder):
    for target, seeds in (("zip_verify", zip_seeds), ("version_route", text_seeds), ("setup_ini", ini_seeds),
                          ("binary", binary_seeds)):
        place = os.path.join(folder, target)
        os.makedirs(place, exist_ok=True)
        for name, data in seeds():
            with open(os.path.join(place, name), "wb") as out:
                out.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
