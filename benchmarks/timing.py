"""Time candidates side by side.

All candidates of a case run in turn, round after round, so that a slow moment of the
machine hits all of them. What is reported is a ratio of medians.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

Candidate = Callable[[], Any]


def ratios(
    candidates: dict[str, Candidate],
    baseline: str,
    rounds: int,
    wait: Candidate = lambda: None,
) -> list[dict]:
    """Return one record for each candidate: its seconds, and those over `baseline`'s.

    `wait` returns when the device is idle; without it a GPU's time is not counted.
    """
    seconds = median_seconds(candidates, rounds, wait)
    return [
        {"candidate": name, "seconds": s, "ratio": s / seconds[baseline]}
        for name, s in seconds.items()
    ]


def median_seconds(
    candidates: dict[str, Candidate], rounds: int, wait: Candidate
) -> dict[str, float]:
    """Return the median time of each candidate over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()  # not timed: the first call allocates and compiles
    for _ in range(rounds):
        for name, candidate in candidates.items():
            wait()
            start = time.perf_counter()
            candidate()
            wait()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(t)) for name, t in times.items()}
