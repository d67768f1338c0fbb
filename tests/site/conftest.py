"""A browser, a server of the built book, and pages on which nothing may go wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import browser as installed
import pytest
from built import HTML, WIDE, largest_paint
from host import serve
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
)


def pytest_sessionstart():
    """Say once, and before any test, what is missing."""
    installed.program()
    if not (HTML / "index.html").exists():
        pytest.exit("No built book in _build/html: run `make book` first.", 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process do the tests of a page that is loaded once, after each other."""

    def name(item: pytest.Item) -> str:
        shares = "load" in getattr(item, "fixturenames", ())
        return item.callspec.params["name"] if shares else "~"

    for item in items:
        if name(item) != "~":
            item.add_marker(pytest.mark.xdist_group(name(item)))
    items.sort(key=name)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Return the address of the built book, served as a real host would."""
    with serve(HTML) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the browser that all tests of a process share."""
    with installed.launch() as browser:
        yield browser


def profile(browser: Browser, site: str) -> BrowserContext:
    """Return a fresh profile: light, wide, nothing stored."""
    context = browser.new_context(base_url=site, viewport=WIDE, color_scheme="light")
    context.set_default_timeout(10_000)
    return context


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """Return a profile that no other test has used."""
    context = profile(browser, site)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, faults: list[str]) -> Page:
    """Return a page whose faults, in any of its loads, fail the test at its end."""
    return watched(context, faults)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """Return the list that `page` writes to; a test of faults empties it."""
    found: list[str] = []
    yield found
    assert found == [], "the page reported faults"


def watched(context: BrowserContext, faults: list[str]) -> Page:
    """Return a new page that writes into `faults` whatever a reader should not get."""

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location["url"]
            faults.append(f"{page.url}: console: {message.text} ({where})")

    def asked(request: Request) -> None:
        if not request.url.startswith((HOME, "file:", "data:", "blob:")):
            faults.append(f"{page.url}: request to another host: {request.url}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # left for another page
            faults.append(f"{page.url}: {request.failure}: {request.url}")

    page = context.new_page()
    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("request", asked)
    page.on("requestfailed", failed)
    return page


@dataclass
class Load:
    """One load of a page, with what was seen meanwhile."""

    name: str
    page: Page
    faults: list[str]
    answers: list[Response] = field(default_factory=list)
    largest_paint: float = 0.0  # ms

    def __post_init__(self) -> None:
        """Load the page to its end, in sight and out of it."""
        self.page.on("response", lambda answer: self.answers.append(answer))
        self.page.add_init_script(WATCH)
        self.page.goto(self.name, wait_until="networkidle")
        self.largest_paint = largest_paint(self.page)
        self.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        self.page.wait_for_load_state("networkidle")

    def reset(self) -> None:
        """Bring back what a test may have changed, but for size and color scheme."""
        self.page.emulate_media(media="screen")
        self.page.evaluate(CLOSE_AND_RETURN)


@pytest.fixture(scope="session")
def loads(browser: Browser, site: str) -> Iterator[Callable[[str], Load]]:
    """Return a function that returns a page, loaded again only if another came between.

    After a failed test, whatever it left behind is not used again.
    """
    kept: list[Load] = []

    def load(name: str) -> Load:
        if kept and (kept[0].name != name or kept[0].faults):
            kept.pop().page.context.close()
        if not kept:
            faults: list[str] = []
            page = watched(profile(browser, site), faults)
            kept.append(Load(name, page, faults))
        return kept[0]

    yield load
    for last in kept:
        last.page.context.close()


@pytest.fixture
def load(
    request: pytest.FixtureRequest, loads: Callable[[str], Load], name: str
) -> Iterator[Load]:
    """Return the load of the page `name`; a fault fails the test that it came in."""
    load, failed = loads(name), request.session.testsfailed
    load.reset()
    yield load
    found = load.faults.copy()
    if request.session.testsfailed > failed:
        load.faults.append("a test failed on this page")
    assert found == [], "the page reported faults"


@pytest.fixture
def loaded(load: Load) -> Page:
    """Return the page `name`, for a test that only looks at it.

    Its folded boxes are closed. A test that needs a size or a scheme calls `look`.
    """
    return load.page


WATCH = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation",
    (e) => window.violations.push(`${e.violatedDirective}: ${e.blockedURI}`));
"""
CLOSE_AND_RETURN = """() => {
  window.opened ??= [...document.querySelectorAll("details[open]")];
  for (const box of document.querySelectorAll("details"))
    box.open = window.opened.includes(box);
  scrollTo(0, 0);
}"""
HOME = "http://127.0.0.1:"
