"""Python in the page: exercises, live cells, stopping, keeping, and no way out."""

import json
import time
from collections.abc import Iterator

import pytest
from built import CHAPTERS, HTML, NARROW, ROOT, WIDE, crowding
from conftest import watched
from live.extension import is_live
from playwright.sync_api import Locator, Page, Request, expect
from test_accessible import assert_accessible

from normlib import checks
from normlib.checks import labels

nbformat = pytest.importorskip("nbformat")

PAGE = "chapters/batch-norm.html"
STUB = "ex-bn-forward-stub"
WRONG = """
def batch_norm_forward(x, gamma, beta, eps):
    x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + eps)
    return gamma * x_hat + beta


checks.check("batch-norm-forward", batch_norm_forward)
"""
RIGHT = WRONG.replace(", ddof=1", "")
TITLE = labels.CHAPTERS["batch-norm"]
ALL = len(checks.progress().chapters[TITLE])


def cell(page: Page, name: str) -> Locator:
    return page.locator(f"#cell-{name}")


def finish(cell: Locator) -> str:
    """Return what a cell shows when its run has ended."""
    expect(cell.get_by_role("button", name="Run")).to_be_visible(timeout=120_000)
    return cell.locator(".live-output").inner_text()


def run(cell: Locator, code: str | None = None) -> str:
    """Run a cell, after writing `code` into it, and return what it shows."""
    if code is not None:
        write(cell, code)
    cell.get_by_role("button", name="Run").click()
    return finish(cell)


def seconds(cell: Locator) -> float:
    """Return how long a run takes, from the click to the result."""
    start = time.monotonic()
    run(cell)
    return time.monotonic() - start


def first(cell: Locator) -> float:
    """Return how long the first run on a page takes."""
    cell.page.reload()
    return seconds(cell) / crowding()


def write(cell: Locator, code: str) -> None:
    """Put code in place of what stands in a cell, as a reader would paste it."""
    if not cell.locator(".cm-content").count():
        cell.get_by_role("button", name="Edit").click()
    cell.locator(".cm-content").click()
    cell.page.keyboard.press("Control+a")
    cell.page.keyboard.insert_text(code.strip())


@pytest.fixture
def stub(page) -> Locator:
    """Return the cell of one exercise, in a browser that remembers nothing."""
    page.goto(PAGE)
    return cell(page, STUB)


@pytest.fixture(scope="module")
def shared(browser, site) -> Iterator[Locator]:
    """Return a cell whose Python has started, for tests that only run code in it."""
    context = browser.new_context(base_url=site, viewport=WIDE)
    faults: list[str] = []
    page = watched(context, faults)
    page.goto(PAGE)
    run(cell(page, STUB), "1")
    yield cell(page, STUB)
    context.close()
    assert faults == []


class TestExercise:
    """The self-check of the notebooks, in the page."""

    def test_empty_stub_counts_as_not_attempted(self, stub):
        assert "Not attempted yet" in run(stub)
        expect(stub.get_by_text("Passed", exact=True)).to_be_hidden()

    def test_mistake_is_named_and_leads_to_its_equation(self, shared):
        shown = run(shared, WRONG)
        assert "Not yet" in shown
        assert "bessel-in-forward" in shown
        equation, _, _ = labels.where("eq-moments").partition(",")
        link = shared.get_by_role("link", name=equation)
        target = link.get_attribute("href").partition("#")[2]
        assert shared.page.locator(f"[id='{target}']").count() == 1

    def test_right_answer_passes_and_is_remembered(self, stub):
        page = stub.page
        assert "Passed" in run(stub, RIGHT)
        for _ in ("now", "after a reload"):
            expect(stub.get_by_text("Passed", exact=True).first).to_be_visible()
            expect(page.locator(".live-progress")).to_contain_text(f"1 of {ALL}")
            page.reload()
        page.goto("chapters/index.html")
        expect(page.locator(".live-progress")).to_contain_text(f"{TITLE}: 1 of {ALL}")

    def test_hint_and_solution_can_be_asked_for(self, shared):
        assert "Hint 1 of 3" in run(shared, 'checks.hint("batch-norm-forward")')
        assert "Hint 2 of 3" in run(shared, 'checks.hint("batch-norm-forward")')
        assert "x.mean(axis=0)" in run(shared, 'checks.solution("batch-norm-forward")')

    def test_answer_that_never_ends_is_named_by_the_check(self, shared):
        endless = RIGHT.replace("    return", "    while True: pass\n    return")
        assert "no-end" in run(shared, endless)

    def test_report_is_announced(self, shared):
        run(shared)
        assert shared.locator(".live-output").get_attribute("aria-live") == "polite"


