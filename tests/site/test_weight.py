"""How much a page weighs before anything runs in it, as a host compresses it."""

import pytest
from built import HTML, PAGES

LIMIT = 500_000  # bytes, with every figure and font of the page


@pytest.mark.parametrize("name", PAGES)
def test_page_is_light(load, name):
    sizes = {answer.url: weight(answer) for answer in load.answers}
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:8]
    assert len(sizes) > 10
    assert sum(sizes.values()) <= LIMIT, heaviest


def weight(answer) -> int:
    """Return how many bytes an answer had on the wire, headers left out."""
    assert answer.ok, answer.url
    return int(answer.header_value("content-length"))


def test_figures_do_not_move_the_text(page):
    page.goto("chapters/batch-norm.html", wait_until="networkidle")
    images = page.locator("article img").evaluate_all(
        "all => all.map(i => [i.width / i.height, i.naturalWidth / i.naturalHeight])"
    )
    assert images
    for shown, natural in images:
        assert shown == pytest.approx(natural, rel=0.02)


def test_nothing_is_shipped_that_no_page_loads():
    for pattern in ("*.map", "fontawesome.js", "sphinx-thebe.*", "*.ttf", "mathjax"):
        assert list(HTML.rglob(pattern)) == []


def test_icons_are_drawn(page):
    page.goto("chapters/batch-norm.html", wait_until="networkidle")
    assert page.evaluate("document.fonts.check('900 16px \"Font Awesome 6 Free\"')")
    for icon in page.locator("i:visible").all():
        drawn = icon.evaluate("e => getComputedStyle(e, '::before').content")
        assert len(drawn.strip('"')) == 1
        assert icon.get_attribute("aria-hidden") == "true"
        assert icon.bounding_box()["width"] >= 8
