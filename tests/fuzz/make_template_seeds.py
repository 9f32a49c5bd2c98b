"""Seeds of the targets that read template folders; make_seeds.py writes them."""
import io
import struct
import uuid
import zipfile

from make_update_seeds import MARK, ROOT, VERSION, configuration, container, deflate, metadata, packed, update_info

MANIFEST = 'Vendor=Фирма\r\nName=Склад\r\nVersion=1.0.2.7\r\n[Config1]\r\nSource=1Cv8.cf\r\n'.encode()
UPDINFO = b"Version=1.0.2.7\r\nFromVersions=;1.0.2.6;\r\nUpdateDate=22.09.2015\r\n"
NOTICE = "<p>не&nbsp;<b>ниже</b> 8.3.6.2076</p>".encode()
CONFIGURATION = container(packed(configuration()))
UPDATE = deflate(container([(ROOT, metadata()), ("UpdateInfo.inf", update_info())]))


def efd(members):
    def text(value):
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    description = text("ru") + text("Склад") + text("Фирма") + text("")
    out = struct.pack("<III", 1, 1, len(description) + 4) + description + struct.pack("<I", len(members))
    at = 0
    for name, data in members:
        record = text(name) + struct.pack("<QII", 1, at, len(data))
        out += struct.pack("<I", len(record) + 4) + record
        at += len(data)
    return deflate(out + b"".join(data for _, data in members))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def release_seeds():
    members = [("1C\\S\\1cv8.mft", MANIFEST), ("1C\\S\\1Cv8.cf", CONFIGURATION), ("1C\\S\\1cv8.cfu", UPDATE),
               ("1C\\S\\UpdInfo.txt", UPDINFO), ("1C\\S\\1cv8upd.htm", NOTICE)]
    yield "efd", efd(members)
    yield "efd-empty", efd([])
    yield "efd-bad", efd([("a.cf", b"x"), ("b.cfu", UPDATE[:-5])])
    yield "zip", zipped(members)
    yield "zip-stored", zipped(members, zipfile.ZIP_STORED)
    yield "zip-efd", zipped([("1cv8.efd", efd(members)), ("UpdInfo.txt", UPDINFO)])
    yield "zip-cut", zipped(members)[:-30]
    yield "zip-method", zipped([("a.cf", b"x")], zipfile.ZIP_BZIP2)
    yield "zip-comment", zipped([("a.cfu", UPDATE)])[:-2] + struct.pack("<H", 5) + b"hello"
    yield "nothing", b""


def cache_seeds():
    def text(value):
        return bytes([len(value.encode())]) + value.encode()

    guid = b"\1" + uuid.UUID(VERSION).bytes
    update = (b"\1" + text("Склад") + text("Фирма") + text("1.0.2.7") + guid + text("") + b"\xe4\x80\1" + b"\x97\x82\1"
              + text("8.3.6.2076") + b"\2" + b"\0" + text("1.0.2.6") + guid
              + b"\3" + text("N") + text("V") + text("1") + b"\2" + text("x"))
    yield "update", b"\1" + update + b"\0"
    yield "two", b"\2" + update + update + b"\1" + text("беда")
    yield "problem", b"\0\1" + text("беда")
    yield "none", b"\0\0"
    yield "more", b"\0\0\0"
    yield "count", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
    yield "cut", b"\1" + update[:40]


def list_seeds():
    start = '<u:updateList xmlns:u="http://v8.1c.ru/configuration-updates" version="1.1">'
    update = ('<u:update configuration="Склад"><u:vendor>Фирма &quot;1С&quot;</u:vendor><u:file>1c/S/1/1cv8.zip</u:file>'
              '<u:size>36 877 298</u:size><u:version platform="8.3.6.2076">1.0.2.7</u:version>'
              '<u:target>1.0.2.6</u:target></u:update>')
    yield "list", MARK + (start + update + update + "</u:updateList>").encode()
    yield "cyrillic", (start + update + "</u:updateList>").encode("cp1251")
    yield "empty", (start + "</u:updateList>").encode()
    yield "no-version", (start + '<u:update configuration="A"/></u:updateList>').encode()
    yield "doctype", ('<!DOCTYPE a [<!ENTITY b "c">]>' + start + "&b;</u:updateList>").encode()
    yield "cut", (start + update).encode()
    yield "nothing", b""


def text_seeds():
    yield "manifest", b"\0" + MARK + MANIFEST
    yield "updinfo", b"\1" + UPDINFO
    yield "designer-keys", b"\2" + UPDINFO
    yield "designer-lists", b"\2" + MARK + '{{"Склад","Фирма","1.0.2.6",id},{"Склад","Фирма","1.0.2.5"}}'.encode()
    yield "designer-info", b"\2" + update_info()
    yield "notice", b"\3" + NOTICE
    yield "notice-cut", b"\3" + NOTICE + b"<" * 50
    yield "name", b"\0" + b"x_1.0.0.6_1_0_0_6.cf"
    yield "date", b"\0" + b"22.09.2015"
    yield "nothing", b""


TARGETS = (("release", release_seeds), ("template_cache", cache_seeds), ("update_list", list_seeds),
           ("release_text", text_seeds))