class TestProgress:
    """What is solved stays in the browser, and goes out and in as a file."""

    @pytest.fixture
    def panel(self, page) -> Locator:
        page.goto("chapters/index.html")
        return page.locator(".live-progress")

    def test_goes_in_and_out_as_the_file_of_the_notebooks(self, panel, tmp_path):
        file = tmp_path / "progress.json"
        file.write_text('{"solved": ["rms-norm", "batch-of-two"]}')
        panel.locator("input[type=file]").set_input_files(file)
        expect(panel).to_contain_text(f"{TITLE}: 1 of {ALL}")
        with panel.page.expect_download() as download:
            panel.get_by_role("button", name="Export").click()
        saved = json.loads(download.value.path().read_text())
        assert saved == {"solved": ["rms-norm", "batch-of-two"]}

    def test_refuses_another_file_and_keeps_what_is_there(self, panel, tmp_path):
        file = tmp_path / "other.json"
        for content in ("{", '{"solved": 3}', '{"solved": [1]}', "null"):
            file.write_text(content)
            panel.locator("input[type=file]").set_input_files(file)
            expect(panel.get_by_role("status")).to_contain_text("no file of progress")
            expect(panel).to_contain_text(f"{TITLE}: 0 of {ALL}")

    def test_is_cleared_only_after_a_yes(self, panel, tmp_path):
        file = tmp_path / "progress.json"
        file.write_text('{"solved": ["batch-of-two"]}')
        panel.locator("input[type=file]").set_input_files(file)
        clear = panel.get_by_role("button", name="Clear")
        panel.page.once("dialog", lambda dialog: dialog.dismiss())
        clear.click()
        expect(panel).to_contain_text(f"{TITLE}: 1 of {ALL}")
        panel.page.once("dialog", lambda dialog: dialog.accept())
        clear.click()
        expect(panel).to_contain_text(f"{TITLE}: 0 of {ALL}")
        panel.page.reload()
        expect(panel).to_contain_text(f"{TITLE}: 0 of {ALL}")


class TestRun:
    """A cell runs, says what happened, and never takes the page with it."""

    def test_first_result_comes_within_four_seconds_and_later_ones_at_once(self, stub):
        assert any(first(stub) < 4 for _ in range(5))
        # The click, the wait and the look of this test are half of that.
        assert any(seconds(stub) / crowding() < 0.2 for _ in range(20))

    def test_endless_loop_is_stopped_and_the_next_run_works(self, stub):
        run(stub)
        write(stub, "print('begun')\nwhile True: pass")
        stub.get_by_role("button", name="Run").click()
        expect(stub.locator(".live-print")).to_have_text("begun\n")
        stub.get_by_role("button", name="Stop").click()
        assert "Stopped" in finish(stub)
        assert "begun" in stub.locator(".live-output").inner_text()
        assert "2" in run(stub, "1 + 1")

    def test_forgotten_loop_ends_by_itself(self, stub):
        run(stub)
        stub.page.clock.install()
        write(stub, "while True: pass")
        stub.get_by_role("button", name="Run").click()
        stub.page.clock.fast_forward(31_000)
        assert "Stopped after 30 seconds" in finish(stub)

    def test_only_one_cell_runs_at_a_time(self, stub):
        other = cell(stub.page, "students")
        write(stub, "while True: pass")
        stub.get_by_role("button", name="Run").click()
        other.get_by_role("button", name="Run").click()
        expect(other.locator(".live-status")).to_contain_text("Another cell")
        stub.get_by_role("button", name="Stop").click()
        assert "0.447" in run(other)

    def test_error_is_shown_with_its_line(self, shared):
        assert 'File "this cell", line 2' in run(shared, "x = 1\nx = = 2")
        assert "SyntaxError" in shared.locator(".live-error").inner_text()
        assert "ZeroDivisionError" in run(shared, "1 / 0")

    def test_what_is_printed_is_text(self, shared):
        shown = run(
            shared, "print('<b>bold</b>')\nimport sys\nprint('&amp;', file=sys.stderr)"
        )
        assert "<b>bold</b>" in shown
        assert "&amp;" in shown
        assert shared.locator(".live-output b").count() == 0

    def test_flood_of_output_is_cut(self, shared):
        shown = run(shared, "for i in range(100_000): print(i)")
        assert "20,000 characters are shown" in shown
        assert len(shown) < 25_000

    def test_cell_sees_the_cells_above_as_they_last_ran(self, shared):
        first = cell(shared.page, "students")
        run(first, "x, _ = data.students()\nx = 10 * x")
        affine = cell(shared.page, "affine-law")
        assert "700" in run(affine, "x")

    def test_missing_packages_are_explained(self, shared):
        assert "torch does not run in the page" in run(shared, "import torch")


