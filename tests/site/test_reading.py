"""What a reader does: search, print, copy, download, walk, with mouse and keyboard."""

import json

import pytest
from built import CHAPTERS, DOCUMENTS, NARROW, WIDE, look, open_boxes
from playwright.sync_api import expect

CHAPTER = "chapters/batch-norm.html"
FOLLOWING = CHAPTERS[CHAPTERS.index(CHAPTER) + 1]


def test_search_finds_a_word_and_opens_its_page(page):
    page.goto(CHAPTER)
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").fill("whitening")
    page.keyboard.press("Enter")
    hit = page.locator("#search-results a", has_text="Data preprocessing").first
    hit.click()
    page.wait_for_url("**/chapters/preprocessing.html**")
    expect(page.locator(".highlighted").first).to_be_attached()


def test_search_shows_an_equation_once(page):
    page.goto("search.html?q=covariance")
    found = page.locator("#search-results .context")
    expect(found.first).to_be_attached()
    page.wait_for_load_state("networkidle")
    shown = " ".join(found.all_inner_texts())
    assert "\\" not in shown
    assert "Show code cell" not in shown


def test_search_says_when_it_finds_nothing(page):
    page.goto("search.html?q=zzzzzz")
    expect(page.locator("#search-results")).to_contain_text("did not match")


def test_next_leads_through_the_whole_book_and_previous_back(page):
    page.goto(f"{DOCUMENTS[0]}.html")
    for document in DOCUMENTS[1:]:
        page.locator("a.right-next").click()
        page.wait_for_url(f"**/{document}.html")
    page.go_back()  # Sphinx writes the index itself, without a way back
    for document in DOCUMENTS[-3::-1]:
        page.locator("a.left-prev").click()
        page.wait_for_url(f"**/{document}.html")


