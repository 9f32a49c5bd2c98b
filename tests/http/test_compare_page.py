"""The page of 1cdist compare --html, in a real browser: what it shows, filters, searches and prints, in both languages, and that
nothing which stands in a configuration gets anywhere but into its text."""
import json
import os
import sys

import pytest

from browser import Browser
from test_tool import run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))

import make_update_seeds as seeds  # noqa: E402

CATALOG, FORM, MODULE = ("cf4abea6-37b2-11d4-940f-008048da11f9", "fdf816d2-1ead-11d5-b975-0050bae0a95d",
                         "0fe48980-252d-11d6-a3c7-0050bae0a776")
A, B, C, D = (f"00000000-0000-0000-0000-00000000000{n}" for n in range(4))
HOSTILE = "<img src=x onerror=\"document.title='owned'\"></script>'\u202e&amp;"


def described(uuid, name):
    return f'{{1,0,{uuid}}},"{name}",{{1,"ru","Синоним"}},""'.replace('""', '""')


def quoted(text):
    return text.replace('"', '""')


def top():
    lists = f"2,{{{MODULE},2,{B},{D}}},{{{CATALOG},1,{A}}}"
    metadata = seeds.metadata().decode("utf-8-sig")
    assert metadata.endswith(",0}}}")
    return (metadata[:-len(",0}}}")] + "}," + lists + "}}}").replace("80322,0}},", "80322,0},")


def module(*lines):
    return seeds.container([("info", b"\xef\xbb\xbf{3,1,0,\"\",0}"), ("text", b"\xef\xbb\xbf" + "\r\n".join(lines).encode())])


def configuration(catalog="Товары", price="0", code=("One", "Two", "Three", "Four"), extra=None, form="1"):
    made = dict(seeds.configuration())
    del made[seeds.OBJECT + ".4"]
    made[seeds.ROOT] = b"\xef\xbb\xbf" + top().encode()
    made[A] = (f"{{1,{{47,{{0,{described(A, quoted(catalog))}}},{price}}},1,{{{FORM},1,{C}}}}}").encode()
    made[A + ".0"] = module("Procedure", *code, "EndProcedure")
    made[B] = f"{{1,{{12,{{0,{described(B, quoted(HOSTILE))}}}}}}}".encode()
    made[B + ".0"] = module(HOSTILE if extra else "plain", "x")
    made[C] = f"{{1,{{0,{{9,{described(C, 'ФормаЭлемента')}}}}}}}".encode()
    made[C + ".0"] = f'{{4,{{{form}}},"Line one\r\nLine {form}\r\n"}}'.encode()
    if extra:
        made[D] = f"{{1,{{12,{{0,{described(D, 'Added')}}}}}}}".encode()
    entries = sorted(made.items(), key=lambda entry: entry[0].lower())
    return seeds.container([(name, seeds.deflate(data if data[:3] == b"\xef\xbb\xbf" or b"\r\n" in data[16:20] else
                                                 b"\xef\xbb\xbf" + data)) for name, data in entries])


@pytest.fixture(scope="module")
def page(scratch):
    """The page of: both changed a catalog and its module, mine a form, theirs a module, and added one."""
    folder = scratch / "compare-page"
    folder.mkdir()
    (folder / "base.cf").write_bytes(configuration())
    (folder / "mine.cf").write_bytes(configuration(price="1", code=("One", "Two mine", "Three", "Four"), form="2"))
    (folder / "theirs.cf").write_bytes(configuration(price="2", code=("One", "Two theirs", "Three", "Four theirs"), extra=True))
    done = run("compare", "--json", "--level", "property", "--base", folder / "base.cf", "--mine", folder / "mine.cf",
               "--theirs", folder / "theirs.cf", "--html", folder / "page.html")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0]["counts"] == {"unchanged": 1, "mine": 1, "theirs": 2, "identical": 0, "conflict": 1}
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser(scratch):
    made = Browser(scratch)
    yield made
    made.close()


def visible(browser):
    return browser.run("Array.from(document.querySelectorAll('details.item')).filter((e)=>e.offsetParent!==null)"
                       ".map((e)=>e.querySelector('.id').textContent)")


def first_name(browser):
    return browser.run("document.querySelector('details.item:not(.hidden) .name').textContent")


