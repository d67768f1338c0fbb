"""Turn the docstrings of normlib into pages: an equation that one names is a link."""

import re

from sphinx.application import Sphinx

EQUATION = re.compile(r"``(eq-[a-z0-9-]+)``")
STARRED = re.compile(r"(?<![\\\w*`])\*(?=\w)")  # the shape (N, C, *spatial)


def link_equations(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Replace the label of each equation in a docstring by a reference to it."""
    unstarred = [STARRED.sub(r"\*", line) for line in lines]
    lines[:] = [EQUATION.sub(r":eq:`\1`", line) for line in unstarred]


def setup(app: Sphinx) -> dict[str, bool]:
    """Read docstrings in numpydoc's style, in the order of the source."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("numpydoc")
    app.config.autodoc_default_options = {"members": True, "member-order": "bysource"}
    app.config.autodoc_typehints = "none"  # the docstrings say shapes as well
    app.config.default_role = "code"  # `x` in a docstring is an argument
    app.config.numpydoc_show_class_members = False  # autodoc shows them
    app.connect("autodoc-process-docstring", link_equations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
