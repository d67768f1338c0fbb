"""Write boxes of class ``dropdown`` as <details>, which open without a script.

The extension that Jupyter Book has for them folds with a script, so that a solution
shows until it runs. These work with the keyboard, and a search in the page opens them.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


class Fold(nodes.General, nodes.Element):
    """A box that opens."""


class FoldTitle(nodes.General, nodes.TextElement):
    """What a closed box shows."""


def fold(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace every admonition of class ``dropdown`` on a page."""
    for box in list(doctree.findall(nodes.Admonition)):
        if "dropdown" in box["classes"]:
            title, *content = box.children
            for link in list(title.findall(nodes.reference)):
                link.replace_self(link.children)  # a click is to open the box
            summary = FoldTitle("", "", *title.children)
            box["classes"].remove("dropdown")
            box.replace_self(Fold("", summary, *content))


def visit_fold(self: HTML5Translator, node: Fold) -> None:
    """Open the box; docutils has moved the ids and classes of the admonition here."""
    self.body.append(self.starttag(node, "details", CLASS="admonition"))


def depart_fold(self: HTML5Translator, node: Fold) -> None:
    """Close the box."""
    self.body.append("</details>\n")


def visit_title(self: HTML5Translator, node: FoldTitle) -> None:
    """Open the title."""
    self.body.append(self.starttag(node, "summary", "", CLASS="admonition-title"))


def depart_title(self: HTML5Translator, node: FoldTitle) -> None:
    """Close the title."""
    self.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the nodes, and replace when every reference is resolved."""
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(FoldTitle, html=(visit_title, depart_title))
    app.connect("doctree-resolved", fold, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
