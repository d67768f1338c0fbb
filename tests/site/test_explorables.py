"""The explorables: by mouse, touch and keyboard, in every look, and without scripts."""

import re

import numpy as np
import pytest
from built import DOCUMENTS, HTML, NARROW, ROOT, WIDE, look
from playwright.sync_api import Locator, expect
from test_accessible import AXE

from normlib import batch_norm, normalize, normalize_vjp

SCRIPTS = {path.stem for path in ROOT.glob("chapters/_static/explorables/*.js")}
NAMES = sorted(SCRIPTS - {"formulas", "draw", "core"})
PLACED = {
    name: f"{document}.html"
    for document in DOCUMENTS
    for name in re.findall(
        r'data-explorable="(\w+)"', (HTML / f"{document}.html").read_text()
    )
}
every = pytest.mark.parametrize("name", NAMES)


def opened(page, name: str) -> Locator:
    """Return the explorable, on its page, scrolled into view."""
    page.goto(PLACED[name])
    return shown(page, name)


def shown(page, name: str) -> Locator:
    place = page.locator(f"[data-explorable={name}]")
    place.scroll_into_view_if_needed()
    return place


def words(place: Locator) -> str:
    return place.get_by_role("status").inner_text()


def numbers(text: str) -> list[float]:
    """Return the numbers in a text, whose minus is a true minus sign."""
    return [float(n.replace("−", "-")) for n in re.findall(r"−?\d+\.\d+", text)]


