"""axe finds nothing on any page: light and dark, wide and narrow, boxes opened."""

import json

import pytest
from built import NARROW, PAGES, ROOT, WIDE, look, open_boxes

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
# Only colors differ in the dark.
COLORS = {"runOnly": ["color-contrast", "link-in-text-block"]}
LOOKS = [("light", WIDE, {}), ("dark", WIDE, COLORS), ("light", NARROW, {})]


def violations(page, options: dict | None = None, within: str = "html") -> list[str]:
    """Return what axe has against the page as it is now, with the elements."""
    options = {"resultTypes": ["violations"], **(options or {})}
    result = page.evaluate(f"axe.run({json.dumps(within)}, {json.dumps(options)})")
    return [
        f"{v['id']}: {n['html'][:200]} {' '.join(n['failureSummary'].split())[:300]}"
        for v in result["violations"]
        for n in v["nodes"]
    ]


def assert_accessible(page, within: str = "html") -> None:
    """Fail if axe finds anything on the page, or in a part of it, in any look."""
    page.evaluate(AXE)
    faults = {}
    for scheme, size, options in LOOKS:
        look(page, scheme, size)
        if found := violations(page, options, within):
            faults[f"{scheme}, {size['width']} px"] = found
    assert not faults, json.dumps(faults, indent=2)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(loaded, name):
    open_boxes(loaded)
    assert_accessible(loaded)


def test_axe_finds_nothing_in_closed_boxes(page):
    page.goto("chapters/batch-norm.html")
    assert_accessible(page)
