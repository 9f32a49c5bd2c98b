"""Seeds of the targets that read configurations and updates; make_seeds.py writes them."""
import struct
import zlib

MARK = b"\xef\xbb\xbf"
ROOT = "5d973c2a-9093-4500-b098-ee8113d82749"
OBJECT = "7712ac24-13d0-4411-9a9f-7d34a8fc8ac3"
VERSION = "0798fe1b-b151-4efe-8b31-f0897db3142a"


def deflate(data):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def container(items, bits=32, piece=0, pad=0):
    """A container with the entries (name, stored bytes or None)."""
    none, word = (0xFFFFFFFFFFFFFFFF, "Q") if bits == 64 else (0x7FFFFFFF, "I")
    out = bytearray(struct.pack("<" + word + "III", none, 512, 1, 0))

    def document(data, padded=True):
        start, size = len(out), piece or len(data) or 1
        parts = [data[at:at + size] for at in range(0, len(data), size)] or [b""]
        room = size if piece else max(len(data), pad if padded else 0)
        head = 7 + 3 * bits // 4
        for number, part in enumerate(parts):
            after = none if number == len(parts) - 1 else len(out) + head + room
            width = bits // 4
            numbers = (0 if number else len(data), room, after)
            text = "\r\n" + "".join(f"{n:0{width}{'X' if bits == 64 else 'x'}} " for n in numbers) + "\r\n"
            out.extend(text.encode() + part + bytes(room - len(part)))
        return start

    table_at = document(bytes(len(items) * 3 * bits // 8))
    table = b""
    for name, data in items:
        whole, piece = piece, 0
        attributes = document(struct.pack("<QQI", 1, 2, 0) + name.encode("utf-16-le") + bytes(4), False)
        piece = whole
        table += struct.pack("<3" + word, attributes, none if data is None else document(data), none)
    tail, head = bytes(out), out[:table_at]
    out = bytearray(head)
    document(table)
    return bytes(out) + tail[len(out):]


def metadata(layout=59, cls="9cd510cd-abfc-11d4-9434-004095e12fc7"):
    return MARK + (f'{{2,\r\n{{{ROOT}}},1,\r\n{{{cls},\r\n{{1,\r\n{{{layout},\r\n{{0,\r\n{{3,\r\n{{1,0,{OBJECT}}},"Склад",\r\n'
                   '{0},""}\r\n},"",1,{0},{0},{0},{0},{0},a,b,c,d,0,"Фирма ""Р""","1.0.2.7","",1,{0},1,{0},1,e,f,g,h,80322,0}'
                   ',0}}}').encode()


def support():
    return MARK + (f'{{6,1,1,50448ce6-72ca-48a5-961f-738c9a3b73f0,1,{VERSION},"1.0.2.7","Фирма ""Р""","Склад",1,'
                   f'1,0,{ROOT},{ROOT},0,0,0,0,1,0}}').encode()


def update_info():
    return MARK + (f'{{3,1,"Склад","Фирма","1.0.2.6",{VERSION},1,"gone",2,"",{VERSION},"{ROOT}",{OBJECT},"Склад","Фирма","1.0.2.7",'
                   f'00000000-0000-0000-0000-000000000000,\r\n{{216,0,\r\n{{80322,0}}\r\n}},{ROOT}}}').encode()


def configuration():
    return [(ROOT, metadata()), (OBJECT + ".4", support()), ("root", MARK + b"{2," + ROOT.encode() + b",}"),
            ("version", MARK + b"{{216,0,{80322,0}}}"), ("versions", MARK + b'{1,1,"",' + VERSION.encode() + b"}")]


def packed(items):
    return [(name, deflate(data)) for name, data in items]


def container_seeds():
    plain = container(packed(configuration()))
    wide = container(packed(configuration()), bits=64)
    update = container([(ROOT, metadata()), ("UpdateInfo.inf", update_info())])
    yield "cf32", plain
    yield "cf64", wide
    yield "saved", container(packed(configuration()), pad=512)
    yield "chained", container(packed(configuration()), piece=60)
    yield "stored", container(configuration())
    yield "unsorted", container(packed(configuration())[::-1])
    yield "stub", container([("root", b"{2,x,}")], pad=0x1359 - 16 - 3 * 31 - 12 - 32 - 512) + wide
    yield "embedded", deflate(container(configuration()))
    yield "cfu", deflate(update)
    yield "cfu-inflated", update
    yield "cfu-without", deflate(container([(ROOT, metadata())]))
    yield "cf80", container([("metadata", deflate(container([(ROOT, metadata()), ("root", MARK + b"{1," + ROOT.encode() + b",0}")]))),
                             ("versions", deflate(b'{1,0}'))])
    yield "cfe", container(packed([(ROOT, metadata()), ("configinfo", MARK + b"{0},{2," + ROOT.encode() + b",x},{0}")]))
    yield "epf", container(packed([(ROOT, metadata(4, "c3831ec8-d8d5-4f93-8a22-f9bfae07327f")),
                                   ("root", MARK + b"{2," + ROOT.encode() + b",}")]))
    yield "no-data", container([("root", None)])
    yield "empty", container([])
    yield "efd", deflate(delivery())
    yield "cut", plain[:len(plain) // 2]
    yield "lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
    yield "nothing", b""


def brace_seeds():
    yield "metadata", metadata()
    yield "support", support()
    yield "update", update_info()
    yield "lists", b'{0,\r\n{216,0}},\r\n{2,x,},\r\n{1,"a",AAA=}'
    yield "empty-items", b'{,,{},"",}'
    yield "base64", b"{#base64:/9j/4AAQ\r\r\nSkZJ\r\n}"
    yield "deep", b"{" * 300 + b"}" * 300
    yield "open", b"{" * 300
    yield "quotes", b'{"""a"""}'
    yield "unfinished", b'{"a'
    yield "nothing", b""


def update_info_seeds():
    yield "update", update_info()
    yield "no-sources", MARK + b'{3,0,0,1,"",id,"N","V","1",z,{216,0},r}'
    yield "format", b"{2,0}"
    yield "count", b"{3,999999,"
    yield "support", support()
    yield "two-vendors", b'{6,0,2,i,0,v,"1","V","N",1,1,0,a,b,0,0,j,0,w,"2","W","M",0,0,0,0,1,0}'
    yield "removed", MARK + b"{6,0,0,0,1,0}"
    yield "metadata", metadata()
    yield "metadata-80", metadata(15)
    yield "root", MARK + b"{2," + ROOT.encode() + b",}"
    yield "configinfo", MARK + b"{0},{2," + ROOT.encode() + b",x}"
    yield "versions", b'{1,2,"x",a,"",' + VERSION.encode() + b"}"
    yield "nothing", b""


def template_text_seeds():
    manifest = 'Vendor=Фирма "1С"\r\nName=Склад\r\nVersion=1.0.0.007\r\nAppVersion=8.3\r\n[Config1]\r\nSource=1cv8.cf\r\n'
    yield "manifest", MARK + manifest.encode()
    yield "manifest-1251", manifest.encode("cp1251")
    yield "manifest-utf16", b"\xff\xfe" + manifest.encode("utf-16-le")
    yield "updinfo", b"Version=3.0.11.36\r\nFromVersions=;3.0.10.32;3.0.10.33;\r\nUpdateDate=16.12.2013\r\n"
    yield "updinfo-blanks", b"\n Version = 1 \nFromVersions=; ;1 . 2;;x"
    yield "no-version", b"Name=N\nVendor=V\n"
    yield "other", b"Versions=1\n"
    yield "nothing", b""


def delivery(languages=2, wrong=0):
    def text(value):
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    out = struct.pack("<II", 1, languages)
    for _ in range(min(languages, 3)):
        record = text("ru") + text("Склад") + text("Фирма") + text("")
        out += struct.pack("<I", len(record) + 4 + wrong) + record
    return out + struct.pack("<I", 1)


def delivery_seeds():
    yield "good", delivery()
    yield "one", delivery(1)
    yield "none", delivery(0)
    yield "many", delivery(1000)
    yield "wrong", delivery(2, 2)
    yield "long", struct.pack("<IIII", 1, 1, 8, 0xFFFFFFFF)
    yield "cut", delivery()[:-3]
    yield "nothing", b""


def inventory_seeds():
    head = '{"format":1,"templates":%d}\n'
    update = ('["cfu","Склад","Фирма","1.0.2","%s","/t/1_0_2/1cv8.cfu","",295184,false,false,false,1450224000000000,"8.3.6.2076",'
              '[["1.0.1","%s"],["1.0.0",""],["0.9","","Старый","Другая"]]]\n' % (VERSION, OBJECT))
    problem = '{"path":"/t/x.cfu","message":"offset 0x1A: ends early"}\n'
    yield "good", (head % 1 + update + problem).encode()
    yield "two", (head % 2 + update + update).encode()
    yield "empty", (head % 0).encode()
    yield "count", (head % 2 + update).encode()
    yield "types", (head % 1 + update.replace("295184", "-1")).encode()
    yield "newer", b'{"format":2,"templates":0}\n'
    yield "cut", (head % 1 + update[:-20]).encode()
    yield "nothing", b""


TARGETS = (("inventory", inventory_seeds), ("container", container_seeds), ("brace", brace_seeds), ("update_info", update_info_seeds),
           ("template_text", template_text_seeds), ("delivery", delivery_seeds))
