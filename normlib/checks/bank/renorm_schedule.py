"""The exercise on the schedule of the limits of batch renormalization."""

import numpy as np

from normlib.checks.bank import _solutions_statistics
from normlib.checks.exercise import Case, Exercise, Law

__all__ = ["renorm_schedule"]

_PAPER = 3.0, 5.0, 5000, 40000, 25000


def _reference(step, r_max, d_max, start, r_end, d_end) -> tuple:
    r = np.interp(step, [start, r_end], [1.0, r_max])
    return r, np.interp(step, [start, d_end], [0.0, d_max])


def _cases(rng: np.random.Generator) -> list[Case]:
    """Return steps before, at, between and after the three marks, in two schedules."""
    start, first, second = (int(k) for k in rng.integers([3, 20, 50], [9, 40, 90]))
    limits = round(rng.uniform(1.5, 4), 1), round(rng.uniform(1.5, 6), 1)
    own = *limits, start, first, second  # here r arrives before d
    other = *limits, 0, second, first
    return [
        Case("by hand", (15000, *_PAPER)),
        Case("before the start", (int(rng.integers(1, 5000)), *_PAPER)),
        Case("at the start", (5000, *_PAPER)),
        Case("on the way", (int(rng.integers(6000, 24000)), *_PAPER)),
        Case("d has arrived", (int(rng.integers(26000, 39000)), *_PAPER)),
        Case("both have arrived", (int(rng.integers(41000, 90000)), *_PAPER)),
        Case("r ends first, on the way", (start + 7, *own)),
        Case("r has arrived", (first + 5, *own)),
        Case("start at 0", (7, *other)),
        Case("start at 0, first step", (0, *other)),
    ]


def _until_start(args: tuple, limit: np.ndarray) -> np.ndarray:
    step, _, _, start, _, _ = args
    return np.where(step <= start, limit, 0.0)


def _r_at_end(args: tuple, r: np.ndarray) -> np.ndarray:
    return np.where(args[0] >= args[4], r, 0.0)


def _d_at_end(args: tuple, d: np.ndarray) -> np.ndarray:
    return np.where(args[0] >= args[5], d, 0.0)


renorm_schedule = Exercise(
    "renorm-schedule",
    "batch-renorm",
    "sec-batch-renorm",
    _solutions_statistics.renorm_schedule,
    ("r", "d"),
    _reference,
    _cases,
    (
        "Until `start` the layer is batch norm. Which limits say that?",
        "From `start` on, each limit goes in a straight line to its final value, and "
        "stays there. What share of its way has each gone at `step`?",
        "`share = min(max((step - start) / (r_end - start), 0), 1)` and `r = 1 + share "
        "* (r_max - 1)`; for `d` with `d_end`, from 0 to `d_max`.",
    ),
    (
        Law("r", "r = 1 until the start", _until_start),
        Law("d", "d = 0 until the start", _until_start),
        Law("r", "r = r_max from its end on", _r_at_end),
        Law("d", "d = d_max from its end on", _d_at_end),
    ),
    scalars=True,
)


def _clip(share):
    return min(max(share, 0.0), 1.0)


def _shares(step, start, r_end, d_end) -> tuple:
    """Return which share of the way each limit has gone; beyond 0 and 1, too."""
    return (step - start) / (r_end - start), (step - start) / (d_end - start)


def _limits(shares, r_max, d_max) -> tuple:
    return 1.0 + shares[0] * (r_max - 1.0), shares[1] * d_max


def _right(step, r_max, d_max, start, r_end, d_end) -> tuple:
    shares = [_clip(s) for s in _shares(step, start, r_end, d_end)]
    return _limits(shares, r_max, d_max)


mistake = renorm_schedule.mistake


@mistake(
    "The limits are the final ones from the first step: there is no warm-up.",
    "The running statistics know nothing yet, and r and d correct towards them.",
    "eq-renorm-schedule",
)
def _no_warm_up(step, r_max, d_max, start, r_end, d_end):
    return r_max, d_max


@mistake(
    "After `start` the limits jump to their final values.",
    "They are to relax step by step, so that the running statistics can follow.",
    "eq-renorm-schedule",
)
def _jumps_at_start(step, r_max, d_max, start, r_end, d_end):
    return (r_max, d_max) if step > start else (1.0, 0.0)


@mistake(
    "The share of the way is always 0 or 1: the division drops what is not whole.",
    "With `//` the limits jump at their ends.",
    "eq-renorm-schedule",
)
def _whole_shares(step, r_max, d_max, start, r_end, d_end):
    shares = _shares(step, start, r_end, d_end)
    return _limits([float(_clip(s) >= 1) for s in shares], r_max, d_max)


