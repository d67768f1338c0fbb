"""The tests of this folder on pages with planted faults: each fault is found."""

import pytest
from conftest import Load, watched
from host import serve
from test_accessible import AXE, violations
from test_pages import beyond

START = """<!DOCTYPE html><html lang="en"><head><title>A page</title>
<link rel="icon" href="data:,"></head><body><main>"""
PLANTED = {
    "console": ("<h1>Bad</h1><script>console.error('oops')</script>", "oops"),
    "error": ("<h1>Bad</h1><script>throw Error('broken')</script>", "broken"),
    "host": ("<h1>Bad</h1><img src='http://example.org/a.png'>", "example.org/a.png"),
    "missing": ("<h1>Bad</h1><img src='lost.png'>", "404"),
    "policy": (
        "<meta http-equiv='Content-Security-Policy' content=\"img-src 'none'\">"
        "<h1>Bad</h1><img src='lost.png'>",
        "Content Security Policy",
    ),
}
FAULTY = {
    "image-alt": "<h1>Bad</h1><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
    "color-contrast": "<h1 style='color: #ccc; background: #fff'>Faint</h1>",
    "empty-table-header": "<h1>Bad</h1><table><tr><th></th></tr></table>",
    "nested-interactive": "<h1>Bad</h1><summary><a href='#'>a link</a></summary>",
    "button-name": "<h1>Bad</h1><button></button>",
}


@pytest.fixture
def planted(tmp_path):
    """Return a function that serves one page with a body, and its address."""
    with serve(tmp_path) as address:

        def plant(body: str) -> str:
            (tmp_path / "page.html").write_text(START + body)
            return f"{address}/page.html"

        yield plant


@pytest.mark.parametrize(("body", "said"), PLANTED.values(), ids=PLANTED)
def test_fault_on_a_page_is_reported(context, planted, body, said):
    faults: list[str] = []
    page = watched(context, faults)
    page.goto(planted(body), wait_until="networkidle")
    assert any(said in fault for fault in faults), faults


def test_load_keeps_its_faults_for_the_test_that_comes(context, planted):
    faults: list[str] = []
    body, said = PLANTED["error"]
    load = Load(planted(body), watched(context, faults), faults)
    assert any(said in fault for fault in load.faults), faults


def test_good_page_has_no_fault(page, planted):
    page.goto(planted("<h1>Good</h1>"))
    page.evaluate(AXE)
    assert violations(page) == []


@pytest.mark.parametrize(("rule", "body"), FAULTY.items(), ids=FAULTY)
def test_axe_reports_a_barrier(page, planted, rule, body):
    page.goto(planted(body))
    page.evaluate(AXE)
    assert any(fault.startswith(rule) for fault in violations(page))


def test_wide_table_is_seen_to_stick_out(page, planted):
    page.goto(planted("<table style='width: 3000px'><tr><td>wide</table>"))
    assert any("<table" in element for element in beyond(page))
