"""Every page: loads without a fault, fits on a phone, reads without scripts."""

import re
from itertools import pairwise
from urllib.parse import urljoin

import pytest
from built import HTML, NARROW, PAGES, crowding, largest_paint, look, open_boxes

from claims.catalog import CARDS
from claims.table import names


@pytest.mark.parametrize("name", PAGES)
class TestPage:
    """What holds for every page."""

    def test_loads_in_the_dark_without_a_fault(self, page, name):
        page.emulate_media(color_scheme="dark")
        page.goto(name, wait_until="networkidle")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert page.locator("html").get_attribute("lang") == "en"

    def test_has_one_title_and_no_jump_in_its_headings(self, loaded, name):
        levels = loaded.locator(
            "main :is(h1, h2, h3, h4, h5, h6):not(.onlyprint *)"
        ).evaluate_all("all => all.map(h => Number(h.tagName[1]))")
        assert levels.count(1) == 1
        assert levels[0] == 1
        steps = pairwise(levels)
        assert all(after - before <= 1 for before, after in steps), levels

    def test_describes_its_images(self, loaded, name):
        images = loaded.locator("img").evaluate_all("all => all.map(i => i.alt)")
        drawings = loaded.locator("main svg[role=img]").evaluate_all(
            "all => all.map(s => s.getAttribute('aria-label') ?? s.textContent)"
        )
        for text in [*images, *drawings]:
            assert len(text) >= 15, text
            assert " " in text.strip(), text
            assert "/" not in text.split()[0], f"a path: {text}"

    def test_never_scrolls_sideways_on_a_phone(self, loaded, name):
        look(loaded, "light", NARROW)
        open_boxes(loaded)
        loaded.evaluate("scrollTo(1000, 0)")
        assert loaded.evaluate("scrollX") == 0
        width = loaded.evaluate("document.documentElement.scrollWidth")
        assert width == NARROW["width"], beyond(loaded)

    def test_paints_within_a_second_and_a_half(self, load, page, name):
        if load.largest_paint > 1500:
            tries = (repainted(page, name) / crowding() for _ in range(5))
            assert any(milliseconds <= 1500 for milliseconds in tries)


def test_label_of_each_card_stands_at_its_title():
    page = (HTML / "chapters/cards.html").read_text()
    titles = re.findall(r'id="card-([\w-]+)"></span><h3>(.*?)<', page)
    assert dict(titles) == {name: CARDS[name].title for name in names()}


def beyond(page) -> list[str]:
    """Return the elements that stick out of the page on the right."""
    return page.evaluate(
        """() => [...document.querySelectorAll("main *")]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
          .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5)"""
    )


def repainted(page, name: str) -> float:
    """Return the time of the largest paint of a page that is loaded again."""
    page.goto("about:blank")
    page.goto(name, wait_until="networkidle")
    return largest_paint(page)


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_book_have_a_target(site, loaded, name):
    links = loaded.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    for link in {link for link in links if link.startswith(site)}:
        path, _, anchor = link.removeprefix(f"{site}/").partition("#")
        file = HTML / path.partition("?")[0]
        assert file.exists(), link
        if anchor and file.suffix == ".html":
            assert f'id="{anchor}"' in file.read_text(), link


class TestWithoutScripts:
    """A page is read before its scripts load, or where they are off."""

    @pytest.fixture
    def still(self, browser, site, faults):
        context = browser.new_context(base_url=site, java_script_enabled=False)
        yield context.new_page()
        context.close()

    @pytest.mark.parametrize("name", [name for name in PAGES if "search" not in name])
    def test_shows_text_and_navigation(self, still, name):
        still.goto(name)
        assert still.locator("article h1").is_visible()
        assert still.locator("nav.bd-links a").first.is_visible()
        assert len(still.locator("article").inner_text()) > 200

    def test_shows_equations_figures_and_solutions(self, still):
        still.goto("chapters/batch-norm.html")
        equation = still.locator("[id='equation-eq-x-hat'] math").first
        assert equation.count() == 1
        assert "\\frac" not in still.locator("article").inner_text()
        assert still.locator("figure img").first.is_visible()
        solution = still.locator("details.solution").first
        inside = solution.locator("p").last
        assert not inside.is_visible()
        solution.locator("summary").first.click()
        assert inside.is_visible()


def test_root_leads_to_the_first_page(page, site):
    page.goto("/")
    page.wait_for_url("**/chapters/index.html")


def test_icon_of_the_site_is_there(page, site):
    page.goto(PAGES[0])
    icon = page.locator("link[rel~=icon]").get_attribute("href")
    answer = page.request.get(urljoin(page.url, icon))
    assert answer.ok
    assert "image" in answer.headers["content-type"]
