"""SyncBatchNorm in four processes, against one process that holds the whole batch."""

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sync_worker import (
    ALL,
    CASES,
    EPS,
    HARD_LIMIT,
    NAIVE,
    Case,
    Step,
    fit,
    network,
    samples,
    steps,
)
from torch import nn
from torch.testing import assert_close

from normlib.nn.sync import SyncBatchNorm

BATCH_NORM = {
    2: nn.BatchNorm1d,
    3: nn.BatchNorm1d,
    4: nn.BatchNorm2d,
    5: nn.BatchNorm3d,
}
LARGEST_ERROR = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 2**-6}
WHOLE = slice(None)

each_team = pytest.mark.parametrize(
    ("name", "team"),
    [(name, team) for name, case in CASES.items() for team in range(len(case.teams()))],
)


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """Run the worker in four processes; return them, their folder and their errors."""
    folder = tmp_path_factory.mktemp("sync")
    worker = Path(__file__).with_name("sync_worker.py")
    command = [sys.executable, "-W", "error", worker]
    processes = [
        subprocess.Popen(
            [*command, str(rank), folder], stderr=subprocess.PIPE, errors="replace"
        )
        for rank in ALL
    ]
    try:
        errors = [p.communicate(timeout=HARD_LIMIT + 10)[1] for p in processes]
    finally:
        for process in processes:
            process.kill()
    return processes, folder, "\n".join(errors)


@pytest.fixture(scope="module")
def seen(launched):
    """Return what each process saw, in the order of their ranks."""
    _, folder, _ = launched
    return [torch.load(folder / f"{rank}.pt") for rank in ALL]


@pytest.fixture(scope="module")
def lost_peer(launched):
    """Return what each process says to the death of the last one."""
    _, folder, _ = launched
    return [torch.load(folder / f"{rank}-lost-peer.pt") for rank in ALL[:-1]]


def close(name: str, actual: torch.Tensor, expected: torch.Tensor) -> None:
    """Compare two tensors as closely as their dtype allows."""
    limit = LARGEST_ERROR[expected.dtype]
    assert_close(
        actual, expected, rtol=limit, atol=limit, msg=lambda text: f"{name}: {text}"
    )


def assert_parts_of(whole: list[Step], parts: list[list[Step]]) -> None:
    """Compare the steps of several processes with those of one."""
    for expected, *step in zip(whole, *parts, strict=True):
        close("y", torch.cat([part["y"] for part in step]), expected["y"])
        close("dx", torch.cat([part["dx"] for part in step]), expected["dx"])
        for name, gradient in expected["gradients"].items():
            close(name, sum(part["gradients"][name] for part in step), gradient)
        for part in step:
            assert_same_state(part["buffers"], expected["buffers"])


def assert_same_state(actual: dict, expected: dict) -> None:
    """Compare parameters and buffers, name by name."""
    assert list(actual) == list(expected)
    for name, tensor in expected.items():
        if tensor.is_floating_point():
            close(name, actual[name], tensor)
        else:
            assert actual[name] == tensor, name


def whole_batch(case: Case, team: int = 0) -> list[Step]:
    """Train torch's batch norm in this process."""
    layer = BATCH_NORM[1 + len(case.shape)](3, EPS, **case.options)
    return steps(layer, case, WHOLE, team)


