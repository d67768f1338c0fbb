"""The directive ``{cards}``: the paper cards of a chapter, from the package `claims`.

    ```{cards} inference
    ```

Each card is a section with a label of its own, such as `card-recalibration`, so that a
chapter can refer to it. ``{cards}`` without a name is the table of all verdicts.
"""

import inspect

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from claims.card import KNOWN, Card
from claims.catalog import CARDS
from claims.table import names, saved


class Cards(SphinxDirective):
    """Sections of cards, or the table of their verdicts."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Put what the text means into the page; report a chapter without a card."""
        measured = [CARDS[name] for name in CARDS if name in names()]
        if not self.arguments:
            return self.parsed(verdicts(measured))
        own = [card for card in measured if card.chapter == self.arguments[0]]
        if not own:
            known = ", ".join(sorted({card.chapter for card in measured}))
            raise self.error(f"no card of {self.arguments[0]}; there are {known}")
        return self.parsed("\n".join(map(section, own)))

    def parsed(self, text: str) -> list[nodes.Node]:
        """Add the nodes of some Markdown with headings to the page."""
        page, end = self.state_machine.node, len(self.state_machine.node)
        place = nodes.section(document=self.state.document)
        lines = StringList(text.splitlines(), self.env.docname)
        self.state.nested_parse(lines, 0, place, match_titles=True)
        # MyST adds sections to the page itself, and the first one's label to `place`.
        page.insert(end, place.children)
        return []


def verdicts(cards: list[Card]) -> str:
    """Return a table with a line for each card."""
    lines = ["| Question | Paper | Holds | Verdict |", "|---|---|---|---|"]
    for card in cards:
        found = saved(card)
        question = f"{{ref}}`{card.title} <card-{card.name}>`"
        holds = f"{found.holds} of {len(found.measures)}"
        paper = f"{{cite:t}}`{card.paper}`"
        lines.append(f"| {question} | {paper} | {holds} | {found.verdict} |")
    return "\n".join(lines)


def section(card: Card) -> str:
    """Return a card as Markdown: their result, ours, the claim, the code."""
    found = saved(card)
    module = inspect.getmodule(card.measure).__name__.replace(".", "/")
    differs = sentence(card.differs)
    if card.leaves_out:
        differs += f" Not covered: {card.leaves_out.rstrip('.')}."
    return f"""
(card-{card.name})=
### {card.title}

Theirs
: {{cite:t}}`{card.paper}`: {card.theirs} ({KNOWN[card.known]}).

Ours
: {sentence(found.ours)}

Claim
: {card.sentence}
  It holds on {found.holds} of {len(found.measures)} seeds: {found.verdict}.

What differs
: {differs}

````{{admonition}} The code that measures it
:class: dropdown
From `{module}.py`; `make claims CLAIMS={card.name}` runs it.

```python
{inspect.getsource(card.measure).rstrip()}
```
````
"""


def sentence(text: str) -> str:
    """Return `text` with a capital letter at its start and one period at its end."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("cards", Cards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