def test_copy_button_copies_the_code(page, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(CHAPTER)
    cell = page.locator("div.cell_input div.highlight").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_can_be_downloaded(loaded, name):
    link = loaded.locator("a.btn-download-source-button")
    answer = loaded.request.get(link.evaluate("a => a.href"))
    assert answer.ok
    assert link.evaluate("a => a.href").endswith(".ipynb")
    assert json.loads(answer.text())["cells"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_and_cited_equations_are_numbered(loaded, name):
    captions = loaded.locator("figure figcaption").all_inner_texts()
    assert all(caption.startswith("Fig.") for caption in captions)
    labeled = loaded.locator("div.math[id^=equation-]")
    numbers = labeled.locator(".eqno").all_inner_texts()
    assert len(numbers) == labeled.count()
    assert all("(" in number for number in numbers)


@pytest.mark.parametrize("kind", [".katex-display", "figure"])
def test_what_is_wider_than_a_phone_scrolls_in_itself_by_keyboard(page, kind):
    page.goto("chapters/batch-norm-backward.html")
    look(page, "light", NARROW)
    wide = page.locator(f"article {kind}[tabindex='0']").first
    wide.focus()
    page.keyboard.press("ArrowRight")
    handle = wide.element_handle()
    page.wait_for_function("e => e.scrollLeft > 0", arg=handle)


def test_first_tab_stop_skips_to_the_text(page):
    page.goto(CHAPTER)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert "Skip to main content" in link.inner_text()
    assert page.evaluate(FOCUS)["shown"]
    page.keyboard.press("Enter")
    page.wait_for_url("**#main-content")


def test_each_tab_stop_is_seen(page):
    page.emulate_media(reduced_motion="reduce")  # or the page is still on its way
    page.goto(CHAPTER)
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        where = page.evaluate(FOCUS)
        assert where["shown"], where
        assert where["marked"], where
        seen.add(where["html"])
    assert len(seen) > 40, "the focus goes in circles"


FOCUS = """async () => {
  await Promise.all(document.getAnimations().map((a) => a.finished));
  const element = document.activeElement;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    html: element.outerHTML.slice(0, 200),
    shown: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    marked: style.outlineStyle !== "none" || style.boxShadow !== "none",
  };
}"""


def press_until(page, key: str, selector: str, limit: int = 100) -> None:
    """Press a key until the focus is on what the selector names."""
    for _ in range(limit):
        page.keyboard.press(key)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{limit} times {key} do not lead to {selector}")


def test_chapter_is_worked_through_by_keyboard_alone(page):
    page.goto("chapters/preprocessing.html")
    press_until(page, "Tab", f"nav.bd-links a[href='{CHAPTER.split('/')[1]}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{CHAPTER}")
    press_until(page, "Tab", "a.skip-link, #pst-skip-link a")
    page.keyboard.press("Enter")
    page.wait_for_url("**#main-content")
    press_until(page, "Tab", ".live-bar button:not(.live-run)")  # Edit
    page.keyboard.press("Enter")
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("40 + 2")
    page.keyboard.press("Control+Enter")
    live = page.locator(".cell.live", has=page.locator(".cm-editor"))
    expect(live.locator(".live-output")).to_contain_text("42", timeout=120_000)
    page.keyboard.press("Escape")
    press_until(page, "Tab", "details.solution > summary", limit=200)
    page.keyboard.press("Enter")
    assert page.locator("details.solution").first.evaluate("box => box.open")
    press_until(page, "Tab", "a.right-next", limit=400)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{FOLLOWING}")


def test_menu_of_a_phone_opens_and_closes_by_keyboard(page):
    page.set_viewport_size(NARROW)
    page.goto(CHAPTER)
    menu = page.locator("nav.bd-links")
    expect(menu).not_to_be_visible()
    page.locator(".primary-toggle").first.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).not_to_be_visible()


def test_hint_and_solution_open_by_keyboard(page):
    page.goto(CHAPTER)
    for kind in ("hint", "solution"):
        box = page.locator(f"details.{kind}").first
        box.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert box.evaluate("box => box.open")
        page.keyboard.press("Enter")
        assert not box.evaluate("box => box.open")


def test_reader_chooses_light_or_dark_and_keeps_it(page):
    page.goto(CHAPTER)
    theme = page.locator("html")
    page.locator(".theme-switch-button:visible").click()
    chosen = theme.get_attribute("data-mode")
    page.goto(CHAPTERS[0])
    assert theme.get_attribute("data-mode") == chosen != "auto"


@pytest.mark.parametrize("name", CHAPTERS)
class TestPrint:
    """A printed chapter."""

    def test_shows_no_buttons_and_clips_no_code(self, loaded, name):
        loaded.emulate_media(media="print")
        loaded.set_viewport_size({"width": 680, "height": 960})  # A4 less its margins
        open_boxes(loaded)
        loaded.evaluate("scrollTo(0, 5000)")
        loaded.evaluate("scrollTo(0, 4000)")  # now the theme offers a way to the top
        assert loaded.locator("#pst-back-to-top").count() == 1
        assert (
            loaded.locator("button:visible, details.hide > summary:visible").count()
            == 0
        )
        assert loaded.locator("nav.bd-links").is_visible() is False
        clipped = loaded.locator("article pre:visible").evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1)"
            ".map(e => e.textContent.slice(0, 80))"
        )
        assert clipped == []

    def test_opens_its_boxes_and_closes_them_again(self, loaded, name):
        closed = loaded.locator("details:not([open])")
        before = closed.count()
        loaded.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert closed.count() == 0
        assert before or name != CHAPTER  # a page of tables may have none
        loaded.evaluate("dispatchEvent(new Event('afterprint'))")
        assert closed.count() == before


def test_dark_page_shows_every_figure_on_its_card(page):
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(WIDE)
    page.goto(CHAPTER)
    grounds = page.locator("figure img").evaluate_all(
        "all => all.map(i => getComputedStyle(i).backgroundColor)"
    )
    assert set(grounds) == {"rgb(255, 255, 255)"}