@mistake(
    "The limits go on growing beyond their ends.",
    "After `r_end` and `d_end` they are to stay at `r_max` and `d_max`.",
    "eq-renorm-schedule",
)
def _not_held_at_end(step, r_max, d_max, start, r_end, d_end):
    shares = [max(s, 0.0) for s in _shares(step, start, r_end, d_end)]
    return _limits(shares, r_max, d_max)


@mistake(
    "Before `start` the limits fall below 1 and 0.",
    "The straight line must not be followed backwards: no r lies between 1/r and r if "
    "r < 1.",
    "eq-renorm-schedule",
)
def _not_held_at_start(step, r_max, d_max, start, r_end, d_end):
    shares = [min(s, 1.0) for s in _shares(step, start, r_end, d_end)]
    return _limits(shares, r_max, d_max)


@mistake(
    "The straight line is followed on both sides, before `start` and beyond the ends.",
    "The share of the way must be kept between 0 and 1.",
    "eq-renorm-schedule",
)
def _not_held_at_all(step, r_max, d_max, start, r_end, d_end):
    return _limits(_shares(step, start, r_end, d_end), r_max, d_max)


@mistake(
    "`start` is not used: the limits begin to relax at step 0.",
    "Then the first thousands of steps are not batch norm.",
    "eq-renorm-schedule",
)
def _start_ignored(step, r_max, d_max, start, r_end, d_end):
    return _right(step, r_max, d_max, 0, r_end, d_end)


@mistake(
    "The way is divided by `r_end` and `d_end`, not by what lies after `start`.",
    "The limits then arrive too late, `start` steps after their ends.",
    "eq-renorm-schedule",
)
def _start_not_in_denominator(step, r_max, d_max, start, r_end, d_end):
    shares = [_clip((step - start) / end) for end in (r_end, d_end)]
    return _limits(shares, r_max, d_max)


@mistake(
    "`start` is not subtracted from `step`.",
    "The limits relax from step 0 on and arrive too early.",
    "eq-renorm-schedule",
)
def _start_not_in_numerator(step, r_max, d_max, start, r_end, d_end):
    shares = [_clip(step / (end - start)) for end in (r_end, d_end)]
    return _limits(shares, r_max, d_max)


@mistake(
    "`r_end` and `d_end` were swapped.",
    "In the paper d arrives first, at 25,000, and r at 40,000.",
    "eq-renorm-schedule",
)
def _ends_swapped(step, r_max, d_max, start, r_end, d_end):
    return _right(step, r_max, d_max, start, d_end, r_end)


@mistake(
    "`d` relaxes until `r_end`; it has an end of its own.",
    "In the paper d arrives at 25,000, 15,000 steps before r.",
    "eq-renorm-schedule",
)
def _r_end_for_both(step, r_max, d_max, start, r_end, d_end):
    return _right(step, r_max, d_max, start, r_end, r_end)


@mistake(
    "`r` relaxes until `d_end`; it has an end of its own.",
    "In the paper r arrives at 40,000, 15,000 steps after d.",
    "eq-renorm-schedule",
)
def _d_end_for_both(step, r_max, d_max, start, r_end, d_end):
    return _right(step, r_max, d_max, start, d_end, d_end)


@mistake(
    "`r` starts from 0; it starts from 1.",
    "r is a factor: a limit of 1 leaves x̂ alone, and 1/0 is no limit.",
    "eq-renorm-schedule",
)
def _r_from_zero(step, r_max, d_max, start, r_end, d_end):
    r, d = _right(step, r_max, d_max, start, r_end, d_end)
    return (r - 1.0) / (r_max - 1.0) * r_max, d


@mistake(
    "`r` goes from 1 to 1 + r_max: the way is r_max - 1 long.",
    "At its end it must be `r_max`.",
    "eq-renorm-schedule",
)
def _r_too_far(step, r_max, d_max, start, r_end, d_end):
    r, d = _right(step, r_max, d_max, start, r_end, d_end)
    return 1.0 + (r - 1.0) / (r_max - 1.0) * r_max, d


@mistake(
    "`d` starts from 1; it starts from 0.",
    "d is added: only 0 leaves x̂ alone.",
    "eq-renorm-schedule",
)
def _d_from_one(step, r_max, d_max, start, r_end, d_end):
    r, d = _right(step, r_max, d_max, start, r_end, d_end)
    return r, 1.0 + d / d_max * (d_max - 1.0)
