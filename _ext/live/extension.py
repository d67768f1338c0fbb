"""Sphinx extension: code cells that the reader runs in the page, and their progress.

Live are the stubs of the exercises, cells whose id ends in ``-stub``, and every cell
that its author tags ``live``.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from live import assets
from live.trial import Pages, trial_of_changed
from normlib import checks
from normlib.checks.labels import CHAPTERS

logger = logging.getLogger(__name__)


class ProgressPanel(SphinxDirective):
    """``{progress} batch-norm``: what the reader has solved, in a chapter or in all."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the place that the script fills, with the names of the exercises."""
        chosen = self.arguments[0] if self.arguments else None
        if chosen is not None and chosen not in CHAPTERS:
            raise self.error(f"no chapter {chosen!r}; there are {', '.join(CHAPTERS)}")
        chapters = {
            title: list(names)
            for title, names in checks.progress().chapters.items()
            if chosen is None or title == CHAPTERS[chosen]
        }
        data = escape(json.dumps(chapters))
        html = f'<div class="live-progress" data-chapters="{data}"></div>'
        self.env.metadata[self.env.docname]["progress"] = "shown"
        return [nodes.raw("", html, format="html")]


def is_live(cell: Any) -> bool:
    """Return whether the reader can run a cell of a notebook in the page."""
    stub = cell.id.endswith("-stub")
    return cell.cell_type == "code" and (
        stub or "live" in cell.metadata.get("tags", ())
    )


def pages_of(env: BuildEnvironment) -> Pages:
    """Return the code cells of every page with a live one."""
    pages = {}
    for name in sorted(env.found_docs):
        path = Path(env.doc2path(name))
        notebook = nbformat.read(path, 4) if path.suffix == ".ipynb" else None
        if notebook and any(map(is_live, notebook.cells)):
            code = [cell for cell in notebook.cells if cell.cell_type == "code"]
            live = [cell.id for cell in code if is_live(cell)]
            cells = [(cell.id, cell.source) for cell in code]
            pages[name] = {"cells": cells, "live": live}
    return pages


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Give each live cell of a page the id by which the script finds it."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    notebook = nbformat.read(path, 4)
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            cell = notebook.cells[node["cell_index"]]
            if is_live(cell):
                node["ids"].append(f"cell-{cell.id}")
                node["classes"].append("live")


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each live cell that cannot run in the page."""
    cache = Path(env.mystnb_config.execution_cache_path)
    passed = cache.with_name(".live_cells.json")
    for page, cell, error in trial_of_changed(pages_of(env), passed):
        reason = error.splitlines()[-1]
        logger.warning(
            "live cell %r cannot run in the page: %s", cell, reason, location=page
        )


def add_script(app: Sphinx, page: str, _: str, context: dict, doctree: Any) -> None:
    """Load the script where it is of use, and nowhere else."""
    live = doctree and any(
        "live" in n["classes"] for n in doctree.findall(nodes.container)
    )
    if live or "progress" in app.env.metadata.get(page, ()):
        app.add_css_file("live/live.css")
        app.add_js_file("live/live.js", loading_method="defer", **{"data-page": page})


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the files of Python in the page, and what the pages hold."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "live")
    assets.build(folder)
    book = {
        "pages": {name: page["cells"] for name, page in pages_of(app.env).items()},
        "equations": equations(app),
    }
    (folder / "book.json").write_text(json.dumps(book, ensure_ascii=False))


def equations(app: Sphinx) -> dict[str, str]:
    """Return where in the site each labeled equation stands."""
    labels = app.env.get_domain("math").equations  # type: ignore[attr-defined]
    uri = app.builder.get_target_uri
    return {
        label: f"{uri(page)}#equation-{label}" for label, (page, _) in labels.items()
    }


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the steps."""
    app.add_directive("progress", ProgressPanel)
    app.connect("doctree-read", mark)
    app.connect("env-check-consistency", check)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
