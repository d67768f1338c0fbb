"""Run every live cell as the page would, and name those that fail.

Runs in a process of its own, where nothing can be imported that a page lacks:
``trial(pages)`` starts it with the pages as JSON, and reads the faults as JSON.
"""

import json
import subprocess
import sys
from pathlib import Path

from live.page import Page, close_doors

__all__ = ["Pages", "trial"]

Pages = dict[str, dict[str, list]]


def trial(pages: Pages) -> list[tuple[str, str, str]]:
    """Return page, cell and error of each live cell that cannot run.

    Parameters
    ----------
    pages : dict
        For each page its ``cells``, names and sources, and the names that are ``live``.
    """
    command = [sys.executable, "-m", "live.trial"]
    folder = Path(__file__).resolve().parents[1]
    run = subprocess.run(
        command,
        input=json.dumps(pages),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=folder,
    )
    return [tuple(fault) for fault in json.loads(run.stdout)]


def faults(pages: Pages) -> list[tuple[str, str, str]]:
    """Do the work of `trial` in this process, which is of no other use afterwards."""
    close_doors()
    found = []
    for name, page in pages.items():
        sources = dict(page["cells"])
        for cell in page["live"]:
            errors = errors_of(Page(page["cells"]), cell, sources[cell])
            found += [(name, cell, error) for error in errors]
    return found


def errors_of(page: Page, cell: str, code: str) -> list[str]:
    """Return the tracebacks, at most one, of running a cell."""
    shown: list[tuple[str, str]] = []
    page.run(cell, code, lambda *piece: shown.append(piece))
    return [text for kind, text in shown if kind == "error"]


if __name__ == "__main__":
    print(json.dumps(faults(json.load(sys.stdin))))
