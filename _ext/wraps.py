"""Let long names in tables break after an underscore.

The name of a test is a sentence, and without spaces a browser keeps it on one line:
its column then leaves no room for the others, or runs out of the screen.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx

LONG = 16  # letters; a shorter name looks better whole


def wrap(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a place to break after each underscore of the long names in tables."""
    for entry in doctree.findall(nodes.entry):
        for name in list(entry.findall(nodes.literal)):
            if len(name.astext()) > LONG:
                parts = re.findall(r"[^_]*_|[^_]+$", name.astext())
                name.children = []
                for part in parts:
                    name += [nodes.Text(part), nodes.raw("", "<wbr>", format="html")]
                name.pop()  # no place to break at the end


def setup(app: Sphinx) -> dict[str, bool]:
    """Mend the tables when every reference is resolved."""
    app.connect("doctree-resolved", wrap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
