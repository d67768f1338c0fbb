"""Measure, print and save: ``python -m claims [NAME ...]``."""

import argparse
import sys
from pathlib import Path

from claims import table
from claims.card import HELD_OUT_SEEDS, Card
from claims.catalog import CARDS
from claims.run import run
from claims.store import Store

STORE = Path("_build/claims")


def main() -> None:
    """Measure what is not in the store yet, then print the table."""
    arguments = parser().parse_args()
    unknown = set(arguments.names) - set(CARDS)
    if unknown:
        sys.exit(f"no card {', '.join(sorted(unknown))}; there are {', '.join(CARDS)}")
    cards = [CARDS[name] for name in arguments.names or CARDS]
    store = Store(arguments.store)
    failures = run(cards, arguments.seeds, store, arguments.jobs, arguments.scheduler)
    results = [result(card, store, arguments.seeds) for card in cards]
    for found in results:
        holds = f"{found.holds} of {len(found.measures)}"
        print(f"{found.card.name:28} {holds:>9}  {found.verdict}")
        print(f"  {found.ours if found.measures else 'nothing measured'}")
    if arguments.seeds == HELD_OUT_SEEDS and not failures:
        table.save(results, arguments.save or table.RESULTS)
    elif arguments.save:
        table.save(results, arguments.save)
    sys.exit(failures > 0)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    held_out = f"{HELD_OUT_SEEDS.start}:{HELD_OUT_SEEDS.stop}"
    options = argparse.ArgumentParser(prog="python -m claims", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help="all cards if none")
    options.add_argument(
        "--seeds",
        type=seeds,
        default=held_out,
        metavar="A:B",
        help=f"from A to before B; {held_out} also renews claims/results.json",
    )
    options.add_argument("--jobs", type=int, default=-1, help="processes; -1 all cores")
    options.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, tcp://...")
    options.add_argument("--store", type=Path, default=STORE, metavar="FOLDER")
    options.add_argument("--save", type=Path, metavar="FILE", help="the table as JSON")
    return options


def seeds(text: str) -> range:
    """Return the range that ``A:B`` names."""
    first, colon, last = text.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected A:B, such as 0:10, got {text!r}")
    return range(int(first), int(last))


def result(card: Card, store: Store, wanted: range) -> table.Result:
    """Return what the store holds of the card, for the seeds that were wanted."""
    held = store.load(card)
    return table.Result(card, {s: held[s]["measures"] for s in wanted if s in held})


if __name__ == "__main__":
    main()
