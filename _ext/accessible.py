"""Mend what docutils and myst-nb write and a screen reader stumbles over.

Each mend changes the tag that the original visitor has just written, and fails the
build when that tag is not there any more: then the mend may not be needed either.
"""

from collections.abc import Callable

from docutils import nodes
from docutils.writers._html_base import HTMLTranslator
from myst_nb.sphinx_ import (
    HideCodeCellNode,
    depart_HideCellInput,
    visit_HideCellInput,
)
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def mended(visit: Callable, faulty: str, right: str) -> Callable:
    """Return `visit`, with `faulty` replaced by `right` in what it writes."""

    def mend(translator: HTMLTranslator, node: nodes.Element) -> None:
        start = len(translator.body)
        visit(translator, node)
        written = "".join(translator.body[start:])
        if faulty not in written:
            raise ExtensionError(f"accessible.py: {faulty} is not in {written!r}")
        translator.body[start:] = [written.replace(faulty, right)]

    return mend


# The role is deprecated, and it hides that the entries are the items of a list.
visit_citation = mended(
    HTMLTranslator.visit_citation, 'role="doc-biblioentry"', 'role="listitem"'
)
# The label hides the words that are on the screen: "Show code cell source".
visit_hidden = mended(visit_HideCellInput, ' aria-label="Toggle hidden content"', "")


def setup(app: Sphinx) -> dict[str, bool]:
    """Put the mended visitors in place of the originals."""
    citation = (visit_citation, HTMLTranslator.depart_citation)
    hidden = (visit_hidden, depart_HideCellInput)
    app.add_node(nodes.citation, override=True, html=citation)
    app.add_node(HideCodeCellNode, override=True, html=hidden)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
