"""Measure, print and save: ``python -m benchmarks [speed | accuracy] [--rounds N]``."""

import os

# One thread each: the libraries are compared, not the machine's cores. Before NumPy.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import numpy as np
import torch

from benchmarks import accuracy, speed

RESULTS = Path(__file__).parent / "results.json"
TABLES = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Run the chosen benchmarks; keep the last result of those not run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "which", nargs="?", choices=["speed", "accuracy", "all"], default="all"
    )
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()
    both = ["speed", "accuracy"]
    which = both if arguments.which == "all" else [arguments.which]
    torch.set_num_threads(1)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in which:
        print(name, flush=True)
        rows = speed.run(arguments.rounds) if name == "speed" else accuracy.run()
        results[name] = {"where": where(), "rows": rows}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    TABLES.write_text(tables(results))
    print(TABLES.read_text())


def where() -> dict[str, str]:
    """Return when, on what and with which versions the numbers were measured."""
    return {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, 1 thread",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
    }


def tables(results: dict) -> str:
    """Return the results as Markdown."""
    text = "# Last measured results\n\nMade by `make bench`; do not edit.\n"
    for name, render in (("speed", speed_table), ("accuracy", accuracy_table)):
        if name in results:
            facts = ", ".join(f"{k} {v}" for k, v in results[name]["where"].items())
            text += f"\n## {name.capitalize()}\n\n{render(results[name]['rows'])}\n"
            text += f"\n{facts}\n"
    return text


def speed_table(rows: list[dict]) -> str:
    """Return one line per layer and shape, times as ratios to torch."""
    lines = [
        "Forward plus backward, float32, time relative to torch (smaller is faster).\n",
        "| layer | shape | torch (ms) | normlib | staged | closed form | copy floor |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        seconds = row["seconds"]
        ratios = [
            f"{seconds[k] / seconds['torch']:.2f}" if k in seconds else "–"
            for k in ("normlib", "staged", "closed form", "copy floor")
        ]
        shape = "×".join(map(str, row["shape"]))
        cells = [row["layer"], shape, f"{1e3 * seconds['torch']:.2f}", *ratios]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def accuracy_table(rows: list[dict]) -> str:
    """Return one line per implementation, one column per offset."""
    offsets = [f"{offset:.0e}" for offset in accuracy.OFFSETS]
    lines = [
        "Largest |y32 - y64| for x = offset + N(0, 1), 16,384 values per channel.\n",
        f"| implementation | {' | '.join(offsets)} |",
        "|---" * (len(offsets) + 1) + "|",
    ]
    for row in rows:
        errors = " | ".join(f"{e:.0e}" for e in row["errors"])
        lines.append(f"| {row['name']} | {errors} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
