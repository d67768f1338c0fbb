"""What the tests share: seeded numbers, shapes, tolerances, and the book's files."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.glob("chapters/*.ipynb"))
SITE = ROOT / "tests" / "site"

# No two sizes of a shape are equal: a wrong axis or a missing keepdims cannot hide.
SHAPES = [(7, 4), (3, 4, 5), (5, 6, 2, 3)]

# Large enough that a forgotten eps is an error of percents, not of 1e-7.
EPS = 0.3

# Largest error allowed where both sides compute in float64.
TOLERANCE = {
    "float64": {"rtol": 1e-12, "atol": 1e-12},
}

settings.register_profile("book", derandomize=True, deadline=None, database=None)
settings.load_profile("book")


def names_site(config: pytest.Config) -> bool:
    """Return whether the command line asks for the tests that need a browser."""
    named = [Path(argument).resolve() for argument in config.args]
    return any(SITE in (path, *path.parents) for path in named)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the built site to `make site-test`, which has a browser and a build."""
    return True if collection_path == SITE and not names_site(config) else None


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Say what a green line does not cover."""
    if not names_site(config):
        terminalreporter.write_line(
            "Not tested here: the built site. `make site-test` does it, in a browser."
        )


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with the same seed for every test."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Keep every test out of the reader's file of solved exercises."""
    monkeypatch.setenv("NORMLIB_PROGRESS", str(tmp_path / "progress.json"))


def cells(notebook: Path, kind: str) -> list[dict]:
    """Return the cells of `kind`, each with its source as one string."""
    return [
        cell | {"source": "".join(cell["source"])}
        for cell in json.loads(notebook.read_text())["cells"]
        if cell["cell_type"] == kind
    ]
