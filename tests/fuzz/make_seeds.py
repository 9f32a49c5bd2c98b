"""Writes the seeds of the fuzz targets, one folder a target; each has inputs that are accepted and some that are not.

Usage: make_seeds.py FOLDER
"""
import io
import os
import struct
import sys
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http"))

import make_compare_seeds  # noqa: E402
import make_detail_seeds  # noqa: E402
import make_mirror_seeds  # noqa: E402
import make_template_seeds  # noqa: E402
import make_update_seeds  # noqa: E402
from rar_maker import FOLDER, make_rar4, make_rar5, rar4_block, rar5_block, vint  # noqa: E402

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
             "modules", "windows64tc", "a-b_c", "/srv/%v/x", "/%v", "/srv/a-%v/%v.zip", "/srv/%v%v", "/sha256/0/x", "/08.3.22.1750/x", "/../x", "8.3.22.99999999999", "\u0660.3", ""]
    for number, text in enumerate(texts):
        yield f"text{number}", text.encode()
    yield "not-utf8", b"/\xff\xfe\xed\xa0\x80"
    yield "long", b"/" + b"x" * 600


def client_text_seeds():
    texts = ["1C+Enterprise/8.3.22.1750", "Mozilla/5.0 (1CV8C/8.3.25; x) 1C/8.5", "1C/latest", "1CV8C",
             "f0e1d2c3-B4a5-4000-8000-00000000001f", "00000000-0000-0000-0000-000000000000",
             "f0e1d2c3-0000-4000-8000-00000000000", "update.example.com:8080", "10.0.0.1", "[2001:db8::1]:443",
             "[::ffff:10.0.0.1]", "[1:2:3:4:5:6:7:8]", "a..b", "u@h", "[::1", "h:99999", "srv_1c.", ""]
    for number, text in enumerate(texts):
        yield f"text{number}", text.encode()
    yield "not-utf8", b"1C/\xff\xfe"


def upstream_text_seeds():
    """Answers of GetDistributiveInfo, and problems that tell what there is instead."""
    url = "http://centre/update/8.3.25.1286/windows64tc.zip"
    for number, text in enumerate([f'{{"root":{{"size":30967749,"url":"{url}"}}}}', '{"root":{"size":0,"url":""}}',
                                   '{"root":{"size":-1}}', f'{{"root":{{"size":1,"url":"{url}?x"}}}}',
                                   '{"status":404,"available":[{"version":"8.3.25.1286","slots":["windows64","modules"]}]}',
                                   '{"available":[1,{"version":"8.3"}]}', "<html>"]):
        yield f"text{number}", text.encode()


def resolve_seeds():
    """A list, start files of a user, of all users and the common one, builds; all of them in order, and then not."""
    bases = ("[a]\nConnect=File=x\nVersion=8.3\n[A]\nConnect=Srvr=h;Ref=r;Usr=u\nVersion=8.3.22.1750\nApp=ThickClient\n"
             "[b]\nConnect=ws=http://h/b\nApp=WebClient\nDefaultVersion=8.3.25-8.3.25.1286;x86_64\nVersion=8.3.25\n"
             "[c]\nConnect=File=x\nAdditionalParameters=/P x /C y\n[old]\nConnect=File=x\nVersion=8.1\n[group]\n")
    user = "DefaultVersion=8.3-8.3.22.1750;x86_64\nAppAutoInstallLastVersion=0\n"
    everybody = "DefaultVersion=8.5\nWebDistributiveLocation=http://u:p@h/x\n"
    common = "AppAutoInstallLastVersion=1\nDefaultVersion = 8.2\n"
    builds = ("i 8.3.22.1750 x86_64 tkw\nd 8.3.25.1286 x86 tw\ni 8.3.25.1394 - ts\nd 8.5.1.1529 x86_64 tku\ni 8.1 x86 kl\n"
              "i 8.2.19.130 x86 tks\n")
    parts = [bases, user, everybody, common, builds]
    whole = "\n--\n".join(parts)
    yield "whole", whole.encode()
    for number in range(len(parts)):
        yield f"without{number}", "\n--\n".join(parts[:number] + [""] + parts[number + 1:]).encode()
    yield "list-alone", bases.encode()
    yield "versions", whole.replace("Version=8.3\n", "Version=latest\n").encode()
    yield "masks", whole.replace("8.3.22.1750", "8.3.22").encode()
    yield "arch", whole.replace("App=ThickClient", "AppArch=x86").encode()
    yield "cyrillic", whole.replace("[a]", "[\u0411\u0430\u0437\u0430 = 1]").encode()
    yield "broken", whole.replace("[b]", "[b").encode()
    yield "nothing", b""


