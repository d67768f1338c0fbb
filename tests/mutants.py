"""Break the library one line at a time; the tests of that line must fail each time.

Each mutant is a copy of the library and its tests in a folder of its own; the checkout
is never touched. A mutant that survives asks for a better test, not for its removal.

Usage: ``python tests/mutants.py [part of a mistake's name]``
"""

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2

# module: (mistake, source fragment, what replaces it) ...
MUTANTS = {
    "kernel": [
        (
            "one-pass-variance",
            "return mean, mean_of_product(centered, centered, axes)",
            "return mean, mean_of_product(x, x, axes) - mean**2",
        ),
        (
            "eps-outside-root",
            "inv_std = (mean_of_product(centered, centered, axes) + eps) ** -0.5",
            "inv_std = 1 / (mean_of_product(centered, centered, axes) ** 0.5 + eps)",
        ),
        (
            "eps-forgotten",
            "inv_std = (mean_of_product(centered, centered, axes) + eps) ** -0.5",
            "inv_std = mean_of_product(centered, centered, axes) ** -0.5",
        ),
        (
            "divided-by-variance",
            "inv_std = (mean_of_product(centered, centered, axes) + eps) ** -0.5",
            "inv_std = (mean_of_product(centered, centered, axes) + eps) ** -1",
        ),
        (
            "bessel-in-forward",
            "inv_std = (mean_of_product(centered, centered, axes) + eps) ** -0.5",
            "n = len(x); inv_std = (mean_of_product(centered, centered, axes)"
            " * n / max(n - 1, 1) + eps) ** -0.5",
        ),
        ("center-once", "    centered -= rest\n", ""),
        ("mean-off-by-its-rounding", "centered, first + rest", "centered, first"),
        ("input-modified", "centered = x - first", "centered = x; centered -= first"),
        (
            "rms-subtracts-mean",
            "centered = _center(x, axes)[0] if center else x",
            "centered = _center(x, axes)[0]",
        ),
        (
            "mean-path-missing",
            "level = mean(dx_hat, axes) if center else None",
            "level = None",
        ),
        (
            "variance-path-missing",
            "along = mean_of_product(dx_hat, x_hat, axes)",
            "along = 0 * mean(dx_hat, axes)",
        ),
        ("variance-path-sign", "dx = x_hat * -along", "dx = x_hat * along"),
        ("factor-of-variance-path", "dx = x_hat * -along", "dx = x_hat * -along / 2"),
        ("statistics-as-constants", "dx = x_hat * -along", "return scale * dx_hat"),
        ("cache-overwritten", "dx = x_hat * -along", "dx = x_hat; dx *= -along"),
        (
            "variance-between-groups-lost",
            "(variances + (offset - shift) ** 2)",
            "variances",
        ),
        (
            "groups-weigh-the-same",
            "n = counts.reshape(",
            "n = (0 * counts + count / len(counts)).reshape(",
        ),
        ("last-rows-forgotten", "total = total + rows[full:].sum(axis=0)\n", "\n"),
        ("rows-added-one-by-one", "block = int(m**0.5)", "block = m"),
    ],
    "affine": [
        ("gamma-forgotten-per-position", "(gamma * dy, x_hat", "(dy, x_hat"),
        ("gamma-forgotten-per-channel", "along, gamma * inv_std)", "along, inv_std)"),
        ("shift-before-scale", "y += beta", "y += gamma * beta"),
        ("nan-accepted", "    require_finite(inv_std, axes)\n", ""),
        (
            "dgamma-averaged",
            "m * mean_of_product(dy, x_hat, shared), m *",
            "mean_of_product(dy, x_hat, shared), m *",
        ),
        ("dbeta-averaged", "m * mean(dy, shared)", "mean(dy, shared)"),
        ("dgamma-of-y", "mean_of_product(dy, x_hat, shared)", "mean(dy, shared)"),
        ("m-is-batch-size-backward", "m = dy.size // level.size", "m = dy.shape[0]"),
        ("dgamma-averaged-over-samples", "m * along.sum(", "m * along.mean("),
    ],
    "layers": [
        (
            "statistics-per-pixel",
            "axes = (0, *range(2, x.ndim))",
            "axes = (0,)",
        ),
        (
            "batch-norm-is-instance-norm",
            "axes = (0, *range(2, x.ndim))",
            "axes = tuple(range(2, x.ndim)) or (0,)",
        ),
        (
            "layer-norm-over-batch",
            "tuple(range(x.ndim - len(shape), x.ndim))",
            "tuple(range(len(shape)))",
        ),
        (
            "groups-interleaved",
            "grouped = x.reshape(n, *split, *spatial)",
            "grouped = x.reshape(n, *split[::-1], *spatial).swapaxes(1, 2)",
        ),
        (
            "groups-are-instances",
            "tuple(range(2, grouped.ndim))",
            "tuple(range(3, grouped.ndim)) or (2,)",
        ),
        (
            "rms-forward-centers",
            "return forward(x, gamma, None, axes, eps, center=False)",
            "return forward(x, gamma, None, axes, eps)",
        ),
        (
            "rms-backward-centers",
            "backward(dy, cache, center=False)",
            "backward(dy, cache)",
        ),
        (
            "eps-default",
            "def rms_norm(x: Array, gamma: Array, eps: float = 1e-5)",
            "def rms_norm(x: Array, gamma: Array, eps: float = 1e-3)",
        ),
        (
            "batch-of-one-accepted",
            "        x.size // x.shape[1],\n",
            "        x.size,\n",
        ),
        ("group-of-one-accepted", "x[0].size // num_groups", "x.size // num_groups"),
        (
            "groups-unchecked",
            "if num_groups < 1 or c % num_groups:",
            "if num_groups < 1:",
        ),
        (
            "gradient-shape-unchecked",
            "dy = same_shape(dy, (n, g * k, *spatial), cache.x_hat.dtype)",
            "dy = np.broadcast_to(dy, (n, g * k, *spatial))",
        ),
    ],
    "validation": [
        ("eps-zero-accepted", "if not eps > 0:", "if eps < 0:"),
        ("empty-batch-accepted", "if x.size == 0:", "if x.ndim == 0:"),
        (
            "float16-accepted",
            "(np.float32, np.float64)",
            "(np.float16, np.float32, np.float64)",
        ),
        ("overflow-accepted", "(inv_std > 0) & (inv_std", "(inv_std >= 0) & (inv_std"),
        (
            "gamma-as-a-column",
            "if v.shape != (x.shape[axis],):",
            "if v.size != x.shape[axis]:",
        ),
    ],
    "running": [
        (
            "momentum-reversed",
            "mean=self.mean + w * (mean - self.mean)",
            "mean=mean + w * (self.mean - mean)",
        ),
        (
            "biased-variance-stored",
            "return self.toward(mean, var * (m / (m - 1)))",
            "return self.toward(mean, var)",
        ),
        (
            "m-is-batch-size",
            "counts.append(x.size // x.shape[1])",
            "counts.append(len(x))",
        ),
        (
            "recalibrated-variance-biased",
            "RunningStats(mean, var * (m / (m - 1)),",
            "RunningStats(mean, var,",
        ),
        ("cumulative-by-moving-average", "1 / (self.num_batches_tracked + 1)", "0.1"),
        (
            "lost-count",
            "num_batches_tracked=self.num_batches_tracked + 1",
            "num_batches_tracked=self.num_batches_tracked",
        ),
        ("one-nan-poisons-for-ever", "if not np.isfinite(v).all():", "if False:"),
        (
            "inference-eps-outside-root",
            'inv_std = (vector(stats.var, x, "stats.var") + eps) ** -0.5',
            'inv_std = 1 / (vector(stats.var, x, "stats.var") ** 0.5 + eps)',
        ),
        (
            "batch-statistics-at-inference",
            "y = x - coarse.reshape(shape)",
            "y = x - x.mean(axis=0, keepdims=True)",
        ),
        (
            "input-modified-at-inference",
            "y = x - coarse.reshape(shape)",
            "y = x; y -= coarse.reshape(shape)",
        ),
        ("running-mean-rounded", "    y -= fine.reshape(shape)\n", ""),
        ("momentum-unchecked", "not 0 <= momentum <= 1", "momentum < 0"),
    ],
    "renorm": [
        (
            "renorm-stats-updated-first",
            "r, d = renorm_corrections(mean, std, stats,",
            "r, d = renorm_corrections(mean, std, stats.toward(mean, var),",
        ),
        ("d-in-batch-deviations", "stats.mean) / running_std", "stats.mean) / std"),
        ("r-inverted", "np.clip(std / running_std", "np.clip(running_std / std"),
        ("r-clipped-on-one-side", "1 / r_max, r_max)", "0, r_max)"),
        ("d-clipped-on-one-side", "-d_max, d_max)", "-np.inf, d_max)"),
        (
            "dgamma-without-d",
            "cache.r * dscale + cache.d * dbeta",
            "cache.r * dscale",
        ),
        ("dgamma-without-r", "cache.r * dscale", "dscale"),
        ("r-missing-in-y", "gamma * r, gamma * d + beta", "gamma, gamma * d + beta"),
        ("d-after-gamma", "gamma * r, gamma * d + beta", "gamma * r, d + beta"),
        (
            "bessel-in-renorm",
            "(var + eps) ** 0.5\n        r, d",
            "(var * len(x) / (len(x) - 1) + eps) ** 0.5\n        r, d",
        ),
        (
            "variance-averaged-for-deviation",
            "running_std = running_std + stats.new_weight * (std - running_std)",
            "running_std = (running_std**2"
            " + stats.new_weight * (std**2 - running_std**2)) ** 0.5",
        ),
        ("eps-stored", "np.maximum(running_std**2 - eps, 0.0)", "running_std**2"),
        (
            "mean-in-float32",
            'anchor = vector(stats.mean, x, "stats.mean")',
            'anchor = 0 * vector(stats.mean, x, "stats.mean")',
        ),
        ("schedule-off-by-one", "r_progress * (r_max - 1.0)", "r_progress * r_max"),
        (
            "schedule-never-ends",
            "min(max((step - start) / max(d_end - start, 1), 0.0), 1.0)",
            "max((step - start) / max(d_end - start, 1), 0.0)",
        ),
        ("clips-unchecked", "not (r_max >= 1", "not (r_max > 0"),
    ],
    "folding": [
        (
            "fold-bias-not-scaled",
            "(bias - stats.mean) * scale + beta",
            "bias - stats.mean * scale + beta",
        ),
        (
            "fold-mean-ignored",
            "(bias - stats.mean) * scale + beta",
            "bias * scale + beta",
        ),
        (
            "fold-eps-dropped",
            "gamma / (stats.var + eps) ** 0.5",
            "gamma / stats.var**0.5",
        ),
        (
            "fold-missing-bias-ignored",
            "bias = np.zeros(channels) if bias is None else bias",
            "bias = stats.mean if bias is None else bias",
        ),
        (
            "fold-groups-interleaved",
            "scale.reshape(groups, 1, -1, *kernel)",
            "scale.reshape(-1, 1, groups, *kernel).swapaxes(0, 2)",
        ),
        (
            "fold-groups-forgotten",
            "inputs = weight.shape[0] // groups",
            "inputs = 1",
        ),
        (
            "weight-modified",
            "folded = weight * _along_outputs(",
            "folded = weight; folded *= _along_outputs(",
        ),
    ],
    "preprocessing": [
        (
            "scaler-eps-outside-root",
            "np.sqrt(var[0] + self.eps)",
            "np.sqrt(var[0]) + self.eps",
        ),
        (
            "fitted-on-test",
            "self._checked(x) - self.mean_",
            "self._checked(x) - x.mean(axis=0)",
        ),
        (
            "constant-feature-divided-by-0",
            "mean[0], np.where(scale > 0, scale, 1.0)",
            "mean[0], scale",
        ),
        ("unbiased-covariance", "centered / len(x)", "centered / (len(x) - 1)"),
        ("whitened-by-variance", "axes * values**-0.5", "axes / values"),
        ("zca-rotated-twice", "self.matrix_ @ axes.T,", "self.matrix_ @ axes,"),
        ("axes-smallest-first", "axes[:, ::-1]", "axes"),
        ("signs-left-to-chance", "_with_fixed_signs(axes[:, ::-1])", "-axes[:, ::-1]"),
        ("rank-unchecked", "if rank < len(values):", "if rank < 0:"),
    ],
    "data": [
        (
            "test-rows-in-training",
            "order[:450], order[450:]",
            "order[:450], order[447:]",
        ),
        (
            "unseeded",
            "order = rng.permutation",
            "order = np.random.default_rng().permutation",
        ),
    ],
    "training": [
        ("gradient-through-dead-units", "backward(dx * active,", "backward(dx,"),
        (
            "gradient-summed",
            "return float(-log_p[rows, labels].mean()), gradient / len(labels)",
            "return float(-log_p[rows, labels].mean()), gradient",
        ),
        (
            "softmax-overflows",
            "shifted = logits - logits.max(axis=1, keepdims=True)",
            "shifted = logits",
        ),
        (
            "gamma-climbs",
            "self.gammas[i] - lr * dgamma",
            "self.gammas[i] + lr * dgamma",
        ),
        (
            "statistics-dropped",
            "return y, cache, stats.update(*moments(x, (0,)), len(x))",
            "return y, cache, stats",
        ),
        ("incomplete-batch-kept", "range(0, n - size + 1, size)", "range(0, n, size)"),
        ("weights-too-small", "(2 / a) ** 0.5", "(1 / a) ** 0.5"),
    ],
    "nn/statistics": [
        (
            "bessel-in-row-statistics",
            "return mean, var\n\n\ndef _moments_of_columns",
            "return mean, var * n * m / (n * m - 1)\n\n\ndef _moments_of_columns",
        ),
        (
            "rows-not-merged",
            "_, mean, var = merge_moments(counts, means, inv_stds**-2)",
            "mean, var = means.mean(0), (inv_stds**-2).mean(0)",
        ),
        ("columns-never-shifted", "if torch.addcmul(", "if False and torch.addcmul("),
        ("shift-not-undone", "        mean += x[0]\n", ""),
        (
            "half-precision-statistics",
            "x.detach().to(torch.promote_types(x.dtype, torch.float32))",
            "x.detach()",
        ),
    ],
    "nn/validation": [
        ("one-value-accepted", "if m < 2:", "if m < 1:"),
        ("overflow-of-the-check-refused", "    if not bad:", "    if None:"),
        (
            "complex-accepted",
            "if not x.is_floating_point():",
            "if not (x.is_floating_point() or x.is_complex()):",
        ),
    ],
    "nn/renorm": [
        (
            "torch-dgamma-without-d",
            "torch.addcmul(r * dscale, d, dshift)",
            "r * dscale",
        ),
        (
            "torch-dgamma-without-r",
            "torch.addcmul(r * dscale, d, dshift)",
            "torch.addcmul(dscale, d, dshift)",
        ),
        (
            "torch-r-missing-in-dx",
            "scale = r if gamma is None else gamma * r",
            "scale = torch.ones_like(r) if gamma is None else gamma",
        ),
        (
            "torch-statistics-as-constants",
            "None, None, mean, inv_std, True, ctx.eps",
            "mean, inv_std**-2 - ctx.eps, mean, inv_std, False, ctx.eps",
        ),
        (
            "torch-d-after-gamma",
            "torch.addcmul(beta, gamma, d)",
            "beta + d",
        ),
        (
            "torch-d-in-batch-deviations",
            "d = (off / running_std)",
            "d = (off / std)",
        ),
        (
            "torch-stats-updated-first",
            "        r_max, d_max = self.clips\n",
            "        r_max, d_max = self.clips\n        running_std.lerp_(std, 0.1)\n",
        ),
        (
            "torch-variance-averaged",
            "var = running_std.lerp_(std, w).square_()",
            "var = running_std.square_().lerp_(std**2, w)",
        ),
        ("torch-eps-stored", ".square_().sub_(self.eps)", ".square_()"),
        (
            "torch-schedule-late",
            "step = int(self.num_batches_tracked)",
            "step = int(self.num_batches_tracked) - 1",
        ),
        ("torch-nan-tracked", "        require_finite_statistics(mean, var)\n", ""),
        (
            "torch-counter-before-check",
            "        require_finite_statistics(mean, var)\n",
            "        self.num_batches_tracked.add_(1)\n"
            "        require_finite_statistics(mean, var)\n"
            "        self.num_batches_tracked.sub_(1)\n",
        ),
        (
            "torch-cumulative-off-by-one",
            "w = 1 / int(t) if",
            "w = 1 / (int(t) + 1) if",
        ),
        ("torch-renorm-at-inference", "if not self.training:", "if False:"),
    ],
    "nn/convert": [
        (
            "copied-parameters",
            "vars(new).update(held)",
            "new.load_state_dict(old.state_dict()); new.training = old.training",
        ),
        ("shared-layers-split", "remove_duplicate=False", "remove_duplicate=True"),
        (
            "subclasses-converted",
            "if type(old) in kinds:",
            "if isinstance(old, kinds):",
        ),
        ("lazy-layers-skipped", "isinstance(old, LazyModuleMixin):", "False:"),
        ("group-lost", "process_group or getattr(old", "getattr(old"),
    ],
    "nn/sync": [
        (
            "processes-weigh-the-same",
            "merge_moments(counts[:, 0], means",
            "merge_moments(0 * counts[:, 0] + 1, means",
        ),
        (
            "statistics-of-one-process",
            "dist.all_gather(list(rows), row, group)",
            "rows.copy_(row)",
        ),
        (
            "group-forgotten-forward",
            "dist.all_gather(list(rows), row, group)",
            "dist.all_gather(list(rows), row)",
        ),
        ("sums-of-one-process", "dist.all_reduce(part, group=group)", "pass"),
        (
            "m-of-one-process",
            "ctx.m, ctx.group = m, group",
            "ctx.m, ctx.group = x.numel() / x.shape[1], group",
        ),
        (
            "weight-gradient-of-all-processes",
            "            dx = project(",
            "            dbias, dweight = means * ctx.m\n            dx = project(",
        ),
        (
            "weight-forgotten-in-dx",
            "            dx = project(",
            "            scale = _per_channel(inv_std, x)\n            dx = project(",
        ),
        ("biased-variance-tracked", "mean, var * (m / (m - 1))", "mean, var"),
        (
            "bessel-of-one-process",
            "var * (m / (m - 1))",
            "var * (x.numel() / max(x.numel() - x.shape[1], 1))",
        ),
        ("nan-tracked", "    require_finite_statistics(mean, var)\n", ""),
        ("cumulative-off-by-one", "1 / int(t)", "1 / (int(t) + 1)"),
        ("statistics-shared-at-inference", "if not self.training:", "if False:"),
        ("outsider-goes-on", "if dist.get_rank(group) < 0:", "if False:"),
    ],
    "plots": [
        (
            "band-around-nothing",
            "ax.fill_between(x, low, high,",
            "ax.fill_between(x, middle, high,",
        ),
    ],
}

