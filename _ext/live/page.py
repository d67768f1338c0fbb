"""Run a cell of a page: after what it needs from the cells above, and nothing else.

This module runs in the reader's browser, on Pyodide. When the book is built it runs
too, so that a live cell that cannot work in the page is found there.
"""

import ast
import contextlib
import importlib.abc
import json
import linecache
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live.slicing import needed, statements

__all__ = ["Page", "close_doors", "start"]

LIMIT = 20_000  # characters of output; more would slow the page down
AT_ONCE = 100  # pieces of printed text that do not wait
PAUSE = 0.05  # seconds between two pieces after that
SCRATCH = tempfile.TemporaryDirectory()
PROGRESS = Path(SCRATCH.name, "progress.json")
HERE = "this cell"
HEAVY = ("torch", "matplotlib", "sklearn", "scipy", "IPython", "myst_nb")
DOORS = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "micropip")

Emit = Callable[[str, str], object]


class Page:
    """The code cells of one page, each as its author wrote it or as last run.

    Parameters
    ----------
    cells : list of (str, str)
        Name and source of each code cell, in order.
    """

    def __init__(self, cells: list[tuple[str, str]]) -> None:
        self.cells = dict(cells)

    def warm(self) -> None:
        """Read all cells once, so that the next run does not have to."""
        for source in self.cells.values():
            statements(source)

    def run(self, cell: str, code: str, emit: Emit, progress: str = "") -> str:
        """Run `code` in place of `cell`, and return what the exercises recorded.

        Parameters
        ----------
        cell : str
            Name of the cell; those above it are what the code can see.
        code : str
            What the reader made of it.
        emit : callable
            Called with a kind ("print", "warn", "text", "html" or "error") and a text.
        progress : str, default ""
            The file of solved exercises, as `normlib.checks` writes it.

        Returns
        -------
        str
            That file afterwards.
        """
        os.environ["NORMLIB_PROGRESS"] = str(PROGRESS)
        PROGRESS.write_text(progress or '{"solved": []}')
        printed, warned = Printed("print", emit), Printed("warn", emit)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned):
            try:
                value = self._value(cell, code)
                self.cells[cell] = code
                if value is not None:
                    printed.flush()
                    emit(*_shown(value))
            except BaseException as error:
                printed.flush()
                emit("error", _explained(error))
        printed.flush()
        warned.flush()
        return PROGRESS.read_text() if PROGRESS.exists() else progress

    def _value(self, cell: str, code: str) -> Any:
        """Return the value of the last line of `code`, if it is an expression."""
        _remember(HERE, code)
        tree = ast.parse(code, HERE)
        names = list(self.cells)
        above = [(name, self.cells[name]) for name in names[: names.index(cell)]]
        namespace: dict[str, Any] = {"__name__": "__main__"}
        with contextlib.redirect_stdout(None):
            for name, statement in needed(above, code):
                _remember(f"cell {name}", self.cells[name])
                _execute([statement.node], f"cell {name}", namespace)
        last = tree.body[-1:]
        if not last or not isinstance(last[0], ast.Expr) or code.rstrip().endswith(";"):
            return _execute(tree.body, HERE, namespace)
        _execute(tree.body[:-1], HERE, namespace)
        return eval(compile(ast.Expression(last[0].value), HERE, "eval"), namespace)


class Printed:
    """A stream that hands on what is printed, piece by piece, up to a limit."""

    def __init__(self, kind: str, emit: Emit) -> None:
        self.kind, self.emit = kind, emit
        self.room, self.sent, self.last = LIMIT, 0, 0.0
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        """Keep `text` until it is time for the next piece."""
        if self.room > 0:
            self.pieces.append(text[: self.room])
            self.room -= len(text)
            if self.room <= 0:
                self.pieces.append(f"\n… and more; {LIMIT:,} characters are shown.\n")
            if self.sent < AT_ONCE or time.monotonic() > self.last + PAUSE:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Hand on what was kept."""
        if self.pieces:
            self.emit(self.kind, "".join(self.pieces))
            self.sent += 1
        self.pieces, self.last = [], time.monotonic()


class _Closed(importlib.abc.MetaPathFinder):
    """Says why a module cannot be imported, where Python would find it or not."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        root = name.partition(".")[0]
        if root in HEAVY:
            raise ModuleNotFoundError(
                f"{root} does not run in the page; download the notebook to use it",
                name=root,
            )
        if root in DOORS:
            raise ModuleNotFoundError(
                f"{root} is closed: code in the page has no network", name=root
            )


def start(cells: str, ran: str) -> Page:
    """Return a page from JSON: all its cells, and those that ran before a restart."""
    page = Page(json.loads(cells))
    page.cells.update(json.loads(ran))
    close_doors()
    return page


def close_doors() -> None:
    """Let no later import reach the browser, or what a browser does not have."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in HEAVY + DOORS:
            del sys.modules[name]
    sys.meta_path.insert(0, _Closed())


def _execute(body: list[ast.stmt], filename: str, namespace: dict[str, Any]) -> None:
    exec(compile(ast.Module(body, []), filename, "exec"), namespace)


def _remember(filename: str, source: str) -> None:
    """Let tracebacks, and `inspect`, find the lines of a cell."""
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)


def _shown(value: Any) -> tuple[str, str]:
    """Return a value as the notebook would show it; only normlib may write HTML."""
    own = type(value).__module__.startswith("normlib.")
    if own and hasattr(value, "_repr_html_"):
        return "html", value._repr_html_()
    text = repr(value)
    cut = f"\n… and more; {LIMIT:,} characters are shown."
    return "text", text if len(text) <= LIMIT else text[:LIMIT] + cut


def _explained(error: BaseException) -> str:
    """Return the traceback without the frames of this module and of libraries."""
    whole = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = whole
    while link is not None:
        own = [frame for frame in link.stack if frame.filename in linecache.cache]
        link.stack[:] = [f for f in own if f.filename.startswith((HERE, "cell "))]
        link = link.__cause__ or link.__context__
    return "".join(whole.format()).rstrip()