def ini_seeds():
    text = "[Startup]\r\nProductVersion=8.3.22.1750\r\nPackageName=1CEnterprise 8 Thin client (x86-64).msi\r\n;x\r\na=b"
    yield "utf8", text.encode()
    yield "utf8-mark", b"\xef\xbb\xbf" + text.encode()
    yield "utf16", b"\xff\xfe" + text.encode("utf-16-le")
    yield "surrogates", b"\xff\xfe" + "[\U0001F600]\na=\U0010FFFF".encode("utf-16-le") + b"\x00\xd8"
    yield "cyrillic", "[Startup]\nProductVersion=\u0432".encode("cp1251")
    yield "top", b"a=b\n[x\n]=\n=\n[]"
    yield "nothing", b""


def report_seeds():
    whole = ('{"name":"\u0421\u0435\u0432\u0435\u0440","releases":["8.3.22.1750"],"current":"8.3.22.1750",'
             '"last_sync":"2026-11-21T18:30:00Z","error":"x","user":"other"}')
    yield "whole", whole.encode()
    yield "empty", b"{}"
    yield "wrong-moment", whole.replace("T18", " 18").encode()
    yield "twice", b'{"name":"a","name":"b"}'
    yield "list", b"[]"
    yield "cut", whole[:40].encode()


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


def versioned_pe(plus=False, sections=1, decoys=0, file=(8, 3, 22, 1750), product=(0, 0, 0, 0), key="VS_VERSION_INFO"):
    """A PE file with a version resource, in its last section."""
    def folder(entries):
        return bytes(12) + struct.pack("<HH", 0, len(entries)) + b"".join(struct.pack("<II", *e) for e in entries)

    def numbers(version):
        return struct.pack("<HHHH", version[1], version[0], version[3], version[2])

    address, raw, sub = 0x3000, 0x400, 0x80000000
    top = 16 + 8 * (decoys + 1)
    tree = folder([(number + 1, sub | 0x300) for number in range(decoys)] + [(16, sub | top)])
    tree += folder([(1, sub | top + 24)]) + folder([(0x409, top + 48)])
    tree += struct.pack("<IIII", address + len(tree) + 16, 92, 0, 0)
    tree += struct.pack("<HHH", 92, 52, 0) + key.encode("utf-16-le").ljust(34, b"\0")
    tree += struct.pack("<II", 0xFEEF04BD, 0x10000) + numbers(file) + numbers(product) + bytes(28)
    optional = struct.pack("<H", 0x20B if plus else 0x10B).ljust(108 if plus else 92, b"\0") + struct.pack("<I", 16)
    optional += bytes(16) + struct.pack("<II", address, len(tree)) + bytes(13 * 8)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, sections, 0, 0, 0, len(optional), 0) + optional
    for number in range(sections):
        place = (len(tree), address, len(tree), raw) if number == sections - 1 else (16, 0x1000 + 16 * number, 16, 16)
        head += b".rsrc\0\0\0" + struct.pack("<IIII", *place) + bytes(16)
    return head.ljust(raw, b"\0") + tree


def version_seeds():
    good = versioned_pe()
    yield "pe32", good
    yield "pe32-plus", versioned_pe(plus=True)
    yield "sections", versioned_pe(sections=4)
    yield "decoys", versioned_pe(decoys=5)
    yield "product", versioned_pe(file=(0, 0, 0, 0), product=(8, 3, 22, 1750))
    yield "zeros", versioned_pe(file=(0, 0, 0, 0))
    yield "cut", good[:-40]
    yield "headers", good[:0x400]
    yield "loop", good[:0x414] + struct.pack("<I", 0x80000000) + good[0x418:]
    yield "many", good[:0x40C] + b"\xff\xff\xff\xff" + good[0x410:]
    yield "far", good[:0x414] + b"\xff\xff\xff\xff" + good[0x418:]
    yield "elf", b"\x7fELF" + bytes(60)
    yield "nothing", b""


