"""Start the browser of this system: Chromium or Chrome, without a window."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
# Only this machine may be asked for anything, by a page or by the browser itself.
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-gpu",
    "--no-sandbox",  # as root, in a container, there is none to use
)


def program() -> str:
    """Return the path of the browser; stop with a sentence if there is none."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        sys.exit(
            f"No Chromium or Chrome found; looked for {', '.join(PROGRAMS)}.\n"
            "On Debian and Ubuntu: sudo apt install chromium"
        )
    return found


@contextmanager
def launch() -> Iterator[Browser]:
    """Yield a running browser, which ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        yield browser
        browser.close()
