"""Cards that take no time, for the tests of the harness."""

import os
import time
from pathlib import Path

import numpy as np

from claims.card import Card, Measures


def draw(seed: int) -> Measures:
    """Return random numbers."""
    rng = np.random.default_rng(seed)
    return {"low": rng.random(), "high": rng.random() + 1}


def tally(seed: int) -> Measures:
    """Note the seed in a file, then take some time."""
    with Path(os.environ["TALLY"]).open("a") as file:
        file.write(f"{seed}\n")
    time.sleep(0.3)
    return {"seed": seed}


def process(seed: int) -> Measures:
    """Return the process that measures."""
    time.sleep(0.1)
    return {"process": os.getpid()}


def fragile(seed: int) -> Measures:
    """Fail on seed 1, and find nothing on seed 2."""
    if seed == 1:
        raise ValueError("the sky fell")
    return {"value": np.nan if seed == 2 else seed}


def card(measure, ours="", claim=lambda m: True) -> Card:
    return Card(
        name=measure.__name__,
        chapter="batch-norm",
        title="A question?",
        paper="ioffe2015batch",
        theirs="an | in the middle",
        known="read",
        differs="everything",
        sentence="It holds.",
        ours=ours,
        measure=measure,
        claim=claim,
    )


DRAW = card(draw, "between {low:.2f} and {high:.2f}", lambda m: m["low"] < m["high"])
TALLY, PROCESS, FRAGILE = card(tally), card(process), card(fragile)
