"""Run every live cell as the page would, and name those that fail.

Runs in a process of its own, where nothing can be imported that a page lacks:
``trial(pages)`` starts it with the pages as JSON, and reads the faults as JSON.
``trial_of_changed`` leaves out the pages that passed before and are still the same.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from fingerprint import fingerprint

from live.page import Page, close_doors

__all__ = ["Pages", "trial", "trial_of_changed"]

Pages = dict[str, dict[str, list]]
Faults = list[tuple[str, str, str]]

ROOT = Path(__file__).resolve().parents[2]
CODE = ("normlib/**/*.py", "_ext/live/*.py", "constraints.txt")  # behind every page


def trial_of_changed(pages: Pages, file: Path, root: Path = ROOT) -> Faults:
    """Return the faults of all pages, from a trial of those that `file` does not know.

    Parameters
    ----------
    pages : dict
        For each page its ``cells``, names and sources, and the names that are ``live``.
    file : Path
        Holds a digest of each page that passed, and of the code behind it. A page that
        failed is left out, so that it is tried, and reported, again.
    root : Path
        Where the code behind the pages is.
    """
    behind = fingerprint(root, *CODE)
    digests = {
        name: hashlib.sha256(f"{behind}{json.dumps(page)}".encode()).hexdigest()
        for name, page in pages.items()
    }
    passed = read(file)
    changed = {n: page for n, page in pages.items() if passed.get(n) != digests[n]}
    found = trial(changed) if changed else []
    failed = {name for name, *_ in found}
    passed = {name: digests[name] for name in pages if name not in failed}
    file.write_text(json.dumps(passed))
    return found


def read(file: Path) -> dict[str, str]:
    """Return what a file remembers: nothing if it is not there, or damaged."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def trial(pages: Pages) -> Faults:
    """Return page, cell and error of each live cell that cannot run.

    Parameters
    ----------
    pages : dict
        For each page its ``cells``, names and sources, and the names that are ``live``.
    """
    command = [sys.executable, "-m", "live.trial"]
    run = subprocess.run(
        command,
        input=json.dumps(pages),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT / "_ext",
    )
    return [tuple(fault) for fault in json.loads(run.stdout)]


def faults(pages: Pages) -> Faults:
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
