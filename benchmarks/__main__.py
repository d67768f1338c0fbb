"""Measure, print and save: ``python -m benchmarks``."""

import os

# One thread, also for what reads this when it is imported. Before NumPy.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
from pathlib import Path

import torch
from tqdm import tqdm

from benchmarks import (
    accuracy,
    figures,
    machine,
    numpy_speed,
    records,
    tables,
    torch_speed,
)

FIGURES = Path(__file__).parent.parent / "_build" / "benchmarks"
MEASURED = {"layers": numpy_speed, "renorm": torch_speed, "accuracy": accuracy}


def main() -> None:
    """Run the chosen benchmarks; keep the last results of those not run."""
    options = arguments()
    os.environ["KERAS_TORCH_DEVICE"] = options.device
    torch.set_num_threads(1)
    results = records.load() if records.FILE.exists() else {"runs": {}, "tables": {}}
    where = machine.where(options.device, options.rounds)
    for name in options.which or MEASURED:
        found = measure(name, options.rounds, options.device)
        if found:
            results = records.add(results, name, found, where)
    records.save(results)
    figures.save(results, FIGURES)
    print(tables.everything(results))
    print(f"\nSaved in {records.FILE}, and as figures in {FIGURES}.")


def arguments() -> argparse.Namespace:
    """Return the command line, read and checked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", help=f"of {', '.join(MEASURED)}; or all")
    parser.add_argument("--rounds", type=int, default=21, help="default: 21")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    if unknown := set(options.which) - set(MEASURED):
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(MEASURED)}")
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: at least 1")
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch finds no CUDA device; leave the option out")
    return options


def measure(name: str, rounds: int, device: str) -> list[dict]:
    """Return the records of one table, with a bar for its cases."""
    module = MEASURED[name]
    cases = tqdm(module.cases(device), desc=f"{name:>8}")
    return [r for case in cases for r in module.measure(case, rounds, device)]


if __name__ == "__main__":
    main()
