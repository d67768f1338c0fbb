"""The benchmarks: what is timed is right, and what is shown is what was measured."""

import copy
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import SHAPES

from benchmarks import (
    accuracy,
    field,
    figures,
    numpy_speed,
    records,
    staged,
    tables,
    timing,
    torch_speed,
)
from benchmarks.plain import PlainBatchRenorm
from normlib import RunningStats, batch_norm, batch_renorm, batch_renorm_backward

TINY = (8, 32, 3, 2)
OLD, NEW = "2026-01-01 10:00:00", "2026-02-02 10:00:00"


def where(date):
    """Return made-up facts of a run."""
    return {
        "date": date,
        "machine": "Example 1",
        "cores": 2,
        "system": "Linux x86_64",
        "rounds": 3,
        "numpy": "2.4.6",
    }


def record(candidate, *, device="cpu", shape="8×4", **found):
    """Return a made-up record of a ratio."""
    case = {"shape": shape, "threads": 1}
    return {"candidate": candidate, "case": case, "device": device, **found}


def timed(seconds, ratio):
    return {"seconds": seconds, "ratio": ratio}


def measured_twice():
    """Return results of which the second run lacked Keras and Other."""
    base = record("base", **timed(0.002, 1.0))
    first = [base, record("Keras", **timed(0.004, 2.0))]
    gone = [record("Keras", missing="keras"), record("Other", missing="other")]
    second = [base, record("own", **timed(0.001, 0.5)), *gone]
    results = records.add({"runs": {}, "tables": {}}, "renorm", first, where(OLD))
    return records.add(results, "renorm", second, where(NEW))