class TestFourProcesses:
    """What each process sees, put together; one class, so that xdist launches once."""

    def test_all_work_is_done(self, launched):
        _, folder, errors = launched
        assert len(list(folder.glob("?.pt"))) == len(ALL), errors

    @each_team
    def test_parts_equal_the_whole_batch(self, seen, name, team):
        case = CASES[name]
        parts = [seen[rank]["cases"][name] for rank in case.teams()[team]]
        assert_parts_of(whole_batch(case, team), parts)

    @each_team
    def test_statistics_are_equal_bit_by_bit(self, seen, name, team):
        first, *others = (
            seen[rank]["cases"][name][-1]["buffers"]
            for rank in CASES[name].teams()[team]
        )
        for other in others:
            assert_close(other, first, rtol=0, atol=0)

    def test_memory_format_is_kept(self, seen):
        for rank in 0, 1:
            step = seen[rank]["cases"]["channels-last"][0]
            for tensor in step["y"], step["dx"]:
                assert tensor.is_contiguous(memory_format=torch.channels_last)

    def test_statistics_of_bfloat16_are_float32(self, seen):
        step = seen[0]["cases"]["bfloat16"][0]
        x = torch.cat([seen[rank]["cases"]["bfloat16"][0]["x"] for rank in (0, 1)])
        assert step["y"].dtype == step["dx"].dtype == x.dtype == torch.bfloat16
        mean = 0.1 * x.double().mean(dim=(0, 2))
        close("mean", step["buffers"]["running_mean"], mean.float())

    def test_naive_sync_has_the_right_y_and_a_wrong_dx(self, seen):
        layer = nn.BatchNorm1d(3, EPS, affine=False, track_running_stats=False)
        whole = steps(layer, NAIVE, WHOLE)
        parts = [process["naive"] for process in seen]
        with pytest.raises(AssertionError, match=r"^dx: "):
            assert_parts_of(whole, parts)

    def test_data_parallel_training_equals_one_process(self, seen):
        model = network(nn.BatchNorm1d)
        untrained = copy.deepcopy(model.state_dict())
        fit(model, WHOLE)
        for process in seen:
            assert_same_state(process["parallel"], model.state_dict())
            with pytest.raises(AssertionError):
                assert_same_state(process["parallel"], untrained)

    def test_evaluation_waits_for_nobody(self, seen):
        running, own = seen[0]["evaluation"]
        x = samples(CASES["two"], 0)[0]
        close("running statistics", running, x / (1 + EPS) ** 0.5)
        close(
            "own statistics",
            own,
            nn.functional.batch_norm(x, None, None, training=True, eps=EPS),
        )

    @pytest.mark.parametrize(
        ("batch", "error", "text"),
        [
            ("nan", "FloatingPointError", r"channel 1: nothing was updated"),
            ("one value", "ValueError", r"more than 1 value per channel .* got 1:"),
            ("no value", "ValueError", r"more than 1 value per channel .* got 0:"),
        ],
    )
    def test_bad_batch_is_refused_by_every_process(self, seen, batch, error, text):
        for process in seen:
            kind, message, _ = process["refusals"][batch]
            assert kind == error
            assert re.search(text, message)

    def test_refused_batches_leave_no_trace(self, seen):
        for process in seen:
            before, after = process["refusals"]["unchanged"]
            assert_close(after, before, rtol=0, atol=0)
            assert process["refusals"]["afterwards"][0] == "nothing"

    def test_process_outside_of_the_group_is_told_so(self, seen):
        for rank in 2, 3:
            kind, message, _ = seen[rank]["refusals"]["outsider"]
            assert (kind, message.split(",")[0]) == (
                "ValueError",
                f"process {rank} is not in process_group",
            )

    def test_wrong_channels_in_one_process_end_the_wait_of_the_others(self, seen):
        for rank, process in enumerate(seen):
            kind, _, seconds = process["misfit"]
            assert kind == ("ValueError" if rank == 1 else "RuntimeError")
            assert seconds < HARD_LIMIT / 4

    def test_killed_process_ends_the_wait_of_the_others(self, launched, lost_peer):
        processes, _, _ = launched
        *others, killed = (process.returncode for process in processes)
        assert killed == -9 if sys.platform != "win32" else killed != 0
        assert others == [0, 0, 0]
        for kind, _, seconds in lost_peer:
            assert kind == "RuntimeError"
            assert seconds < HARD_LIMIT / 4


