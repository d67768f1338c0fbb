"""The examples run as the README says, and show what it says."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def printed():
    """Return what two processes under torchrun print, line by line."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", ROOT / "examples" / "sync_batch_norm.py"]
    pipe = subprocess.PIPE
    launcher = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    try:
        out, errors = launcher.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        launcher.terminate()  # it ends its processes before it goes
        out, errors = launcher.communicate(timeout=40)
    assert launcher.returncode == 0, errors
    return out.splitlines()


def statistics(line: str) -> tuple[float, float]:
    """Return how far apart the processes are, and how far from one process."""
    return tuple(map(float, re.findall(r"(\S+) apart, (\S+) from one", line)[0]))


def test_synchronized_statistics_are_those_of_one_process(printed):
    apart, error = statistics(printed[2])
    assert printed[2].startswith("SyncBatchNorm")
    assert apart == 0
    assert error < 1e-12


def test_other_statistics_differ(printed):
    apart, error = statistics(printed[1])
    assert printed[1].startswith("BatchNorm1d")
    assert min(apart, error) > 1e-3