class TestCandidates:
    """Nothing is timed before it is known to compute the right thing."""

    @pytest.mark.parametrize("name", torch_speed.builders("cpu"))
    @pytest.mark.parametrize("ndim", [2, 4])
    def test_torch_layer_agrees_with_float64(self, name, ndim):
        if package := field.missing(name):
            pytest.skip(f"{package} is not installed")
        build = torch_speed.builders("cpu")[name]
        assert torch_speed.error(name, build, ndim, "cpu") < 2e-5

    @pytest.mark.parametrize("shape", SHAPES[:2])
    def test_plain_formula_agrees_with_the_book(self, rng, shape):
        x, dy = 3 + 4 * rng.normal(size=shape), rng.normal(size=shape)
        gamma, beta = rng.normal(size=(2, shape[1]))
        layer = PlainBatchRenorm(shape[1], 1.5, 0.4).double()
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(gamma))
            layer.bias.copy_(torch.tensor(beta))
        leaf = torch.tensor(x, requires_grad=True)
        y = layer(leaf)
        got = torch.autograd.grad(y, [leaf, layer.weight, layer.bias], torch.tensor(dy))
        eps = 1e-5
        stats = RunningStats(np.zeros(shape[1]), np.full(shape[1], 1 - eps), 0.01)
        wanted, cache, after = batch_renorm(x, gamma, beta, stats, 1.5, 0.4, eps)
        np.testing.assert_allclose(y.detach(), wanted, rtol=1e-9, atol=1e-9)
        for ours, theirs in zip(got, batch_renorm_backward(dy, cache), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(layer.running_mean, after.mean)
        np.testing.assert_allclose(layer.running_std**2, after.var + eps)

    @pytest.mark.parametrize("layer", numpy_speed.LAYERS)
    def test_numpy_candidates_have_the_gradients_of_torch(self, rng, layer):
        x, dy = (rng.standard_normal(TINY, dtype=np.float32) for _ in range(2))
        candidates = numpy_speed.candidates(layer, x, dy, rng)
        expected = 4 if layer == "batch" else 2
        assert len(candidates) == expected
        wanted = [gradient.numpy() for gradient in candidates["torch"]()]
        for candidate in candidates.values():
            for ours, theirs in zip(candidate(), wanted, strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=1e-4)

    def test_staged_output_is_batch_norm(self, rng):
        x, (gamma, beta) = rng.normal(size=TINY), rng.normal(size=(2, TINY[1]))
        y, _ = staged.forward(staged.flatten(x), gamma, beta, 1e-5)
        wanted, _ = batch_norm(x, gamma, beta)
        np.testing.assert_allclose(staged.unflatten(y, x.shape), wanted, atol=1e-12)

    @pytest.mark.parametrize("name", accuracy.implementations("cpu"))
    def test_implementation_is_right_where_it_is_easy(self, name):
        if package := field.missing(name):
            pytest.skip(f"{package} is not installed")
        axes, layer = accuracy.implementations("cpu")[name]
        assert accuracy.error(layer, accuracy.data("0"), axes) < 5e-5

    def test_wrong_axes_are_seen(self):
        _, layer = accuracy.implementations("cpu")["normlib batch"]
        assert accuracy.error(layer, accuracy.data("0"), accuracy.CHANNEL) > 1e-2

    def test_nan_is_no_number(self):
        x = accuracy.data("0")
        assert accuracy.error(lambda x: x * np.nan, x, accuracy.BATCH) is None


class TestTorchSpeed:
    """A small measurement from end to end."""

    case: dict = {"shape": "6×4", "threads": 2}  # noqa: RUF012

    def measure(self, monkeypatch, **others):
        builders = torch_speed.builders("cpu")
        chosen = {k: builders[k] for k in ("nn.BatchNorm", "plain")} | others
        monkeypatch.setattr(torch_speed, "builders", lambda device: chosen)
        found = torch_speed.measure(self.case, rounds=1, device="cpu")
        return {record["candidate"]: record for record in found}

    def test_measures_each_candidate(self, monkeypatch):
        found = self.measure(monkeypatch)
        assert [*found] == ["nn.BatchNorm", "plain", "copy floor"]
        assert found["nn.BatchNorm"]["ratio"] == 1
        assert all(r["seconds"] > 0 and r["case"] == self.case for r in found.values())

    def test_leaves_one_thread(self, monkeypatch):
        before = torch.get_num_threads()
        try:
            self.measure(monkeypatch)
            assert torch.get_num_threads() == 1
        finally:
            torch.set_num_threads(before)

    def test_does_not_time_what_is_wrong(self, monkeypatch):
        unclipped = lambda shape: field.Layer(  # noqa: E731
            layer := PlainBatchRenorm(shape[1], 1e9, 1e9), layer.weight, layer.bias
        )
        wrong = self.measure(monkeypatch, unclipped=unclipped)["unclipped"]
        assert "seconds" not in wrong
        assert wrong["wrong"] > 0.1

    def test_reports_what_is_missing(self, monkeypatch):
        monkeypatch.setitem(field.NEEDS, "Absent", "no-such-package")
        gone = self.measure(monkeypatch, Absent=None)["Absent"]
        assert gone["missing"] == "no-such-package"


def test_a_gpu_has_no_numpy_and_no_threads():
    assert numpy_speed.cases("cuda") == []
    assert {case["threads"] for case in torch_speed.cases("cuda")} == {1}
    assert not [n for n in accuracy.implementations("cuda") if n in field.NEEDS]


def test_rounds_are_interleaved_and_waited_for():
    calls = []
    candidates = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = timing.ratios(candidates, "a", 2, wait=lambda: calls.append("-"))
    assert "".join(calls) == "ab" + "-a--b-" * 2
    assert [r["candidate"] for r in found] == ["a", "b"]
    assert found[1]["ratio"] == found[1]["seconds"] / found[0]["seconds"]


class TestRecords:
    """How runs combine, and what is saved."""

    def test_missing_package_keeps_its_last_measurement(self):
        kept = measured_twice()["tables"]["renorm"]
        runs = {record["candidate"]: record["run"] for record in kept}
        assert runs == {"base": NEW, "own": NEW, "Keras": OLD, "Other": NEW}

    def test_run_that_nothing_refers_to_is_forgotten(self):
        results = measured_twice()
        back = [record("base", **timed(0.002, 1.0)), record("Keras", **timed(1, 500.0))]
        after = records.add(results, "renorm", back, where("2026-03-03 10:00:00"))
        assert [*after["runs"]] == ["2026-03-03 10:00:00"]

    def test_other_devices_stay(self):
        gpu = [record("base", device="cuda", **timed(0.1, 1.0))]
        results = records.add(measured_twice(), "renorm", gpu, where(NEW))
        assert tables.devices(results, "renorm") == ["cpu", "cuda"]
        assert len(tables.select(results, "renorm")) == 4

    def test_adding_changes_nothing_of_the_caller(self):
        results = measured_twice()
        before = copy.deepcopy(results)
        records.add(results, "renorm", [record("base", **timed(1, 1))], where(NEW))
        assert results == before

    def test_file_round_trips_and_is_strict_json(self, tmp_path):
        file = tmp_path / "results.json"
        records.save(measured_twice(), file)
        assert records.load(file) == measured_twice()
        json.loads(file.read_text(), parse_constant=pytest.fail)
        bad = {"tables": {"renorm": [timed(float("nan"), 1.0)]}, "runs": {}}
        with pytest.raises(ValueError, match="JSON"):
            records.save(bad, file)
        assert records.load(file) == measured_twice(), "the file is not touched"

    def test_no_file_says_what_to_do(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="make bench"):
            records.load(tmp_path / "results.json")

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"runs": {}}', "3"])
    def test_other_file_says_what_to_do(self, tmp_path, text):
        file = tmp_path / "results.json"
        file.write_text(text)
        with pytest.raises(ValueError, match=r"results\.json holds no results"):
            records.load(file)