@pytest.mark.parametrize(
    "code",
    [
        "import js",
        "from js import fetch",
        "import pyodide_js",
        "from pyodide.http import open_url",
        "import urllib.request as r\nr.urlopen('http://127.0.0.1:9')",
        "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)",
    ],
)
def test_code_has_no_way_out(shared, code):
    blocked(shared, code)


def test_code_has_no_way_out_even_without_the_lock_on_imports(stub):
    run(stub, "import sys\nsys.meta_path.pop(0)\nimport js")
    blocked(stub, "import js\njs.fetch('/')")
    blocked(stub, "import js\njs.XMLHttpRequest.new()")
    blocked(stub, "import js\njs.importScripts('/')")
    blocked(stub, "import js\njs.indexedDB.open('x')")
    blocked(stub, "from pyodide.code import run_js\nrun_js('1')")


def blocked(cell: Locator, code: str) -> None:
    """Run code that must end in an error, without a request."""
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    cell.page.on("request", note)
    shown = run(cell, code + "\nprint('out')")
    cell.page.remove_listener("request", note)
    assert "Error" in shown.splitlines()[-1], code
    assert requests == [], code


class TestKeeping:
    """The browser keeps what the reader wrote."""

    def test_code_survives_a_reload_and_reset_brings_back_the_book(self, stub):
        original = stub.locator("pre").first.inner_text()
        write(stub, "1 + 2 + 3")
        stub.page.reload()
        expect(stub.locator("pre").first).to_have_text("1 + 2 + 3\n")
        expect(stub.locator(".live-status")).to_have_text("Your version.")
        assert "6" in run(stub)
        stub.get_by_role("button", name="Reset").click()
        stub.page.reload()
        assert stub.locator("pre").first.inner_text() == original
        expect(stub.get_by_role("button", name="Reset")).to_be_hidden()

    def test_changed_book_says_so(self, stub):
        write(stub, "1 + 2 + 3")
        stub.page.evaluate(
            """() => { for (const [key, value] of Object.entries(localStorage))
              localStorage[key] = value.replace("def batch", "def old_batch"); }"""
        )
        stub.page.reload()
        expect(stub.locator(".live-status")).to_contain_text("has changed since")
        expect(stub.locator("pre").first).to_have_text("1 + 2 + 3\n")

    def test_damaged_memory_is_ignored(self, stub):
        stub.page.evaluate(
            f"localStorage['normlib-cell:chapters/batch-norm:{STUB}'] = '{{'"
        )
        stub.page.reload()
        assert "Not attempted" in run(stub)


class TestKeyboard:
    """Everything without a mouse."""

    def test_edits_runs_leaves_and_stops(self, stub):
        keyboard = stub.page.keyboard
        stub.get_by_role("button", name="Run").focus()
        keyboard.press("Tab")
        keyboard.press("Enter")
        editor = stub.locator(".cm-content")
        expect(editor).to_be_focused()
        keyboard.press("Control+a")
        keyboard.insert_text("40 + 2")
        keyboard.press("Control+Enter")
        assert "42" in finish(stub)
        expect(editor).to_be_focused()
        keyboard.press("Control+End")
        keyboard.insert_text("0")
        keyboard.press("Shift+Enter")
        assert "60" in finish(stub)
        keyboard.press("Escape")
        keyboard.press("Tab")
        expect(stub.get_by_role("button", name="Run")).to_be_focused()

    def test_tab_indents_inside(self, shared):
        write(shared, "if True:")
        shared.page.keyboard.press("Enter")
        shared.page.keyboard.press("Tab")
        shared.page.keyboard.insert_text("print(7)")
        shared.page.keyboard.press("Control+Enter")
        shown = finish(shared)
        assert shown.strip() == "7"

    def test_focus_goes_to_stop_and_back(self, shared):
        run(shared)
        write(shared, "while True: pass")
        shared.get_by_role("button", name="Run").focus()
        shared.page.keyboard.press("Enter")
        expect(shared.get_by_role("button", name="Stop")).to_be_focused()
        shared.page.keyboard.press("Enter")
        expect(shared.get_by_role("button", name="Run")).to_be_focused()

    def test_editor_has_a_name_and_explains_its_keys(self, shared):
        write(shared, "1")
        editor = shared.locator(".cm-content")
        assert editor.get_attribute("aria-label") == "Exercise batch-norm-forward"
        help = shared.page.locator(f"#{editor.get_attribute('aria-describedby')}")
        assert "Escape" in help.text_content()


