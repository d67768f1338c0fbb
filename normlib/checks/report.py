"""What the reader sees: a report, a hint, a solution; as text and as HTML."""

import html
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Hint", "Report", "Solution", "to_html"]

COLORS = {"passed": "#2e7d32", "wrong": "#c62828", "not attempted": "#757575"}
TITLES = {
    "passed": "Passed",
    "wrong": "Not yet",
    "not attempted": "Not attempted yet",
}


@dataclass(frozen=True)
class Report:
    """The result of one check; shows itself as text, and as HTML in a notebook.

    Attributes
    ----------
    exercise : str
        Name of the exercise.
    status : str
        "passed", "wrong" or "not attempted".
    message : str
        What was found, in paragraphs; code stands between backticks.
    mistake : str or None, default None
        Name in the bank of mistakes. Causes that nothing can tell apart are joined by
        "or", independent ones by "and". None where no cause is certain.
    example : str, default ""
        The smallest case that fails: input, expected and got.
    seed : int or None, default None
        Seed of the random cases; ``check(..., seed=seed)`` repeats them.
    """

    exercise: str
    status: str
    message: str
    mistake: str | None = None
    example: str = ""
    seed: int | None = None

    def require(self) -> Self:
        """Return the report; raise AssertionError with its text unless it passed."""
        if self.status != "passed":
            raise AssertionError(str(self))
        return self

    @property
    def title(self) -> str:
        """One line: the exercise, the status, the mistake."""
        line = f"{self.exercise}: {TITLES[self.status].lower()}"
        return f"{line} ({self.mistake})" if self.mistake else line

    @property
    def footer(self) -> str:
        """How to repeat a failed check, or nothing."""
        if self.status != "wrong" or self.seed is None:
            return ""
        return f'Repeat it with check("{self.exercise}", ..., seed={self.seed}).'

    def __str__(self) -> str:
        paragraphs = [textwrap.fill(p, 88) for p in self.message.split("\n\n")]
        parts = [self.title, *paragraphs, self.example, self.footer]
        return "\n\n".join(part for part in parts if part)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        color = COLORS[self.status]
        style = f"border-left:4px solid {color};padding:.3em 1em;margin:.5em 0"
        body = "".join(f"<p>{to_html(p)}</p>" for p in self.message.split("\n\n"))
        if self.example:
            body += f'<pre style="overflow-x:auto">{html.escape(self.example)}</pre>'
        if self.footer:
            body += f"<p><small>{html.escape(self.footer)}</small></p>"
        name = f" <code>{html.escape(self.mistake)}</code>" if self.mistake else ""
        title = f"<strong>{TITLES[self.status]}</strong> {html.escape(self.exercise)}"
        return f'<div style="{style}" role="status"><p>{title}{name}</p>{body}</div>'


@dataclass(frozen=True)
class Hint:
    """One hint: its number, how many there are, and its Markdown."""

    number: int
    total: int
    text: str

    def __str__(self) -> str:
        return textwrap.fill(f"Hint {self.number} of {self.total}. {self.text}", 88)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return f"**Hint {self.number} of {self.total}.** {self.text}"


@dataclass(frozen=True)
class Solution:
    """A worked answer; shows its code.

    Attributes
    ----------
    function : callable
        The answer itself, or the value of an exercise by hand.
    explanation : str, default ""
        Markdown, for an exercise by hand.
    """

    function: Callable[..., Any] | Any
    explanation: str = ""

    @property
    def source(self) -> str:
        """The code of the answer, as one would type it."""
        if not callable(self.function):
            return str(self.function)
        return textwrap.dedent(inspect.getsource(self.function))

    def __str__(self) -> str:
        return "\n\n".join(p for p in (self.source.rstrip(), self.explanation) if p)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        if not callable(self.function):
            return f"**{self.source}**\n\n{self.explanation}"
        return f"```python\n{self.source.rstrip()}\n```"


def to_html(text: str) -> str:
    """Return `text` escaped, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