def start_seeds():
    text = "InstalledLocation=C:\\Program Files\\1cv8\r\nDefaultVersion=8.3-8.3.22.1750;x86_64\r\n"
    text += "CommonInfoBases=\\\\server\\\u0431\u0430\u0437\u044b.v8i\r\nUnknown=a=b\r\n"
    yield "windows", b"\xff\xfe" + text.encode("utf-16-le")
    yield "windows-odd", b"\xff\xfe" + text.encode("utf-16-le") + b"x"
    yield "linux", text.replace("\r\n", "\n").encode()
    yield "linux-mark", b"\xef\xbb\xbf" + text.encode()
    yield "no-end", text.rstrip().encode()
    yield "mixed", b"A=1\r\nB=2\nA=3\r\n\n#x\nplain\n=\nC =4\rD= 5"
    yield "outside", b"\xff\xfe" + "A=\U0001F600\n".encode("utf-16-le")
    yield "half", b"\xff\xfeA\x00=\x00\x3d\xd8\n\x00"
    yield "big-endian", b"\xfe\xff" + text.encode("utf-16-be")
    yield "cp1251", "A=\u0430".encode("cp1251")
    yield "nul", b"A=1\x00\n"
    yield "nothing", b""
    yield "mark", b"\xff\xfe"


def infobase_seeds():
    text = "[\u0411\u0430\u0437\u0430 = 1]\r\nConnect=Srvr=\"h:1541\";Ref=\"r\";\r\nID=1\r\nVersion=8.3\r\n\r\n"
    text += "[! f]\r\nFolder=/\r\n[b]\r\nConnect=File=\"C:\\a\"\"b\";Usr=u;Pwd=p\r\nApp=Auto\r\nPPasswd=s\r\n"
    text += "[w]\r\nConnect=ws=\"http://u:p@h/b\";\r\nDefaultApp=ThinClient\r\n"
    yield "mark", b"\xef\xbb\xbf" + text.encode()
    yield "plain", text.replace("\r\n", "\n").encode()
    yield "no-end", text.rstrip().encode()
    yield "utf16", b"\xff\xfe" + text.encode("utf-16-le")
    yield "odd", b"\xff\xfe" + text.encode("utf-16-le") + b"["
    yield "names", b"[a]b]\nConnect=\n[[x]] \nConnect=;;=\"\n[ ]\nX = 1\n"
    yield "open", b"[a]\nConnect=File=\"x\n[b\n"
    yield "unnamed", b"[]\n"
    yield "long", b"[a]\nConnect=" + b"x" * 70000 + b"\nVersion=8\n"
    yield "stray", b"Version=8.3\n\n[a]\nVersion =8.3\nVersion= 8.3"
    yield "nothing", b""


def package_seeds():
    names = ["setuptc64_8_3_27_2342.rar", "setuptc_8_3_25_1286.rar", "thin.client64_8_3_25_1286.zip", "thin.osx_8_3_18_1289.dmg",
             "thin.client_8_3_25_1286.deb64.tar.gz", "thin.client.arm.deb64_8_3_25_1286.zip", "1cv8-client-8.5.1.1529.pkg",
             "setup-thin-8.3.25.1286-x86_64.run", "setuptc_8.3.25.1286_x86-64.exe", "win64.tar.xz", "a.tgz", "a.msi", ".zip", "-.rpm",
             "1c-enterprise-8.5.1.1529-thin-client_8.5.1-1529_amd64.deb", "thin-client_.deb", "thin-client.rpm",
             "1c-enterprise-8.5.1.1529-thin-client-8.5.1-1529.x86_64.rpm", "8.5.1-1529-2.zip", "1.2.3-4-5.6.7.zip", ".1.2.3-4.zip",
             "999999999.2.3-999999999.run", "9999999999.2.3-4.run", "8.5.1-0001.zip", "8_5_1-1529.zip", "", ".", "no package"]
    for number, name in enumerate(names):
        yield f"name{number}", name.encode()
    yield "not-utf8", b"\xff\xfe8.5.1-1529.zip"
    yield "long", b"8.3.25.1286-" * 100 + b".zip"


def rar_seeds():
    entries = [("Setup.ini", b"[Startup]", None), ("a", b"", FOLDER), ("a/b", bytes(100), None)]
    old, new = make_rar4(entries), make_rar5(entries)
    old_head, new_head = old[:7], new[:8]
    yield "old", old
    yield "new", new
    yield "old-cut", old[:-7]
    yield "new-cut", new[:-8]
    yield "old-encrypted", make_rar4(entries, flags=4)
    yield "old-volume", old_head + rar4_block(0x73, 1, bytes(6)) + rar4_block(0x7B, 0x4000, b"")
    yield "old-headers-encrypted", old_head + rar4_block(0x73, 0x80, bytes(6))
    yield "old-large", old_head + rar4_block(0x74, 0x8100, bytes(25) + b"\xff" * 8 + bytes(10))
    yield "old-small", old_head + rar4_block(0x74, 0x8000, bytes(5))
    yield "new-volume", new_head + rar5_block(1, 0, vint(1))
    yield "new-encrypted", new_head + rar5_block(4, 0, bytes(20))
    yield "new-large", new_head + bytes(4) + b"\xff" * 20
    yield "new-data", new_head + bytes(4) + vint(12) + vint(3) + vint(2) + b"\xff" * 8 + b"\x7f"
    yield "new-extra", new_head + rar5_block(3, 3, vint(5) + b"abcde")
    yield "other", b"PK\3\4" + bytes(60)