def test_text_area_does_the_work_where_the_editor_does_not_load(page, faults):
    page.route("**/editor.js", lambda route: route.abort())
    page.goto(PAGE)
    stub = cell(page, STUB)
    stub.get_by_role("button", name="Edit").click()
    area = stub.get_by_role("textbox")
    area.fill("6 * 7")
    area.press("Control+Enter")
    assert "42" in finish(stub)
    faults.clear()  # the request that this test has broken


def test_lost_connection_is_told_and_the_next_run_tries_again(page, faults):
    page.route("**/numpy.zip", lambda route: route.abort())
    page.goto(PAGE)
    assert "Check the connection" in run(cell(page, STUB))
    page.unroute("**/numpy.zip")
    assert "Not attempted" in run(cell(page, STUB))
    faults.clear()


def test_page_from_disk_says_how_to_serve_it(page):
    page.goto((HTML / PAGE).as_uri())
    for name in ("Run", "Edit"):
        cell(page, STUB).get_by_role("button", name=name).click()
        expect(cell(page, STUB).get_by_text("make serve")).to_be_visible()


def test_nothing_of_python_is_loaded_before_the_first_run(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url.split("/")[-1]))
    page.goto(PAGE, wait_until="networkidle")
    late = ("pyodide", "numpy", "normlib.zip", "editor.js", "worker.js", "book.json")
    assert [url for url in asked if any(part in url for part in late)] == []
    page.goto("chapters/notation.html", wait_until="networkidle")
    assert not [url for url in asked if url.startswith("live.")][2:]


def test_bar_fits_on_a_phone(page):
    page.set_viewport_size(NARROW)
    page.goto(PAGE)
    write(cell(page, STUB), "x = " + "1234567890 + " * 20 + "0\nx, 'y' * 500")
    run(cell(page, STUB))
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    for button in cell(page, STUB).get_by_role("button").all():
        box = button.bounding_box()
        if box:
            assert min(box["width"], box["height"]) >= 24


def test_axe_finds_nothing_in_cells_while_they_are_used(page):
    page.goto(PAGE)
    run(cell(page, "students"), "print('x' * 200)\n1 / 0")
    for answer in (WRONG, RIGHT):
        run(cell(page, STUB), answer)
        assert_accessible(page, ".cell.live")


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_live_cell_runs_and_shows_what_the_notebook_shows(page, name):
    page.goto(name)
    source = nbformat.read(ROOT / name.replace(".html", ".ipynb"), 4)
    for live in filter(is_live, source.cells):
        place = cell(page, live.id)
        built = place.locator(".cell_output").all_inner_texts()
        place.evaluate("e => e.closest('details')?.setAttribute('open', '')")
        shown = run(place)
        assert place.locator(".live-error").count() == 0, f"{live.id}: {shown}"
        text = " ".join(" ".join(built).split())
        if text and "Repeat it with" not in text:
            assert " ".join(shown.split()) == text, live.id


@pytest.mark.parametrize("part", range(4))
def test_every_exercise_in_code_passes_with_its_solution(shared, part):
    """All worked answers, and one mistake of each, on the Python of the page."""
    names = [n for n in checks.exercises() if callable(checks.solution(n).function)]
    names = names[part::4]  # a run may take half a minute, also on a busy machine
    shown = run(shared, EVERY.format(names=names))
    assert shown.split() == names, shown


EVERY = """
for name in {names}:
    checks.check(name, checks.solution(name)).require()
    first, mistake = next(iter(checks.mistakes(name).items()))
    report = checks.check(name, mistake.answer, seed=1)
    if first in (report.mistake or "").split(" or "):
        print(name)
"""
