"""Measure cards over seeds: in parallel, with a progress bar, and resuming."""

import contextlib
import math
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from claims.card import Card, Measures
from claims.store import Store

__all__ = ["attempt", "run"]


def run(
    cards: Sequence[Card],
    seeds: Sequence[int],
    store: Store,
    jobs: int = -1,
    scheduler: str | None = None,
) -> int:
    """Measure every card on every seed that the store does not hold yet.

    Parameters
    ----------
    cards : sequence of Card
        What to measure.
    seeds : sequence of int
        On which seeds.
    store : Store
        Gets each measurement as soon as it is there.
    jobs : int, default -1
        Processes on this machine, as joblib counts them: -1 is one for each core.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://host:8786``. Its workers measure,
        and must have this project installed.

    Returns
    -------
    int
        How many measurements failed. Each is printed with its traceback, is not
        stored, and does not stop the others.
    """
    held = {card.name: store.load(card) for card in cards}
    todo = [(c, s) for c in cards for s in seeds if s not in held[c.name]]
    by_name = {card.name: card for card in cards}
    calls = [delayed(attempt)(card.measure, card.name, seed) for card, seed in todo]
    failures = 0
    with _workers(jobs, scheduler) as parallel, tqdm(total=len(calls)) as bar:
        for name, seed, seconds, measures, error in parallel(calls):
            bar.update()
            bar.set_postfix_str(name)
            if error:
                failures += 1
                bar.write(f"{name}, seed {seed}, failed:\n{error}")
            else:
                store.add(by_name[name], seed, seconds, measures)
    return failures


def attempt(
    measure: Callable[[int], Measures], name: str, seed: int
) -> tuple[str, int, float, Measures, str]:
    """Return what `measure` finds, or the traceback of its failure.

    Parameters
    ----------
    measure : callable
        ``measure(seed) -> dict``.
    name : str
        Of its card.
    seed : int
        Given to `measure`.

    Returns
    -------
    tuple
        The name, the seed, the seconds it took, the measures, and the traceback, which
        is empty if all went well.
    """
    start = time.perf_counter()
    try:
        with threadpool_limits(1):  # sums do not depend on the number of cores
            found = {key: float(value) for key, value in measure(seed).items()}
        bad = [key for key, value in found.items() if not math.isfinite(value)]
        if bad:
            raise FloatingPointError(f"not finite: {', '.join(bad)}; return a number")
    except Exception:
        return name, seed, 0.0, {}, traceback.format_exc()
    return name, seed, round(time.perf_counter() - start, 2), found, ""


@contextlib.contextmanager
def _workers(jobs: int, scheduler: str | None) -> Iterator[Callable[..., Any]]:
    """Yield a joblib `Parallel` over local processes, or over the workers of Dask."""
    how = {"return_as": "generator_unordered", "batch_size": 1}
    if scheduler is None:
        yield Parallel(n_jobs=jobs, backend="loky", **how)
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            "a scheduler needs Dask, which is not installed; "
            "try pip install -r requirements-claims.txt"
        ) from error
    with Client(scheduler), parallel_config(backend="dask"):
        yield Parallel(**how)
