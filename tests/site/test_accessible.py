"""axe finds nothing on any page: light and dark, wide and narrow, boxes opened."""

import json

import pytest
from built import NARROW, PAGES, ROOT, WIDE, look, open_boxes

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
LOOKS = [("light", WIDE), ("dark", WIDE), ("dark", NARROW), ("light", NARROW)]


def violations(page) -> list[str]:
    """Return what axe has against the page as it is now, with the elements."""
    result = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{v['id']}: {n['html'][:200]} {' '.join(n['failureSummary'].split())[:300]}"
        for v in result["violations"]
        for n in v["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(page, name):
    page.goto(name)
    page.evaluate(AXE)
    found = {}
    for scheme, size in LOOKS:
        look(page, scheme, size)
        found[scheme, size["width"]] = violations(page)
    open_boxes(page)
    look(page, "dark", NARROW)
    found["opened"] = violations(page)
    faults = {str(where): what for where, what in found.items() if what}
    assert not faults, json.dumps(faults, indent=2)
