"""Serve MathJax from the book itself, so that equations need no network.

The files come from the package `sphinx-mathjax-offline`. Its own extension copies all
of them (24 MB); a page needs one script, the fonts, and the parts of TeX that the
script loads when an equation asks for them (2 MB).
"""

import shutil
from importlib.metadata import files
from pathlib import Path

from sphinx.application import Sphinx

SCRIPT = "tex-mml-chtml.js"
FOLDERS = ("output/chtml/fonts/woff-v2/", "input/tex/extensions/")


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Copy the files that pages use into the built site."""
    if exception or app.builder.format != "html":
        return
    for file in files("sphinx-mathjax-offline"):
        name = file.as_posix().partition("/static/mathjax/")[2]
        if name == SCRIPT or name.startswith(FOLDERS):
            target = Path(app.outdir, "_static", "mathjax", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)


def setup(app: Sphinx) -> dict[str, bool]:
    """Point Sphinx at the copy."""
    app.connect("build-finished", copy_mathjax)
    app.config.mathjax_path = f"mathjax/{SCRIPT}"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
