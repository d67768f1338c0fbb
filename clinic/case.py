"""A case: a broken program, a mended one, and the test that tells them apart."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Case", "Program"]

Program: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A mistake, its cure, and a number that is small only without the mistake.

    Attributes
    ----------
    name : str
        In kebab-case; the chapter's label is ``ex-case-<name>``.
    broken, mended : callable
        Two programs of the same signature.
    symptom : callable
        ``symptom(program) -> float`` runs a program and measures what is wrong.
    measures : str
        What that number is.
    limit : float
        The largest number of a healthy program.
    """

    name: str
    broken: Program
    mended: Program
    symptom: Callable[[Program], float]
    measures: str
    limit: float = 0.0

    def test(self, program: Program) -> None:
        """Raise AssertionError if the program has the symptom.

        Raises
        ------
        AssertionError
            With the number. What the program itself raises is passed on.
        """
        found = self.symptom(program)
        # A NaN fails, too: it is not <= limit.
        assert found <= self.limit, (
            f"{self.measures}: {found:.3g}, and should be at most {self.limit:g}"
        )

    def complaint(self) -> str:
        """Return in one line how the broken program fails the test."""
        try:
            self.test(self.broken)
        except (AssertionError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        raise RuntimeError(f"{self.name}: the broken program passes its test")

    def source(self, which: str) -> str:
        """Return the code of "broken", "mended" or "symptom"."""
        return inspect.getsource(getattr(self, which))
