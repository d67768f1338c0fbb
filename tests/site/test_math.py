"""Equations in a browser: drawn without a script, for the eye and for a reader."""

import pytest
from built import HTML, NARROW, PAGES, WIDE, look, open_boxes

WITH_EQUATIONS = [
    name for name in PAGES if 'class="katex"' in (HTML / name).read_text()
]


def test_every_chapter_has_equations():
    assert len(WITH_EQUATIONS) >= 5


LINES_THAT_BEGIN_WITH_A_STOP = """() =>
  [...document.querySelectorAll("article span.math")].flatMap((math) => {
    const after = math.nextSibling;
    if (after?.nodeType !== Node.TEXT_NODE || !/^[.,;:]/.test(after.data)) return [];
    const range = document.createRange();
    range.setStart(after, 0);
    range.setEnd(after, 1);
    const bases = math.querySelectorAll(".katex-html > *");
    const end = bases[bases.length - 1].getBoundingClientRect();
    const stop = range.getBoundingClientRect();
    return stop.left < end.left ? [math.textContent + after.data] : [];
  })
"""


@pytest.mark.parametrize("name", WITH_EQUATIONS)
class TestPage:
    """What holds for every page with an equation."""

    def test_every_equation_is_set(self, loaded, name):
        places = loaded.locator("article :is(span, div).math")
        parts = ".katex-mathml math", ".katex-html[aria-hidden=true]"
        for part in parts:
            without = places.filter(has_not=loaded.locator(part))
            assert without.count() == 0, without.first.inner_html()
        assert loaded.locator(".katex-error, mjx-container").count() == 0

    def test_no_tex_is_left_in_the_text(self, loaded, name):
        open_boxes(loaded)
        text = loaded.evaluate(
            """() => {
              const copy = document.querySelector("article").cloneNode(true);
              copy.querySelectorAll("pre, code, .math").forEach((e) => e.remove());
              return copy.textContent;
            }"""
        )
        for sign in ("\\(", "\\[", "\\frac", "$$"):
            assert sign not in text

    def test_full_stop_stays_with_its_equation(self, loaded, name):
        for size in (WIDE, NARROW):
            look(loaded, "light", size)
            open_boxes(loaded)
            assert loaded.evaluate(LINES_THAT_BEGIN_WITH_A_STOP) == []

    def test_wide_ones_scroll_by_themselves_and_with_the_keyboard(self, loaded, name):
        look(loaded, "light", NARROW)
        open_boxes(loaded)
        loaded.wait_for_timeout(200)
        equations = loaded.locator(".katex-display").evaluate_all(
            """all => all.map(e => [e.scrollWidth > e.clientWidth,
              e.getAttribute("tabindex") === "0", e.textContent])"""
        )
        wrong = [text for wide, stop, text in equations if wide != stop]
        assert wrong == []


def test_fonts_of_equations_are_in_use(page):
    page.goto("chapters/batch-norm.html", wait_until="networkidle")
    families = page.evaluate(
        """[...document.fonts].filter(f => f.status === "loaded").map(f => f.family)"""
    )
    assert {"KaTeX_Main", "KaTeX_Math"} <= set(families)


def test_a_copied_equation_is_tex(page):
    page.goto("chapters/batch-norm.html")
    copied = page.evaluate(
        """() => {
          const equation = document.querySelector("[id='equation-eq-x-hat'] .katex");
          getSelection().selectAllChildren(equation);
          const data = new DataTransfer();
          const how = { clipboardData: data, bubbles: true };
          equation.dispatchEvent(new ClipboardEvent("copy", how));
          return data.getData("text/plain");
        }"""
    )
    assert "\\frac" in copied
    assert copied.startswith("$")


def test_equations_show_from_disk(browser):
    page = browser.new_page()
    page.goto((HTML / "chapters/batch-norm.html").as_uri(), wait_until="load")
    page.evaluate("document.fonts.ready")
    box = page.locator("[id='equation-eq-x-hat'] .katex-html").bounding_box()
    assert box["width"] > 50
    assert page.evaluate("document.fonts.check('16px KaTeX_Main')")
    page.close()
