"""Seeds of the targets that read what configurations and folders are compared by; make_seeds.py writes them."""
import make_update_seeds
from make_update_seeds import MARK, ROOT

OTHER = "50448ce6-72ca-48a5-961f-738c9a3b73f0"
ZEROS = "0" * 64


def support_seeds():
    yield "distribution", make_update_seeds.support()
    yield "customer", MARK + (f'{{6,0,1,i,0,v,"1.0","V ""x""","N",3,0,0,{ROOT},{ROOT},1,0,{OTHER},{OTHER},2,0,c,d,0,0,0,1,0,'
                              '0,0,1,0,1,0,1,1,1,1}').encode()
    yield "vendors", b'{6,0,2,i,0,v,"1","V","N",1,1,0,a,b,0,0,j,1,w,"2","W","M",2,0,0,a,a,2,0,b,b,0,0,1,a,2,1,0}'
    yield "deliveries", b"{6,0,0,3,a,0,b,1,c,2,1,2,a,0,b,0}"
    yield "removed", MARK + b"{6,0,0,0,1,0}"
    yield "rule", b'{6,0,1,i,0,v,"1","V","N",1,3,0,a,a,0,0,0,1,0}'
    yield "count", b'{6,0,1,i,0,v,"1","V","N",99999999,1,0,a,a'
    yield "nested", b"{6,0,{0},0,1,0}"
    yield "format", b"{7,0,0,0,1,0}"
    yield "nothing", b""


def tree_rules_seeds():
    """The rules, and behind a zero byte a path."""
    rules = "# comment\n* locked\n*.cfg editable\n/conf/**/x removed\na b/?.txt\tlocked\r\n"
    for number, path in enumerate(("conf/a/b/x", "a.cfg", "a b/\u044f.txt", "x", "", "/", "a//b")):
        yield f"path{number}", rules.encode() + b"\0" + path.encode()
    yield "utf16", b"\xff\xfe" + "a locked\n".encode("utf-16-le")
    yield "mark", MARK + b"a locked\n\0a"
    yield "stars", b"**a**a**a*a*a*a/**/b locked\n\0" + b"a" * 300
    yield "word", b"a\n\0a"
    yield "rule", b"a Locked\n\0a"
    yield "backslash", b"a\\b locked\n\0a"
    yield "nothing", b""


def register_seeds():
    head = '{"register":1,"level":"object","name":"N","vendor":"V","version":"1","version_id":"v","count":%d}\n'
    item = '{"id":"%s","name":"Справочник.A","mine":"%s","support":"ObjectNotEditable","sha256":"' + ZEROS + '"}\n'
    whole = head % 2 + item % (OTHER, "added") + item % (ROOT, "deleted")
    yield "whole", whole.encode()
    yield "empty", (head % 0).encode()
    yield "cut", whole.encode()[:-20]
    yield "short", (head % 3 + item % ("a", "changed")).encode()
    yield "order", (head % 2 + item % ("b", "changed") + item % ("a", "changed")).encode()
    yield "newer", whole.replace('"register":1', '"register":2').encode()
    yield "deep", b"[" * 3000
    yield "nothing", b""


TARGETS = (("support", support_seeds), ("tree_rules", tree_rules_seeds), ("register", register_seeds))
