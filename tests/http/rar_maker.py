"""Stored RAR archives, written from the format's public description, since no free program writes them. Entries are name, content,
kind (None: a file)."""
import struct
import zlib

FOLDER, LINK = "folder", "link"


def rar4_block(kind, flags, body, data=b""):
    head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data


def make_rar4(entries, flags=0):
    out = b"Rar!\x1a\x07\x00" + rar4_block(0x73, 0, bytes(6))
    for name, content, kind in entries:
        # A name outside of ASCII is UTF-8 as it is, and says so.
        plain = name.encode()
        unicode = 0 if name.isascii() else 0x0200
        mode = {None: 0o100644, FOLDER: 0o040755, LINK: 0o120777}[kind]
        body = struct.pack("<IIBIIBBHI", len(content), len(content), 3, zlib.crc32(content), 0x58210000, 20, 0x30,
                           len(plain), mode) + plain
        out += rar4_block(0x74, 0x8000 | flags | unicode | (0xE0 if kind == FOLDER else 0), body, content)
    return out + rar4_block(0x7B, 0x4000, b"")


def vint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def rar5_block(kind, flags, body, data=b""):
    body = vint(kind) + vint(flags) + (vint(len(data)) if flags & 2 else b"") + body
    body = vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(body)) + body + data


def make_rar5(entries):
    out = b"Rar!\x1a\x07\x01\x00" + rar5_block(1, 0, vint(0))
    for name, content, kind in entries:
        assert kind in (None, FOLDER)
        mode = 0o040755 if kind else 0o100644
        body = vint(1 if kind else 4) + vint(len(content)) + vint(mode)
        body += b"" if kind else struct.pack("<I", zlib.crc32(content))
        body += vint(0) + vint(1) + vint(len(name.encode())) + name.encode()
        out += rar5_block(2, 2, body, content)
    return out + rar5_block(5, 0, vint(0))