class TestOneProcess:
    """Without torch.distributed."""

    @pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 4, 2), (3, 1, 4, 2)])
    @pytest.mark.parametrize(
        "options",
        [{}, {"affine": False}, {"momentum": None}, {"track_running_stats": False}],
        ids=str,
    )
    def test_equals_batch_norm(self, shape, options):
        case = Case((8,), shape, options)
        layer = SyncBatchNorm(3, EPS, **options)
        assert_parts_of(whole_batch(case), [steps(layer, case, WHOLE)])

    def test_state_goes_to_batch_norm_and_back(self):
        theirs, ours = nn.BatchNorm2d(3), SyncBatchNorm(3)
        steps(theirs, Case((8,), (3, 2, 2)), WHOLE)
        ours.double().load_state_dict(theirs.state_dict())
        x = samples(Case((8,), (3, 2, 2)), 9)[0]
        close("y", ours.eval()(x), theirs.eval()(x))
        theirs.load_state_dict(ours.state_dict())
        assert list(ours.state_dict()) == list(theirs.state_dict())

    def test_copies_and_pickles(self):
        layer = SyncBatchNorm(3)
        steps(layer, Case((8,)), WHOLE)
        for other in copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)):
            assert_same_state(other.state_dict(), layer.state_dict())

    def test_autocast_is_as_in_batch_norm(self):
        x = samples(Case((8,)), 0)[0].float()
        gradients = []
        for norm in nn.BatchNorm1d(3), SyncBatchNorm(3):
            model = nn.Sequential(nn.Linear(3, 3), norm)
            with torch.no_grad():
                model[0].weight.copy_(torch.eye(3) + 0.5)
                model[0].bias.zero_()
            with torch.autocast("cpu", torch.bfloat16):
                y = model(x)
            assert (y.dtype, norm.running_mean.dtype) == (torch.bfloat16, torch.float32)
            (y * x).sum().backward()
            gradients.append(model[0].weight.grad)
        assert_close(gradients[1], gradients[0], rtol=2**-6, atol=2**-6)

    def test_input_is_unchanged(self):
        x = samples(Case((8,)), 0)[0]
        before = x.clone()
        layer = SyncBatchNorm(3).double()
        layer(x).sum().backward()
        assert_close(x, before, rtol=0, atol=0)

    def test_float32_far_from_zero_loses_the_rounding_of_the_mean_only(self):
        x = samples(Case((64,), (3, 16)), 0)[0].float() + 1e6
        exact = nn.BatchNorm1d(3).double()(x.double())
        half_a_unit = 2**-5  # in the last place of a mean of 1e6
        assert (SyncBatchNorm(3)(x) - exact).abs().max() < 1.1 * half_a_unit

    def test_second_derivative_is_refused(self):
        x = samples(Case((8,)), 0)[0].requires_grad_()
        y = SyncBatchNorm(3).double()(x)
        (dx,) = torch.autograd.grad((y**3).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            dx.sum().backward()

    @pytest.mark.parametrize(
        ("x", "error", "text"),
        [
            (torch.ones(3), ValueError, "got 1D input"),
            (torch.ones(2, 3, 1, 1, 1, 1), ValueError, "got 6D input"),
            (torch.ones(4, 2), ValueError, "num_features = 3"),
            (torch.ones(4, 3, dtype=torch.int64), TypeError, "floating dtype"),
            (torch.ones(1, 3), ValueError, "more than 1 value per channel"),
            (torch.ones(0, 3), ValueError, "more than 1 value per channel"),
            (torch.full((4, 3), torch.inf), FloatingPointError, "channel 0, 1, 2"),
        ],
        ids=lambda value: str(tuple(value.shape)) if torch.is_tensor(value) else None,
    )
    def test_bad_input_is_refused(self, x, error, text):
        layer = SyncBatchNorm(3)
        with pytest.raises(error, match=text):
            layer(x)
        assert_same_state(layer.state_dict(), nn.BatchNorm1d(3).state_dict())

    @pytest.mark.parametrize("setting", [{"eps": 0.0}, {"momentum": 1.5}], ids=str)
    def test_bad_setting_is_refused(self, setting):
        with pytest.raises(ValueError, match=next(iter(setting))):
            SyncBatchNorm(3, **setting)
