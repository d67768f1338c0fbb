"""What a card says: a paper's result, how ours is made, and the claim it must pass."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["HELD_OUT_SEEDS", "KNOWN", "TUNING_SEEDS", "Card", "Measures"]

Measures: TypeAlias = dict[str, float]

TUNING_SEEDS = range(10)  # settings are chosen on these only
HELD_OUT_SEEDS = range(100, 120)  # a claim is judged on these, which chose nothing

# How we know the paper's number.
KNOWN = {
    "read": "read in the paper",
    "abstract": "read in the paper's abstract",
    "repeated": "as others repeat it; the paper was not read again",
    "none": "no number of the paper is given",
}


@dataclass(frozen=True)
class Card:
    """A result of a paper, and a small experiment that shows it or does not.

    Attributes
    ----------
    name : str
        In kebab-case.
    chapter : str
        The notebook that tells its story, by its file name without ``.ipynb``.
    title : str
        The question in a few words.
    paper : str
        Key in ``references.bib``.
    theirs : str
        What the paper found, with its numbers.
    known : str
        How we know that: a key of `KNOWN`.
    differs : str
        What is different here.
    sentence : str
        The claim that is tested, with its margin, as a sentence.
    ours : str
        What was found, with the measures in braces, as in ``"{steps:.0f} steps"``.
    measure : callable
        ``measure(seed) -> dict`` of floats. A function of the seed alone, found in its
        module by its name, so that other processes can import it.
    claim : callable
        ``claim(measures) -> bool`` says whether the sentence holds for one seed.
    leaves_out : str, default ""
        What of the paper's result the claim does not cover; with it, the verdict is
        at best "partly".
    timed : bool, default False
        Whether `measure` reads the clock, so that its numbers vary from run to run.

    Raises
    ------
    ValueError
        If the name is not in kebab-case or `known` is not a key of `KNOWN`.
    """

    name: str
    chapter: str
    title: str
    paper: str
    theirs: str
    known: str
    differs: str
    sentence: str
    ours: str
    measure: Callable[[int], Measures]
    claim: Callable[[Mapping[str, float]], bool]
    leaves_out: str = ""
    timed: bool = False

    def __post_init__(self) -> None:
        """Check what a typing error would hide."""
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"expected a name such as batch-size, got {self.name!r}")
        if self.known not in KNOWN:
            raise ValueError(
                f"{self.name}: known must be one of {', '.join(KNOWN)}, "
                f"got {self.known!r}"
            )
