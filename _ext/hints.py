"""The directives ``{hints}`` and ``{question}``: texts that live in `normlib.checks`.

    ```{question} batch-of-two
    ```

    ```{hints} batch-of-two
    ```

A question is asked in place; of the hints, each opens inside the one before.
"""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from normlib import checks


class Hints(SphinxDirective):
    """Closed boxes; one opens to a hint, and to the box with the next hint."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the outermost box, or report an exercise that does not exist."""
        try:
            texts = checks.hints(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from error
        box: nodes.Node | None = None
        for number, text in reversed(list(enumerate(texts, 1))):
            box = self.box(f"Hint {number}", text, box)
        return [box] if box else []

    def box(self, title: str, text: str, inner: nodes.Node | None) -> nodes.Node:
        """Return an admonition with a title, Markdown, and another box in it."""
        box = nodes.admonition(classes=["admonition-hint", "hint", "dropdown"])
        self.set_source_info(box)
        box += nodes.title(title, title)
        self.state.nested_parse(StringList([text], self.arguments[0]), 0, box)
        if inner is not None:
            box += inner
        return box


class Question(SphinxDirective):
    """The text of an exercise by hand, with its options."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the paragraphs, or report an exercise that does not exist."""
        try:
            text = checks.question(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from error
        place = nodes.container()
        lines = StringList(text.splitlines(), self.arguments[0])
        self.state.nested_parse(lines, 0, place)
        return place.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("hints", Hints)
    app.add_directive("question", Question)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