def test_the_page_filters_searches_and_speaks_both_languages(page, browser):
    browser.open(page)
    assert browser.requests == [page.as_uri()] and browser.problems == []
    assert visible(browser) == [A, B, C, D]
    assert browser.run("document.getElementById('shown').textContent") == "4 / 4"
    browser.press("#twice")
    assert visible(browser) == [A]
    browser.press("#twice")
    browser.type("#search", "формаэ")
    assert visible(browser) == [C]
    assert first_name(browser) == "Catalog.Товары.Form.ФормаЭлемента"
    browser.press("button[data-lang=ru]")
    assert first_name(browser) == "Справочник.Товары.Форма.ФормаЭлемента"
    assert browser.run("document.documentElement.lang") == "ru" and browser.run("document.title") == "Сравнение конфигураций"
    browser.run("document.getElementById('search').value=''")
    browser.type("#search", "catalog.товары.f")
    assert visible(browser) == [C], "English names are found in Russian too"
    browser.press("button[data-lang=en]")
    assert browser.run("document.title") == "Comparison of configurations"
    browser.run("document.getElementById('search').value=''")
    browser.run("(()=>{const s=document.getElementById('class');s.value='theirs';s.dispatchEvent(new Event('input'));})()")
    assert visible(browser) == [B, D]
    assert browser.problems == [] and browser.requests == [page.as_uri()]


def cells(browser, kind):
    return browser.run(f"Array.from(document.querySelectorAll('details.item[open] tr.{kind}')).map((r)=>Array.from(r.cells)"
                       ".map((c)=>c.innerText.trim()))")


def test_an_item_opens_on_the_three_texts_beside_each_other(page, browser):
    browser.open(page)
    assert cells(browser, "conflict") == []
    browser.press("details.item summary")
    assert ["Two mine", "Two", "Two theirs"] in cells(browser, "conflict")
    assert ["Four", "Four", "Four theirs"] in cells(browser, "theirs")
    assert ["[1][2]\nCatalog.Товары", "1", "0", "2"] in cells(browser, "conflict")
    assert browser.run("document.querySelector('details.item[open] p').innerText") == \
        "changed by both, no rule known: ask; a person has to confirm"
    browser.press("#close")
    browser.type("#search", "form")
    browser.press("#open")
    assert browser.run("document.querySelectorAll('details.item[open]').length") == 1
    assert ["Line 2", "Line 1", "Line 1"] in cells(browser, "mine"), "the module in a form is compared by line"
    assert "module" in browser.run("document.querySelector('details.item[open]').innerText")


def test_what_stands_in_a_configuration_stays_text(page, browser):
    browser.open(page)
    browser.press("#open")
    assert browser.run("document.title") == "Comparison of configurations"
    assert browser.run("document.images.length") == 0 and browser.run("document.scripts.length") == 1
    name = browser.run("Array.from(document.querySelectorAll('summary .name')).map((e)=>e.textContent)"
                       ".find((t)=>t.includes('img'))")
    assert name == "CommonModule." + HOSTILE.replace("\u202e", "U+202E")
    assert ["plain", "plain", HOSTILE.replace("\u202e", "U+202E")] in cells(browser, "theirs")
    assert browser.requests == [page.as_uri()] and browser.problems == []
    # The policy stops a script that got in all the same.
    browser.run("(()=>{const s=document.createElement('script');"
                "s.textContent=\"document.title='owned'\";document.body.append(s);})()")
    browser.run("(()=>{const i=new Image();i.src='http://127.0.0.1:9/x';document.body.append(i);})()")
    assert browser.run("document.title") == "Comparison of configurations"
    assert len(browser.problems) >= 1


def test_on_paper_everything_that_is_shown_is_open_and_the_tools_are_not_there(page, browser):
    browser.open(page)
    browser.press("#twice")
    assert browser.call("Page.printToPDF")["data"]
    assert browser.run("document.querySelectorAll('details.item[open]').length") == 0, "it is closed again afterwards"
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("Array.from(document.querySelectorAll('details.item[open] .id')).map((e)=>e.textContent)[0]") == A
    assert browser.run("document.querySelectorAll('details.item[open]').length") == 1
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run("getComputedStyle(document.querySelector('.tools')).display") == "none"
    browser.call("Emulation.setEmulatedMedia", media="")


def test_without_its_script_the_page_shows_everything(page, browser):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert visible(browser) == [A, B, C, D]
    assert browser.run("getComputedStyle(document.querySelector('.tools')).display") == "none"


def test_the_page_is_one_file_that_replaces_the_one_before_only_when_it_is_complete(page):
    before, folder = page.read_bytes(), page.parent
    assert run("compare", "--mine", folder / "none.cf", "--theirs", folder / "theirs.cf", "--html", page).returncode == 1
    assert page.read_bytes() == before
    done = run("compare", "--mine", folder / "mine.cf", "--theirs", folder / "theirs.cf", "--base", folder / "base.cf",
               "--html", folder / "none" / "page.html")
    assert done.returncode == 1 and "page.html: " in done.stderr
    assert run("compare", "--tree", folder, folder, folder, "--html", page).returncode == 2
    again = run("compare", "--mine", folder / "mine.cf", "--theirs", folder / "theirs.cf", "--base", folder / "base.cf",
                "--level", "property", "--html", folder / "again.html")
    assert again.returncode == 0 and (folder / "again.html").read_bytes() == before, "the same input gives the same page"
    assert sorted(path.suffix for path in folder.iterdir() if path.is_file()) == [".cf"] * 3 + [".html"] * 2
