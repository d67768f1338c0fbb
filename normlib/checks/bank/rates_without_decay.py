"""The exercise on rates that do, before a norm, what weight decay does."""

import numpy as np

from normlib.checks.bank import _solutions_training
from normlib.checks.exercise import Case, Exercise, Law

__all__ = ["rates_without_decay"]


def _reference(rates, decay) -> np.ndarray:
    """Return each rate over the lengths, without steps, before and after its step."""
    length, found = 1.0, []
    for rate in rates:
        longer = length * (1 - rate * decay)
        found.append(rate / (length * longer))
        length = longer
    return np.array(found)


def _cases(rng: np.random.Generator) -> list[Case]:
    constant = round(rng.uniform(0.1, 0.4), 2)
    falling = rng.uniform(0.3, 0.9) / np.arange(1, 9) ** 0.5
    warm_up = np.concatenate([[0.0], np.linspace(0.1, 0.6, 6)])
    return [
        Case("by hand", (np.array([0.5, 0.5, 0.25]), 0.4)),
        Case("a constant rate", (np.full(6, constant), float(rng.uniform(0.4, 0.9)))),
        Case("a rate that falls", (falling, float(rng.uniform(0.3, 0.7)))),
        Case("a warm-up from 0", (warm_up, float(rng.uniform(0.5, 0.9)))),
        Case("up and down", (rng.uniform(0.05, 0.9, 7), float(rng.uniform(0.4, 0.8)))),
        Case("one step", (np.array([0.7]), 0.5)),
        Case("no decay", (rng.uniform(0.1, 0.5, 4), 0.0)),
        Case("strong decay", (np.array([0.2, 0.1, 0.3]), 2.5)),
    ]


rates_without_decay = Exercise(
    "rates-without-decay",
    "why",
    "sec-why",
    _solutions_training.rates_without_decay,
    ("rates",),
    _reference,
    _cases,
    (
        "Let $w_t$ be the weights with decay. Look for weights $v_t$ without decay "
        "that are a multiple of $w_t$, so that both have one direction.",
        "Try $v_t = w_t / K_t$, where $K_t$ is the product of the factors $1 - \\eta_s "
        "\\lambda$ of all steps $s < t$. What is the gradient at $v_t$, if that at "
        "$w_t$ is $g_t$?",
        "The gradient at $v_t$ is $K_t\\, g_t$. Divide the step for $w_{t+1}$ by "
        "$K_{t+1}$: it subtracts $\\eta_t\\, g_t / K_{t+1}$, which is a rate times "
        "$K_t\\, g_t$. `np.cumprod` gives the products.",
    ),
    (
        Law("rates", "the first rate", lambda args, rates: rates[:1]),
        Law("rates", "the last rate", lambda args, rates: rates[-1:]),
    ),
)


def _before(kept) -> np.ndarray:
    """Return the products of the factors of all earlier steps."""
    return np.concatenate([[1.0], np.cumprod(kept)[:-1]])


def _lengths(rates, decay) -> tuple[np.ndarray, np.ndarray]:
    """Return what decay alone leaves of the length, before and after each step."""
    kept = 1 - rates * decay
    return _before(kept), np.cumprod(kept)


mistake = rates_without_decay.mistake


@mistake(
    "The rates are unchanged.",
    "Decay shortens the weights, and shorter weights turn further at the same rate.",
    "eq-effective-rate",
)
def _unchanged(rates, decay):
    return rates.copy()


@mistake(
    "The rates are multiplied by what they should be divided by.",
    "Decay shortens the weights, which raises the effective rate; without decay the "
    "rate itself has to rise.",
    "eq-effective-rate",
)
def _falling(rates, decay):
    before, after = _lengths(rates, decay)
    return rates * before * after


@mistake(
    "The rates are divided by the length of the weights once; the square is missing.",
    "Longer weights have a shorter gradient, and need a longer step to turn as far: "
    "two factors.",
    "eq-effective-rate",
)
def _length_not_squared(rates, decay):
    return rates / _lengths(rates, decay)[0]


@mistake(
    "The rates are divided by the length of the weights after the step, once.",
    "Longer weights have a shorter gradient, and need a longer step to turn as far: "
    "two factors.",
    "eq-effective-rate",
)
def _length_not_squared__after(rates, decay):
    return rates / _lengths(rates, decay)[1]


@mistake(
    "Both lengths are those before the step; its own decay is missing.",
    "The step shortens what it starts from and then subtracts, so its own factor "
    "counts once.",
    "eq-weight-decay",
)
def _own_decay_missing(rates, decay):
    before, _ = _lengths(rates, decay)
    return rates / before**2


@mistake(
    "Both lengths are those after the step; its own decay counts twice.",
    "The gradient is taken before the step, at the old length.",
    "eq-weight-decay",
)
def _own_decay_twice(rates, decay):
    _, after = _lengths(rates, decay)
    return rates / after**2


@mistake(
    "Each step shrinks the weights by 1 - λ; the rate is missing there.",
    "Decay is part of the step, and the rate multiplies all of it.",
    "eq-weight-decay",
)
def _rate_missing_in_decay(rates, decay):
    kept = np.full(len(rates), 1 - decay)
    return rates / (_before(kept) * np.cumprod(kept))


@mistake(
    "The factors are 1 + ηλ: decay lengthens the weights.",
    "Decay subtracts a part of the weights: 1 - ηλ is left.",
    "eq-weight-decay",
)
def _decay_added(rates, decay):
    kept = 1 + rates * decay
    return rates / (_before(kept) * np.cumprod(kept))


@mistake(
    "Each rate takes its own factor for all steps before it.",
    "That is right for a constant rate; else each earlier step has shrunk the weights "
    "by its own factor, so multiply those up.",
    "eq-weight-decay",
)
def _own_factor_for_all(rates, decay):
    step = np.arange(len(rates))
    return rates * (1 - rates * decay) ** -(2.0 * step + 1)


@mistake(
    "The first step's factor serves for all steps.",
    "That is right for a constant rate; else each step shrinks the weights by its own "
    "factor.",
    "eq-weight-decay",
)
def _first_factor_for_all(rates, decay):
    step = np.arange(len(rates))
    return rates * (1 - rates[0] * decay) ** -(2.0 * step + 1)


@mistake(
    "Each rate is divided by its own factor only.",
    "The weights remember every earlier decay; the factors multiply up.",
    "eq-weight-decay",
)
def _not_accumulated(rates, decay):
    return rates / (1 - rates * decay)


@mistake(
    "The factors are added up; they multiply.",
    "Each step keeps a share of what the one before has left.",
    "eq-weight-decay",
)
def _added_up(rates, decay):
    total = np.cumsum(rates) * decay
    return rates * (1 + 2 * total - rates * decay)


@mistake(
    "The factor is exp(-ηλ), which is 1 - ηλ only for small steps.",
    "The two agree to first order in ηλ; the directions then drift apart.",
    "eq-weight-decay",
)
def _exponential(rates, decay):
    total = np.cumsum(rates) * decay
    return rates * np.exp(2 * total - rates * decay)