class TestTables:
    """Every cell is what was measured, or says why not."""

    def test_speed(self):
        lines = tables.table(measured_twice(), "renorm").splitlines()
        assert lines[0] == "| shape | threads | base (ms) | own | Keras | Other |"
        assert lines[2] == "| 8×4 | 1 | 2.00 | 0.50 | 2.00\\* | not installed |"
        assert "2026-02-02 10:00 on Example 1 (2 cores" in lines[4]
        assert lines[6].startswith("\\* Not installed in that run. Keras: 2026-01-01")

    @pytest.mark.parametrize(
        ("error", "shown"),
        [(0.0, "0"), (3.6e-7, "4e−7"), (5.1, "5"), (1234.0, "1e3"), (None, "NaN")],
    )
    def test_errors_are_short(self, error, shown):
        cell = {"error": error, "run": NEW}
        assert tables.cell(cell, NEW, "error", "{:.0e}") == shown
        assert tables.cell(cell, OLD, "error", "{:.0e}") == f"{shown}\\*"

    def test_accuracy(self):
        found = [
            {"candidate": name, "case": {"offset": o}, "device": "cpu", "error": e}
            for name, o, e in [("a", "0", 1e-7), ("a", "1e6", None), ("b", "0", 0.0)]
        ]
        empty = {"runs": {}, "tables": {}}
        results = records.add(empty, "accuracy", found, where(NEW))
        lines = tables.table(results, "accuracy").splitlines()
        assert lines[0] == "| implementation | 0 | 1e6 |"
        assert lines[2:4] == ["| a | 1e−7 | NaN |", "| b | 0 | – |"]
        assert "rounds" not in lines[5]

    def test_wrong_candidate_shows_by_how_much(self):
        cell = {"wrong": 0.31, "run": NEW}
        assert tables.cell(cell, NEW, "ratio", "{:.2f}") == "wrong by 3e-01"

    def test_what_was_not_measured_is_named(self):
        with pytest.raises(ValueError, match=r"no 'layers' .* only \['renorm'\]"):
            tables.table(measured_twice(), "layers")

    def test_only_measured_tables_are_printed(self):
        text = tables.everything(measured_twice())
        assert text.startswith("Batch renorm in torch")
        assert text.count("\n| --- ") == 1


class TestFigures:
    """A figure has each measured value once."""

    def test_ratios(self):
        found = tables.select(measured_twice(), "renorm")
        fig, ax = plt.subplots()
        figures.ratios(ax, found)
        drawn = {line.get_label(): [*line.get_xdata()] for line in ax.lines[:2]}
        assert drawn == {"own": [0.5], "Keras": [2.0]}
        assert [text.get_text() for text in ax.get_yticklabels()] == ["8×4, 1 thread"]
        assert len({line.get_marker() for line in ax.lines[:2]}) == 2
        plt.close(fig)

    def test_errors_draw_a_nan_at_the_top(self):
        found = [
            {"candidate": "a", "case": {"offset": offset}, "error": error}
            for offset, error in [("0", 1e-7), ("1e4", None), ("constant", 0.0)]
        ]
        fig, ax = plt.subplots()
        figures.errors(ax, found, ["never measured", "a"])
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a"]
        assert [*ax.lines[0].get_ydata()] == [1e-7, figures.NAN]
        assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "1e4"]
        plt.close(fig)

    def test_a_file_holds_each_table(self, tmp_path):
        figures.save(measured_twice(), tmp_path / "new")
        (file,) = (tmp_path / "new").iterdir()
        assert file.name == "renorm.svg"
        assert file.read_text().count("<!-- Keras -->") == 1


def test_saved_results_are_those_of_the_code():
    results = records.load()
    measured = {"layers": numpy_speed, "renorm": torch_speed, "accuracy": accuracy}
    assert [*results["tables"]] == [*tables.TABLES] == [*measured]
    for name, module in measured.items():
        found = tables.select(results, name)
        cases = tables.unique(json.dumps(record["case"]) for record in found)
        assert cases == [json.dumps(case) for case in module.cases("cpu")]
    floor = {"copy floor"}
    for name, code in [
        ("renorm", {*torch_speed.builders("cpu")} | floor),
        ("accuracy", {*accuracy.implementations("cpu")}),
    ]:
        assert {record["candidate"] for record in results["tables"][name]} == code
