"""When, on what and with which versions a number was measured."""

import os
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = ("numpy", "torch", "keras", "torchrl", "jax", "flax", "equinox")


def where(device: str, rounds: int) -> dict:
    """Return what a reader must know to judge a number, or to measure it again."""
    return {
        "date": datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
        "machine": torch.cuda.get_device_name() if device == "cuda" else processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "rounds": rounds,
        "python": platform.python_version(),
        **{package: found for package in PACKAGES if (found := installed(package))},
    }


def installed(package: str) -> str | None:
    """Return the version of `package`, or None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """Return the model of the processor; Python itself knows it on few systems."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return models[0].strip() if models else platform.processor()
