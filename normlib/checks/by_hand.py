"""Exercises that are answered with a number or a choice, not with a function."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from normlib.checks.report import Report

__all__ = ["Choice", "Number", "Slip", "judge"]


@dataclass(frozen=True)
class Slip:
    """A wrong value that has a known cause."""

    name: str
    value: float | tuple[float, ...]
    text: str


@dataclass(frozen=True)
class Number:
    """An exercise whose answer is one number, or a few.

    Attributes
    ----------
    name, chapter : str
        Kebab-case name, and key of `labels.CHAPTERS`.
    question : str
        In Markdown.
    value : float or tuple of float
        The answer.
    slips : tuple of Slip
        Likely wrong values.
    hints : tuple of str
        In Markdown.
    explanation : str
        How to get there, in Markdown.
    tolerance : float, default 2e-3
        Relative error allowed: three digits are enough.
    """

    name: str
    chapter: str
    question: str
    value: float | tuple[float, ...]
    slips: tuple[Slip, ...]
    hints: tuple[str, ...]
    explanation: str
    tolerance: float = 2e-3

    @property
    def solution(self) -> float | tuple[float, ...]:
        """The answer."""
        return self.value

    def judge(self, answer: Any) -> tuple[bool, str | None, str]:
        """Return whether `answer` is right, the name of the slip, and a message."""
        wanted = np.atleast_1d(np.asarray(self.value, dtype=float))
        try:
            got = np.atleast_1d(np.asarray(answer, dtype=float))
        except Exception:  # whatever the object's own conversion raises
            return False, None, f"Wanted {_count(wanted)}, got {type(answer).__name__}."
        if got.shape != wanted.shape:
            return False, None, f"Wanted {_count(wanted)}, got {_count(got)}."
        if self._near(got, wanted):
            return True, None, self.explanation
        for slip in self.slips:
            if self._near(got, np.atleast_1d(slip.value)):
                return False, slip.name, slip.text
        return False, None, f"{answer} is not it; hint({self.name!r}) helps."

    def _near(self, got: np.ndarray, wanted: np.ndarray) -> bool:
        close = np.abs(got - wanted) <= self.tolerance * np.abs(wanted) + 1e-12
        return bool(np.all(close))


@dataclass(frozen=True)
class Choice:
    """An exercise with a few options, one of which is right.

    Attributes
    ----------
    name, chapter, question, hints, explanation
        As in `Number`.
    options : dict
        From a letter to the option's Markdown.
    right : str
        The letter of the right option.
    remarks : dict
        From each other letter to what speaks against it.
    """

    name: str
    chapter: str
    question: str
    options: dict[str, str]
    right: str
    remarks: dict[str, str]
    hints: tuple[str, ...]
    explanation: str

    @property
    def solution(self) -> str:
        """The letter of the right option."""
        return self.right

    def judge(self, answer: Any) -> tuple[bool, str | None, str]:
        """Return whether `answer` is right, None, and a message."""
        letter = answer.strip(" ().").lower() if type(answer) is str else None
        if letter not in self.options:
            letters = ", ".join(f'"{option}"' for option in self.options)
            return False, None, f"Answer with one of {letters}."
        if letter == self.right:
            return True, None, self.explanation
        return False, None, self.remarks[letter]


def judge(exercise: Number | Choice, answer: Any) -> Report:
    """Return the report on `answer`."""
    if answer is None or answer is Ellipsis:
        text = f'Decide, then check your answer; hint("{exercise.name}") helps.'
        return Report(exercise.name, "not attempted", text)
    right, slip, text = exercise.judge(answer)
    return Report(exercise.name, "passed" if right else "wrong", text, slip)


def _count(values: np.ndarray) -> str:
    return "one number" if values.size == 1 else f"{values.size} numbers"