TESTS = {
    "affine": "layers",
    "nn/validation": "nn_validation nn_renorm",
    "validation": "validation layers",
}


def test_files(module: str) -> list[str]:
    """Return the test files that must fail when `module` is broken."""
    names = TESTS.get(module, module.replace("/", "_"))
    return [f"tests/test_{name}.py" for name in names.split()]


def copy(folder: str) -> Path:
    """Copy the library and its tests into `folder`; return the library's path."""
    bytecode = shutil.ignore_patterns("__pycache__")
    for part in ("normlib", "tests"):
        shutil.copytree(ROOT / part, Path(folder, part), ignore=bytecode)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return Path(folder, "normlib")


def python(folder: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python in `folder`, where ``import normlib`` finds the copy."""
    settings = {
        "PYTHONPATH": folder,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # starts in half the time
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=300,
    )


def run_tests(folder: str, files: list[str]) -> subprocess.CompletedProcess:
    """Run the test `files` in `folder`, up to the first failure."""
    return python(folder, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files)


def verdict(module: str, mistake: str, source: str, replacement: str) -> str:
    """Return what the tests say to one mutant; "killed by" is the only good answer."""
    with TemporaryDirectory() as folder:
        path = copy(folder) / f"{module}.py"
        text = path.read_text()
        if text.count(source) != 1:
            return f"ERROR: {source!r} stands {text.count(source)} times in {module}.py"
        path.write_text(text.replace(source, replacement))
        result = run_tests(folder, test_files(module))
    failed = re.search(r"^FAILED tests/(.+?)(?: - |$)", result.stdout, re.M)
    if result.returncode == 1 and failed:
        return f"killed by {failed.group(1)}"
    if result.returncode == 0:
        return "SURVIVED"
    return f"ERROR: pytest did not run\n{result.stdout[-2000:]}{result.stderr[-2000:]}"


def require_green_copy() -> None:
    """Exit unless the unbroken copy is what Python imports, and passes its tests."""
    with TemporaryDirectory() as folder:
        library = copy(folder)
        found = python(folder, "-c", "import normlib; print(normlib.__file__)").stdout
        if Path(found.strip()).resolve().parent != library.resolve():
            sys.exit(f"the copy in {library} is not what is imported, but {found}")
        files = sorted({file for module in MUTANTS for file in test_files(module)})
        halves = [files[::2], files[1::2]]
        with ThreadPoolExecutor(WORKERS) as pool:
            for result in pool.map(lambda half: run_tests(folder, half), halves):
                if result.returncode:
                    sys.exit(f"the unbroken library fails\n{result.stdout[-4000:]}")


def main(part: str = "") -> int:
    """Judge every mutant with `part` in its name; return the exit status."""
    start = time.perf_counter()
    require_green_copy()
    print(f"unbroken library: green after {time.perf_counter() - start:.0f} s")
    jobs = [(m, *mutant) for m, ms in MUTANTS.items() for mutant in ms]
    jobs = [job for job in jobs if part in job[1]]
    killed = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for job, answer in zip(
            jobs, pool.map(lambda j: verdict(*j), jobs), strict=True
        ):
            print(f"{job[0]:13} {job[1]:32} {answer}", flush=True)
            killed += answer.startswith("killed")
    seconds = time.perf_counter() - start
    print(f"{killed} of {len(jobs)} mutants killed in {seconds:.0f} s")
    return int(killed < len(jobs))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