def slide(place: Locator, label: str, value: float) -> None:
    """Move the slider with this label."""
    place.get_by_label(label, exact=True).evaluate(
        """(input, value) => {
          input.value = value;
          input.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        value,
    )


def texts(place: Locator) -> list[str]:
    """Return the texts of the picture."""
    return place.locator("svg text").all_text_contents()


def boxes(place: Locator, selector: str) -> list[dict[str, float]]:
    """Return where the elements of an explorable are, in pixels."""
    read = "all => all.map(e => e.getBoundingClientRect().toJSON())"
    return place.locator(selector).evaluate_all(read)


def center(handle: Locator) -> tuple[float, float]:
    box = handle.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def touch_drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Put a finger down, move it, lift it."""
    session = page.context.new_cdp_session(page)
    for kind, points in (("Start", [start]), ("Move", [end]), ("End", [])):
        at = [{"x": x, "y": y} for x, y in points]
        event = {"type": f"touch{kind}", "touchPoints": at}
        session.send("Input.dispatchTouchEvent", event)


def test_each_explorable_is_in_the_book():
    assert set(PLACED) == set(NAMES)


def test_pages_without_one_load_none_of_it():
    for document in DOCUMENTS:
        html = (HTML / f"{document}.html").read_text()
        assert ("explorables/" in html) == ("data-explorable" in html), document
        loaded = set(re.findall(r"explorables/(\w+)\.js", html))
        wanted = {name for name, page in PLACED.items() if page == f"{document}.html"}
        assert loaded & set(NAMES) == wanted


@every
class TestEach:
    """What holds for every explorable."""

    def test_answers_to_the_keyboard_and_starts_over(self, page, name):
        place = opened(page, name)
        first, seen = words(place), set()
        sliders = place.locator("input[type=range]:enabled, svg [tabindex='0']")
        for i in range(sliders.count()):
            slider = sliders.nth(i)
            slider.focus()
            before = words(place)
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
            if words(place) == before:  # it was at its end
                page.keyboard.press("ArrowLeft")
            assert words(place) != before
            seen.add(words(place))
            inside = "place => place.contains(document.activeElement)"
            assert place.evaluate(inside), "focus is lost"
        assert len(seen) > 1
        place.get_by_role("button", name="Start over").press("Enter")
        assert words(place) == first

    def test_is_reached_and_left_by_tab(self, page, name):
        place = opened(page, name)
        place.evaluate(
            """place => {
              const before = document.createElement("button");
              place.before(before);
              before.focus();
            }"""
        )
        inside = "place => place.contains(document.activeElement)"
        page.keyboard.press("Tab")
        assert place.evaluate(inside)
        for _ in range(30):
            page.keyboard.press("Tab")
            if not place.evaluate(inside):
                return
        pytest.fail("Tab does not lead out")

    def test_speaks_when_it_rests(self, page, name):
        place = opened(page, name)
        status = place.get_by_role("status")
        expect(status).to_have_attribute("aria-busy", "false")
        slider = place.locator("input[type=range]:enabled").first
        busy = slider.evaluate(
            """(slider) => {
              slider.stepDown();
              slider.dispatchEvent(new Event("input", { bubbles: true }));
              return slider.closest(".live").querySelector("[aria-busy]").ariaBusy;
            }"""
        )
        assert busy == "true"
        expect(status).to_have_attribute("aria-busy", "false")

    def test_axe_finds_nothing_after_a_move(self, page, name):
        place = opened(page, name)
        page.evaluate(AXE)
        tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
        run = f"axe.run('[data-explorable={name}]', {{runOnly: {tags}}})"
        for scheme, size in (("light", WIDE), ("dark", NARROW)):
            look(page, scheme, size)
            place.locator("input[type=range]:enabled").first.press("ArrowRight")
            found = page.evaluate(run)["violations"]
            assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []

    def test_nothing_is_cut_off_or_too_small_to_hit(self, page, name):
        place = opened(page, name)
        for size in (WIDE, NARROW):
            look(page, "light", size)
            frame = boxes(place, "svg")[0]
            for words, box in zip(texts(place), boxes(place, "svg text"), strict=True):
                assert box["left"] >= frame["left"] - 0.5, words
                assert box["right"] <= frame["right"] + 0.5, words
                assert box["bottom"] <= frame["bottom"] + 0.5, words
                assert min(box["width"], box["height"]) >= 5, words
            for target in ("button", "input[type=range]", "label", ".grip", ".cell"):
                for box in boxes(place, target):
                    small = min(box["width"], box["height"])
                    assert small >= (24 if target != "label" else 14), target

    def test_works_from_disk(self, page, name):
        page.goto((HTML / PLACED[name]).as_uri())
        place = shown(page, name)
        first = words(place)
        place.locator("input[type=range]:enabled").first.press("ArrowRight")
        assert words(place) != first

    def test_is_a_described_picture_without_scripts(self, browser, site, name):
        context = browser.new_context(base_url=site, java_script_enabled=False)
        page = context.new_page()
        place = opened(page, name)
        picture = place.get_by_role("img")
        assert picture.is_visible()
        assert len(picture.get_attribute("aria-label")) > 60
        assert place.locator("svg text").count() > 3
        assert place.locator("[tabindex], [role=slider], button, input").count() == 0
        context.close()

    def test_does_not_jump_when_it_comes_to_life(self, browser, page, site, name):
        context = browser.new_context(base_url=site, java_script_enabled=False)
        context.new_page()
        still, live = opened(context.pages[0], name), opened(page, name)
        assert boxes(still, "svg")[0]["height"] == boxes(live, "svg")[0]["height"]
        assert texts(still) == texts(live)
        context.close()

    def test_prints_as_a_picture(self, page, name):
        place = opened(page, name)
        page.emulate_media(media="print")
        assert place.locator("svg").is_visible()
        assert not place.locator(".panel").is_visible()

    def test_moves_only_when_moved(self, page, name):
        page.emulate_media(reduced_motion="reduce")
        place = opened(page, name)
        for button in place.get_by_role("button").all():
            button.click()
        running = "place => place.getAnimations({ subtree: true }).length"
        assert place.evaluate(running) == 0

    def test_follows_the_theme(self, page, name):
        place = opened(page, name)
        fill = "place => getComputedStyle(place.querySelector('text')).fill"
        fills = []
        for scheme in ("light", "dark"):
            look(page, scheme, WIDE)
            fills.append(numbers_of(place.evaluate(fill)).mean())
        assert fills[0] < 90
        assert fills[1] > 160


def numbers_of(color: str) -> np.ndarray:
    return np.array(re.findall(r"\d+", color)[:3], dtype=float)


def batch_of(place: Locator) -> np.ndarray:
    """Return the values that the handles of `batch` say they have."""
    said = place.get_by_role("slider", name=re.compile(r"value \d")).all()
    return np.array([float(s.get_attribute("aria-valuenow")) for s in said])


class TestNumbers:
    """What the explorables show is what `normlib` computes."""

    @pytest.mark.parametrize("by", ["mouse", "touch"])
    def test_batch_drags(self, browser, site, by):
        context = browser.new_context(base_url=site, viewport=NARROW, has_touch=True)
        page = context.new_page()
        place = opened(page, "batch")
        start = center(place.get_by_role("slider", name="value 2 of 5"))
        end = (start[0] + 90, start[1] + 40)
        before = batch_of(place)
        if by == "touch":
            touch_drag(page, start, end)
        else:
            page.mouse.move(*start)
            page.mouse.down()
            page.mouse.move(*end, steps=4)
            page.mouse.up()
            page.mouse.move(0, 0)
        x = batch_of(place)
        np.testing.assert_array_equal(x != before, [False, True, False, False, False])
        x_hat, _ = normalize(x, (0,), 1e-5)
        expected = [x.mean(), x.var(), *x_hat, 2.0]
        np.testing.assert_allclose(numbers(words(place)), expected, atol=0.0051)
        context.close()

    def test_gain(self, page):
        place = opened(page, "gain")
        slide(place, "standard deviation σ", -3)
        assert "301.5 with ε inside" in words(place)
        assert "990.1 with ε outside" in words(place)

    def test_undo_undoes_one_batch_and_not_the_next(self, page):
        place = opened(page, "undo")
        place.get_by_role("button", name="Undo this batch").click()
        gamma, beta, off, *right = numbers(words(place))
        assert (gamma, beta, off) == (*right, 0)
        place.get_by_role("button", name="Next batch").click()
        assert numbers(words(place))[2] > 0.2

    def test_running_expects_what_the_law_says(self, page):
        place = opened(page, "running")
        slide(place, "momentum α", -1)
        slide(place, "batch size m", 3)  # 16
        noise = 0.1 / 1.9 * 4 / 16
        variance = 4 * (2 * 0.1 / 1.9 / 15) ** 0.5
        got = numbers(words(place))
        np.testing.assert_allclose(got[1:3], [2, noise**0.5], atol=0.0051)
        np.testing.assert_allclose(got[4:6], [4, variance], atol=0.0051)
        assert abs(got[0] - 2) < 4 * noise**0.5

    def test_renorm_agrees_with_inference_when_its_clips_open(self, page):
        place = opened(page, "renorm")
        slide(place, "rmax", 2)
        slide(place, "dmax", 2)
        assert words(place).startswith("r = 0.50; d = 2.00.")
        assert words(place).endswith("agree.")
        slide(place, "rmax", 1)
        assert "r = 1.00, clipped from 0.50" in words(place)

    def test_axes_count_means(self, page):
        place = opened(page, "axes")
        expected = {"Layer": 3, "Group": 6, "Instance": 12, "Batch": 4}
        for layer, means in expected.items():
            place.get_by_role("radio", name=f"{layer} norm").check()
            assert len({text for text in texts(place) if text.isdigit()}) == means
            assert f": {means} means, each over" in words(place)
            assert f"= {48 // means} values" in words(place)

    def test_axes_show_the_set_of_a_cell(self, browser, site):
        context = browser.new_context(base_url=site, has_touch=True)
        page = context.new_page()
        place = opened(page, "axes")
        place.get_by_label("sample 1, channel 2, position 3").hover()
        assert "sample 1, channel 2, position 3" in words(place)
        assert place.locator(".shared").count() == 12
        place.get_by_label("sample 2, channel 3, position 0").tap()
        assert "sample 2, channel 3, position 0" in words(place)
        place.get_by_label("sample 2, channel 3, position 0").focus()
        page.keyboard.press("ArrowUp")
        focused = page.locator(":focus").get_attribute("aria-label")
        assert focused.startswith("sample 1, channel 3, position 2")
        page.keyboard.press("Home")
        assert "sample 1, channel 0, position 2" in words(place)
        context.close()

    def test_projection_keeps_what_normlib_keeps(self, page):
        place = opened(page, "projection")
        tip = place.get_by_role("slider", name="dx̂ in the plane")
        tip.drag_to(place.locator("svg"), target_position={"x": 40, "y": 60})
        got = np.array(numbers(words(place)))
        x_hat, dx_hat, dx = got[:3], got[3:6], got[-3:]
        expected = normalize_vjp(dx_hat, x_hat, np.ones(1), (0,))
        np.testing.assert_allclose(dx, expected, atol=0.03)
        np.testing.assert_allclose(got[6], dx_hat.mean(), atol=0.0101)

    def test_projection_lets_nothing_along_x_hat_pass(self, page):
        place = opened(page, "projection")
        angle = place.get_by_role("slider", name="x̂ on its circle")
        for _ in range(9):  # from 30 to 75 degrees, where dx_hat points
            angle.press("ArrowRight")
        assert numbers(words(place))[-3:] == [0, 0, 0]


def test_a_batch_of_two_has_one_bit(page):
    place = opened(page, "batch")
    slide(place, "values m", 2)
    y, _ = batch_norm(batch_of(place)[:, None], np.ones(1), np.zeros(1))
    shown = numbers(words(place))[2:4]
    np.testing.assert_allclose(shown, y.ravel(), atol=0.0051)
    np.testing.assert_allclose(np.abs(shown), 1, atol=0.0051)
