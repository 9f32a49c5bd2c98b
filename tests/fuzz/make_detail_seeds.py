"""Seeds of the targets that compare in detail; make_seeds.py writes them."""
import make_update_seeds

CATALOG, ATTRIBUTE, FORM = ("cf4abea6-37b2-11d4-940f-008048da11f9", "cf4abea7-37b2-11d4-940f-008048da11f9",
                            "fdf816d2-1ead-11d5-b975-0050bae0a95d")


def uuid(digit):
    return f"{digit}0000000-0000-4000-8000-000000000000"


def described(digit, name):
    return f'{{1,0,{uuid(digit)}}},"{name}",{{1,"ru","Synonym"}},""'


def joined(*texts):
    return b"\xff".join(text if isinstance(text, bytes) else text.encode() for text in texts)


def merge_seeds():
    yield "conflict", joined("a\nb\nc\n", "a\nB\nc\n", "a\nx\nc\n")
    yield "both", joined("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n")
    yield "alike", joined("a\nb\n", "a\nc\n", "a\nc\n")
    yield "ends", joined("a\r\nb\r\nc", "a\nb\r\nc\r\n", "a\r\nb\nc\r\nd")
    yield "repeated", joined("a\nb\na\nb\na\n", "b\na\nb\na\nb\n", "a\na\nb\nb\n")
    yield "inserted", joined("{\nf\n}\n", "{\nf\n}\n{\ng\n}\n", "{\ng\n}\n{\nf\n}\n")
    yield "empty", joined("", "a\n", "")
    yield "returns", joined("a\rb\n", "a\r\r\n", "\r")
    yield "nothing", b""


def brace_diff_seeds():
    yield "metadata", joined(make_update_seeds.metadata(), make_update_seeds.metadata(68),
                             make_update_seeds.metadata().replace(b"1.0.2.7", b"1.0.2.8"))
    yield "objects", joined(*(f"{{1,{{{ATTRIBUTE},{len(names)}," + ",".join(
        f"{{{{0,{described(digit, name)}}},0}}" for digit, name in enumerate(names)) + "}}" for names in ("ab", "xb", "bac")))
    yield "places", joined("{1,2,{3,4},5}", "{1,2,{3,5},5}", "{1,2,{3,4},6}")
    yield "added", joined("{{a},{b},{c},{d}}", "{{a},{c},{d}}", "{{a},{b},{c},{x},{d}}")
    yield "order", joined(*(f"{{{CATALOG},2,{uuid(one)},{uuid(two)}}}" for one, two in ((1, 2), (2, 1), (1, 2))))
    yield "kinds", joined('{1,{"S",10}}', '{1,{"N",5,2}}', '{1,"S"}')
    yield "empty", joined("", "{}", "{,}")
    yield "broken", joined("{1", "{2}", "{3}")
    yield "nothing", b""


def metadata_name_seeds():
    top = (f"{{2,{{{uuid(0)}}},1,{{9cd510cd-abfc-11d4-9434-004095e12fc7,{{1,{{36,{{0,{{0,{described(9, 'N')}}}}}}},2,"
           f"{{{CATALOG},1,{uuid(1)}}},{{{uuid(7)},1,{uuid(3)}}}}}}}}}")
    catalog = (f"{{1,{{47,{{0,{described(1, 'C')}}}}},2,{{{ATTRIBUTE},1,{{{{0,{described(8, 'A')}}},0}}}},{{{FORM},1,{uuid(2)}}}}}")
    form = f"{{1,{{0,{described(2, 'F')}}}}}"
    yield "whole", joined(top, catalog, form, f"{{1,{{0,{described(3, 'U')}}}}}")
    yield "ring", joined(top.replace(CATALOG, FORM), form, f"{{1,{{{CATALOG},2,{uuid(0)},{uuid(1)}}}}}")
    yield "cut", joined(top, catalog[:len(catalog) // 2])
    yield "missing", joined(top)
    yield "broken", joined(top[:-3])
    yield "nothing", b""


TARGETS = (("merge", merge_seeds), ("brace_diff", brace_diff_seeds), ("metadata_name", metadata_name_seeds))
