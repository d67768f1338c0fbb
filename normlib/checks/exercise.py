"""What an exercise is: a question, cases, a reference, hints, and its mistakes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Arrays: TypeAlias = tuple[np.ndarray, ...]

__all__ = [
    "Arrays",
    "Case",
    "Exercise",
    "Law",
    "Mistake",
    "Mistakes",
    "as_tuple",
    "numbers",
]


class Case(NamedTuple):
    """Arguments of one call, and in two or three words what is hard about them."""

    label: str
    args: tuple


class Law(NamedTuple):
    """A statistic of one output that the right answer fixes, and how to call it."""

    output: str
    text: str
    statistic: Callable[[tuple, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is made on purpose, to recognize those made by accident.

    Attributes
    ----------
    name : str
        In kebab-case.
    answer : callable
        Takes what the exercise's function takes, returns the wrong output.
    what, why : str
        One sentence on what happened, one on why it matters.
    see : str
        Label of the equation or section to read.
    """

    name: str
    answer: Callable[..., Any]
    what: str
    why: str
    see: str


@dataclass(frozen=True)
class Mistakes:
    """A decorator that adds a function, with what is said about it, to a list."""

    bank: list[Mistake]

    def __call__(
        self, what: str, why: str, see: str = ""
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return the decorator; the mistake is called what the function is called.

        What follows a double underscore tells apart two ways to make one mistake.
        """

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            name = function.__name__.strip("_").split("__")[0].replace("_", "-")
            self.bank.append(Mistake(name, function, what, why, see))
            return function

        return add


@dataclass(eq=False)
class Exercise:
    """An exercise in code.

    Attributes
    ----------
    name, chapter, section : str
        Kebab-case name, key of `labels.CHAPTERS`, and label of the section to read.
    solution : callable
        The worked answer, as a reader would write it.
    outputs : tuple of str
        What the function returns, in order.
    reference : callable
        The right output, computed another way and in float64.
    cases : callable
        Takes a generator, returns the cases.
    hints : tuple of str
        From a nudge to nearly the answer, in Markdown.
    laws : tuple of Law, default ()
        What a reader can verify without the reference.
    canonical : callable
        Maps outputs to what must agree, where several outputs are right.
    compared : tuple of str, default ()
        What `canonical` makes of each output; empty where it changes nothing.
    scalars : bool, default False
        Whether each output is one number, which may then be a float or int.
    mistakes : list of Mistake
        Filled by the decorator `mistake`.
    """

    name: str
    chapter: str
    section: str
    solution: Callable[..., Any]
    outputs: tuple[str, ...]
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], list[Case]]
    hints: tuple[str, ...]
    laws: tuple[Law, ...] = ()
    canonical: Callable[[Arrays], Arrays] = lambda outputs: outputs
    compared: tuple[str, ...] = ()
    scalars: bool = False
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def arguments(self) -> list[str]:
        """The arguments of the function, in order."""
        return list(inspect.signature(self.solution).parameters)

    @property
    def signature(self) -> str:
        """How to call the function, and what it returns."""
        function = self.name.replace("-", "_")
        return f"{function}({', '.join(self.arguments)}) -> {', '.join(self.outputs)}"

    @property
    def mistake(self) -> "Mistakes":
        """The decorator that adds a function to the mistakes."""
        return Mistakes(self.mistakes)


def as_tuple(output: Any) -> tuple:
    """Return `output` as a tuple, of length 1 if it is a single array."""
    return tuple(output) if isinstance(output, tuple | list) else (output,)


def numbers(args: tuple, change: Callable[[np.ndarray], np.ndarray]) -> tuple:
    """Return `args` with every array of numbers changed; a mask stays as it is."""
    return tuple(
        change(a) if isinstance(a, np.ndarray) and a.dtype != bool else a for a in args
    )