def publication_seeds():
    """Settings and .vrd files, most of which are in order."""
    url = "http://h/tc/windows64tc.zip"
    location = f"PublishDistributiveLocationWindows64={url}"
    space = 'xmlns="http://v8.1c.ru/8.2/virtual-resource-system"'
    yield "conf", f"SystemLanguage=System\nDisableUnsafeActionProtection=.*=x\n{location}".encode()
    yield "conf-mark", b"\xef\xbb\xbf" + f"{location}\r\npublishdistributivelocationWINDOWS64 = x\r\n".encode()
    yield "conf-wrong", f"PublishDistributiveLocationWin64={url}\nnothing\n=x\n{location}x\n".encode()
    yield "update", f"Version=8.3.22.1750\nUpdateDate=20261121160000\n{location}\n".encode()
    start = "DistrbutiveLocation=\\\\s\\d\r\nDefaultVersion=8.3-8.2.14.540;x86\r\nCommonCfgLocation=x\r\n"
    yield "start", b"\xff\xfe" + start.encode("utf-16-le")
    yield "start-odd", b"\xff\xfe" + start.encode("utf-16-le") + b"x"
    bases = ('[\u0411\u0430\u0437\u0430]\nConnect=Srvr="h";Ref="r";Usr=u;\nFolder=/F\nVersion=8.3\nDefaultVersion=8.2.14.540\n'
             '[\u0431\u0410\u0417\u0430]\nConnect = File="C:\\x";\nAdditionalParameters=/N u /Pp\n[F]\nFolder=/G\n')
    yield "bases", bases.encode()
    yield "bases-utf16", b"\xff\xfe" + bases.encode("utf-16-le")
    yield "cyrillic", "[\u0411\u0430\u0437\u0430]\nConnect=x\n".encode("cp1251")
    yield "vrd", (f'<?xml version="1.0" encoding="UTF-8"?>\r\n<point {space}\r\n\t\tbase="/b"\r\n\t\tib="Usr=u;"\r\n'
                  f'\t\tpubdst="{url}">\r\n\t<ws enable="false"/>\r\n</point>').encode()
    yield "vrd-quotes", f"<point {space} pubdst64 = '&lt;&amp;\n&#65;' pubdst32=\"x\"/>".encode()
    yield "vrd-prefix", f'<p:point {space.replace("xmlns", "xmlns:p")} p:pubdst64="x" pubdst64="y"><a/></p:point>'.encode()
    yield "vrd-bare", f"<point {space}/>".encode()
    yield "vrd-doctype", f'<!DOCTYPE point [<!ENTITY a "b">]><point {space}>&a;</point>'.encode()
    yield "vrd-other", b"<point/>"
    yield "vrd-cut", f'<point {space} base="'.encode()
    yield "nothing", b""


def main(folder):
    for target, seeds in (("zip_verify", zip_seeds), ("version_route", text_seeds), ("setup_ini", ini_seeds),
                          ("branch_report", report_seeds), ("binary", binary_seeds), ("binary_version", version_seeds),
                          ("start_cfg", start_seeds), *make_compare_seeds.TARGETS, *make_detail_seeds.TARGETS,
                          ("infobase_list", infobase_seeds), ("package_name", package_seeds),
                          ("client_text", client_text_seeds), ("upstream_text", upstream_text_seeds),
                          ("resolve", resolve_seeds),
                          ("rar_index", rar_seeds), ("publication", publication_seeds), ("lint", publication_seeds),
                          *make_mirror_seeds.TARGETS, *make_update_seeds.TARGETS, *make_template_seeds.TARGETS):
        place = os.path.join(folder, target)
        os.makedirs(place, exist_ok=True)
        for name, data in seeds():
            with open(os.path.join(place, name), "wb") as out:
                out.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
