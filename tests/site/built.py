"""The built book: its folder, its pages, and the ways in which they are looked at."""

import time
from pathlib import Path

from playwright.sync_api import Page
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent.parent
HTML = ROOT / "_build" / "html"
DOCUMENTS = list(parse_toc_yaml(ROOT / "_toc.yml"))
CHAPTERS = [f"{doc}.html" for doc in DOCUMENTS if (ROOT / f"{doc}.ipynb").exists()]
PAGES = [f"{doc}.html" for doc in [*DOCUMENTS, "search"]]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def look(page: Page, scheme: str, size: dict[str, int]) -> None:
    """Show the page in a color scheme and a size, and let its scripts react."""
    page.emulate_media(color_scheme=scheme)
    if page.viewport_size != size:
        page.set_viewport_size(size)
        page.wait_for_timeout(500)  # the theme waits 300 ms after the last resize
    page.evaluate(AT_REST)


AT_REST = """async () => {
  await new Promise(requestAnimationFrame);  // by then a script knows of a new scheme
  const moving = document.getAnimations().map((a) => a.finished);
  const late = new Promise((done) => setTimeout(done, 500));  // a cursor never ends
  await Promise.race([Promise.allSettled(moving), late]);
}"""


def open_boxes(page: Page) -> None:
    """Open every folded box of a page: hints, solutions, code."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def largest_paint(page: Page) -> float:
    """Return after how many ms the largest content of a page was painted."""
    return page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) =>
          done(list.getEntries().at(-1).startTime)
        ).observe({ type: "largest-contentful-paint", buffered: true }))"""
    )


def crowding() -> float:
    """Return how often this process must wait for a core: 1 on a machine at rest.

    A limit in seconds is multiplied by it, so that it judges the page and not whatever
    else the machine has to do.
    """
    start, worked = time.monotonic(), time.process_time()
    while time.process_time() < worked + 0.2:
        pass
    return max(1, (time.monotonic() - start) / 0.2)
