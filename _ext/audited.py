"""The directive ``{audited}``: the claims of the audit that a page answers.

    ```{audited}
    ```

The audit links each claim to its place in the book; this is the way back. A claim
belongs to a page if its last column links there. Each row of the audit has an id of its
own, such as ``claim-faster-convergence``, to which the links of the list lead.
"""

from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

AUDIT = "chapters/audit"
COLUMNS = 4  # claim, verdict, what is true, where


class Audited(nodes.General, nodes.Element):
    """The place of the list, until the links of the audit are known."""


class Place(SphinxDirective):
    """Where a page lists its claims."""

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        place = Audited()
        self.set_source_info(place)
        return [place]


def rows(doctree: nodes.document) -> Iterator[nodes.row]:
    """Yield the claims of the audit: the rows, without heads, of its wide tables."""
    for body in doctree.findall(nodes.tbody):
        yield from (row for row in body.children if len(row) == COLUMNS)


def give_ids(app: Sphinx, doctree: nodes.document) -> None:
    """Name each claim by its words, so that its address stays when others join."""
    if app.env.docname != AUDIT:
        return
    for row in rows(doctree):
        words = nodes.make_id(row[0].astext()).split("-")
        name = stem = "-".join(["claim", *words[:8]])
        count = 1
        while name in doctree.ids:
            count += 1
            name = f"{stem}-{count}"
        row["ids"].append(name)
        doctree.ids[name] = row


def pages_of(row: nodes.row, env: BuildEnvironment) -> set[str]:
    """Return the pages to which the last column of a claim links."""
    sections = env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    equations = env.get_domain("math").equations  # type: ignore[attr-defined]
    found = set()
    for link in row[-1].findall(addnodes.pending_xref):
        known = equations if link["reftype"] == "eq" else sections
        if link["reftarget"] in known:
            found.add(known[link["reftarget"]][0])
    return found


def item(row: nodes.row, app: Sphinx, page: str) -> nodes.list_item:
    """Return the verdict on a claim, which links to its row, and the claim."""
    words = [node.deepcopy() for node in row[0][0].children]
    verdict = nodes.Text(row[1].astext())
    link = make_refnode(app.builder, page, AUDIT, row["ids"][0], verdict)
    return nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(": "), *words))


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the claims of a page in their place; warn where there are none."""
    for place in list(doctree.findall(Audited)):
        own = [
            item(row, app, page)
            for row in rows(app.env.get_doctree(AUDIT))
            if page in pages_of(row, app.env)
        ]
        if not own:
            logger.warning("the audit links to nothing on this page", location=place)
        many = f"{len(own)} claims, with verdicts"
        count = "one claim, with its verdict" if len(own) == 1 else many
        title = f"What common notes say ({count})"
        box = nodes.admonition(classes=["note", "dropdown", "audited"])
        box += [nodes.title("", title), nodes.bullet_list("", *own)]
        place.replace_self(box)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and connect the steps."""
    app.add_node(Audited)
    app.add_directive("audited", Place)
    app.connect("doctree-read", give_ids)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
