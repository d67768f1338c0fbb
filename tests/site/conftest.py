"""A browser, a server of the built book, and pages on which nothing may go wrong."""

from collections.abc import Iterator

import browser as installed
import pytest
from built import HTML, WIDE
from host import serve
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request


def pytest_sessionstart():
    """Say once, and before any test, what is missing."""
    installed.program()
    if not (HTML / "index.html").exists():
        pytest.exit("No built book in _build/html: run `make book` first.", 1)


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


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """Return a fresh profile: light, wide, nothing stored."""
    context = browser.new_context(base_url=site, viewport=WIDE, color_scheme="light")
    context.set_default_timeout(10_000)
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
            faults.append(f"{page.url}: console: {message.text}")

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


HOME = "http://127.0.0.1:"
