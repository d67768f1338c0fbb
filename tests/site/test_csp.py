"""The Content-Security-Policy: there, obeyed by the site, in force against others."""

import pytest
from built import HTML, PAGES
from conftest import WATCH
from playwright.sync_api import Error

ALL = [*PAGES, "index.html"]


@pytest.mark.parametrize("name", ALL)
def test_page_states_the_policy_before_any_script(name):
    html = (HTML / name).read_text()
    policy = html.index('http-equiv="Content-Security-Policy"')
    assert "default-src 'none'" in html
    assert policy < min(html.find(tag) % len(html) for tag in ("<script", "<link"))


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_script_or_handler_of_its_own(loaded, name):
    assert loaded.evaluate("violations") == []
    inline = "[...document.scripts].filter(s => !s.src && !s.type.includes('json'))"
    assert loaded.evaluate(f"{inline}.length") == 0
    handlers = loaded.evaluate(
        """[...document.querySelectorAll("*")].flatMap((e) =>
          e.getAttributeNames().filter((n) => n.startsWith("on")))"""
    )
    assert handlers == []


@pytest.mark.parametrize(
    ("attack", "directive"),
    [
        ("s = document.createElement('script'); s.text = 'x = 1'", "script-src-elem"),
        (
            "s = document.createElement('script'); s.src = 'https://example.org/a.js'",
            "script-src-elem",
        ),
        (
            "s = new Image(); s.src = 'https://example.org/a.png'",
            "img-src",
        ),
    ],
)
def test_policy_blocks_what_is_put_into_a_page(page, faults, attack, directive):
    page.add_init_script(WATCH)
    page.goto("chapters/index.html")
    page.evaluate(f"() => {{ let s; {attack}; document.body.append(s); }}")
    page.wait_for_function("violations.length > 0")
    assert page.evaluate("violations[0]").startswith(directive)
    faults.clear()  # the browser reports the attack, as it should


def test_policy_blocks_requests_to_other_hosts(page, faults):
    page.goto("chapters/index.html")
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate("fetch('https://example.org/')")
    assert any("Content Security Policy" in fault for fault in faults)
    faults.clear()


class TestButtons:
    """What the theme had put into attributes still works."""

    @pytest.fixture(autouse=True)
    def opened(self, page):
        page.goto("chapters/batch-norm.html", wait_until="networkidle")

    @pytest.mark.parametrize("key", ["Enter", " "])
    def test_print(self, page, key):
        page.evaluate("window.print = () => { window.printed = true; }")
        page.get_by_label("Download this page").click()
        page.locator("[data-action=print]").press(key)
        assert page.evaluate("window.printed")

    def test_fullscreen(self, page):
        page.locator("[data-action=fullscreen]").click()
        page.wait_for_function("document.fullscreenElement !== null")
        page.locator("[data-action=fullscreen]").press("Enter")
        page.wait_for_function("document.fullscreenElement === null")

    def test_boxes_open_for_print_and_close_again(self, page):
        closed = "document.querySelectorAll('details:not([open])').length"
        before = page.evaluate(closed)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert (before > 0, page.evaluate(closed)) == (True, 0)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(closed) == before


def test_search_page_takes_the_cursor(page):
    page.goto("search.html", wait_until="networkidle")
    assert page.evaluate("document.activeElement.name") == "q"
