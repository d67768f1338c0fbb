"""Right answers pass, however they are written."""

import numpy as np
import pytest
import variants_depth  # noqa: F401 (each adds its answers to the table)
import variants_images  # noqa: F401
import variants_practice  # noqa: F401
import variants_sequences  # noqa: F401
import variants_statistics  # noqa: F401
import variants_steps  # noqa: F401
import variants_training  # noqa: F401
from variants import VARIANTS, variant

from normlib import checks
from normlib.checks.bank import EXERCISES
from normlib.checks.exercise import numbers


def in_float32(function):
    """Return `function` computing in single precision, and returning it."""

    def single(*args):
        return function(*numbers(args, np.float32))

    return single


@pytest.mark.parametrize(("exercise", "answer"), VARIANTS)
def test_right_answer_passes(exercise, answer):
    for seed in range(3):
        checks.check(exercise, answer, seed=seed).require()


@pytest.mark.parametrize("exercise", EXERCISES)
def test_solution_passes_also_in_float32_and_in_fortran_order(exercise):
    solution = EXERCISES[exercise].solution

    def fortran(*args):
        flipped = [np.asfortranarray(a) if np.ndim(a) > 1 else a for a in args]
        return solution(*flipped)

    for seed in range(3):
        for answer in (solution, in_float32(solution), fortran):
            checks.check(exercise, answer, seed=seed).require()


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_exercise_has_four_right_answers(exercise):
    written = [p for p in VARIANTS if p.values[0] == exercise]
    assert len(written) >= 3  # beside the solution, also in float32 and Fortran order


@variant("standardize")
def standardize_by_loops(train, test):
    a, b = np.zeros(train.shape), np.zeros(test.shape)
    for j in range(train.shape[1]):
        mean = sum(train[:, j]) / len(train)
        std = (sum((v - mean) ** 2 for v in train[:, j]) / len(train)) ** 0.5
        a[:, j], b[:, j] = (train[:, j] - mean) / std, (test[:, j] - mean) / std
    return a, b


@variant("standardize")
def standardize_one_function_for_both(train, test):
    mu, sd = np.mean(train, axis=0, keepdims=True), np.std(train, axis=0, keepdims=True)
    return tuple((x - mu) / sd for x in (train, test))


@variant("standardize")
def standardize_with_a_tiny_guard(train, test):
    mu, sd = train.mean(0), train.std(0) + 1e-12
    return [(train - mu) / sd, (test - mu) / sd]


@variant("whiten")
def whiten_zca(x, eps):
    c = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(c.T @ c / len(x))
    return c @ vectors @ np.diag(1 / np.sqrt(values + eps)) @ vectors.T


@variant("whiten")
def whiten_cholesky(x, eps):
    c = x - x.mean(axis=0)
    cov = np.cov(x.T, bias=True) + eps * np.eye(x.shape[1])
    return np.linalg.solve(np.linalg.cholesky(cov), c.T).T


@variant("whiten")
def whiten_precision_cholesky(x, eps):
    c = x - x.mean(axis=0)
    cov = c.T @ c / len(x) + eps * np.eye(x.shape[1])
    return c @ np.linalg.cholesky(np.linalg.inv(cov))


@variant("whiten")
def whiten_svd(x, eps):
    c = x - x.mean(axis=0)
    _, s, vt = np.linalg.svd(c)
    values = np.zeros(x.shape[1])
    values[: len(s)] = s**2 / len(x)
    return c @ vt.T / np.sqrt(values + eps)


@variant("whiten")
def whiten_rotated_by_chance(x, eps):
    rotation = np.linalg.qr(np.vander(np.arange(1.0, x.shape[1] + 1)))[0]
    return whiten_zca(x, eps) @ rotation


@variant("batch-norm-forward")
def batch_norm_by_loops(x, gamma, beta, eps):
    y = np.zeros_like(x)
    for j in range(x.shape[1]):
        mean = sum(x[:, j]) / len(x)
        var = sum((x[i, j] - mean) ** 2 for i in range(len(x))) / len(x)
        for i in range(len(x)):
            y[i, j] = gamma[j] * (x[i, j] - mean) / (var + eps) ** 0.5 + beta[j]
    return y


@variant("batch-norm-forward")
def batch_norm_einsum(x, gamma, beta, eps):
    c = x - np.einsum("nd->d", x) / len(x)
    return (
        np.einsum(
            "d,nd->nd", gamma * (np.einsum("nd,nd->d", c, c) / len(x) + eps) ** -0.5, c
        )
        + beta
    )


@variant("batch-norm-forward")
def batch_norm_centering_matrix(x, gamma, beta, eps):
    n = len(x)
    c = (np.eye(n) - np.ones((n, n)) / n) @ x
    return c @ np.diag(gamma / np.sqrt(np.diag(c.T @ c) / n + eps)) + beta


@variant("batch-norm-forward")
def batch_norm_with_numpy_var(x, gamma, beta, eps):
    return gamma * (x - x.mean(0)) / np.sqrt(np.var(x, axis=0) + eps) + beta


@variant("batch-norm-backward")
def batch_norm_backward_staged(dy, x, gamma, eps):
    n = len(x)
    mu = x.mean(0)
    xmu = x - mu
    var = (xmu**2).mean(0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1 / sqrtvar
    x_hat = xmu * ivar
    dbeta, dgamma, dx_hat = dy.sum(0), (dy * x_hat).sum(0), dy * gamma
    divar = (dx_hat * xmu).sum(0)
    dsqrtvar = -divar / sqrtvar**2
    dvar = 0.5 * dsqrtvar / np.sqrt(var + eps)
    dxmu = dx_hat * ivar + 2 * xmu * np.ones_like(x) * dvar / n
    dmu = -dxmu.sum(0)
    return dxmu + np.ones_like(x) * dmu / n, dgamma, dbeta


@variant("batch-norm-backward")
def batch_norm_backward_paper(dy, x, gamma, eps):
    m, mu, var = len(x), x.mean(0), x.var(0)
    dx_hat = dy * gamma
    dvar = (dx_hat * (x - mu) * -0.5 * (var + eps) ** -1.5).sum(0)
    dmu = (-dx_hat / np.sqrt(var + eps)).sum(0) + dvar * (-2 * (x - mu)).mean(0)
    dx = dx_hat / np.sqrt(var + eps) + dvar * 2 * (x - mu) / m + dmu / m
    return dx, (dy * (x - mu) / np.sqrt(var + eps)).sum(0), dy.sum(0)


@variant("batch-norm-backward")
def batch_norm_backward_sums(dy, x, gamma, eps):
    n = len(x)
    ivar = 1 / np.sqrt(x.var(0) + eps)
    xh = (x - x.mean(0)) * ivar
    dg, db = (dy * xh).sum(0), dy.sum(0)
    return gamma * ivar / n * (n * dy - db - xh * dg), dg, db


@variant("batch-norm-backward")
def batch_norm_backward_jacobian(dy, x, gamma, eps):
    n = len(x)
    dx, dgamma, dbeta = np.zeros(x.shape), np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for j in range(x.shape[1]):
        ivar = (x[:, j].var() + eps) ** -0.5
        xh = (x[:, j] - x[:, j].mean()) * ivar
        jacobian = ivar * (np.eye(n) - 1 / n - np.outer(xh, xh) / n)
        dx[:, j] = jacobian @ (gamma[j] * dy[:, j])
        dgamma[j], dbeta[j] = dy[:, j] @ xh, dy[:, j].sum()
    return dx, dgamma, dbeta


@variant("batch-norm-conv")
def conv_as_a_table(x, gamma, beta, eps):
    n, c, h, w = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, c)
    y = gamma * (flat - flat.mean(0)) / np.sqrt(flat.var(0) + eps) + beta
    return y.reshape(n, h, w, c).transpose(0, 3, 1, 2)


@variant("batch-norm-conv")
def conv_by_channel(x, gamma, beta, eps):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        v = x[:, c]
        y[:, c] = gamma[c] * (v - v.mean()) / np.sqrt(v.var() + eps) + beta[c]
    return y


@variant("batch-norm-conv")
def conv_einsum(x, gamma, beta, eps):
    m = x.size / x.shape[1]
    c = x - (np.einsum("nchw->c", x) / m)[None, :, None, None]
    scale = gamma / np.sqrt(np.einsum("nchw,nchw->c", c, c) / m + eps)
    return np.einsum("nchw,c->nchw", c, scale) + beta[:, None, None]


@variant("running-update")
def update_as_a_step(running_mean, running_var, x, momentum):
    m = len(x)
    var = x.var(0) * m / (m - 1)
    mean = running_mean + momentum * (x.mean(0) - running_mean)
    return mean, running_var + momentum * (var - running_var)


@variant("running-update")
def update_with_cov(running_mean, running_var, x, momentum):
    var = np.diag(np.cov(x.T))
    lerp = lambda a, b: a * (1 - momentum) + b * momentum  # noqa: E731
    return lerp(running_mean, np.average(x, axis=0)), lerp(running_var, var)


@variant("running-update")
def update_by_loops(running_mean, running_var, x, momentum):
    mean, var = running_mean.copy(), running_var.copy()
    for j in range(x.shape[1]):
        mu = sum(x[:, j]) / len(x)
        v = sum((x[:, j] - mu) ** 2) / (len(x) - 1)
        mean[j] = (1 - momentum) * mean[j] + momentum * mu
        var[j] = (1 - momentum) * var[j] + momentum * v
    return mean, var


@variant("batch-norm-inference")
def inference_as_scale_and_shift(x, running_mean, running_var, gamma, beta, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return x * scale + (beta - running_mean * scale)


@variant("batch-norm-inference")
def inference_row_by_row(x, running_mean, running_var, gamma, beta, eps):
    std = (running_var + eps) ** 0.5
    return np.stack([(row - running_mean) / std * gamma + beta for row in x])


@variant("batch-norm-inference")
def inference_by_matrix(x, running_mean, running_var, gamma, beta, eps):
    return (x - running_mean) @ np.diag(gamma / np.sqrt(running_var + eps)) + beta


@variant("fold-batch-norm")
def fold_by_matrix(weight, bias, running_mean, running_var, gamma, beta, eps):
    scale = gamma / (running_var + eps) ** 0.5
    shift = beta - running_mean * scale
    return np.diag(scale) @ weight, shift if bias is None else shift + bias * scale


@variant("fold-batch-norm")
def fold_by_rows(weight, bias, running_mean, running_var, gamma, beta, eps):
    rows, shifts = [], []
    for i, row in enumerate(weight):
        s = gamma[i] / np.sqrt(running_var[i] + eps)
        rows.append(row * s)
        shifts.append(
            ((0 if bias is None else bias[i]) - running_mean[i]) * s + beta[i]
        )
    return np.array(rows), np.array(shifts)


@variant("fold-batch-norm")
def fold_by_probing(weight, bias, running_mean, running_var, gamma, beta, eps):
    def both(x):
        h = x @ weight.T + (0 if bias is None else bias)
        return gamma * (h - running_mean) / np.sqrt(running_var + eps) + beta

    shift = both(np.zeros((1, weight.shape[1])))[0]
    return (both(np.eye(weight.shape[1])) - shift).T, shift


@variant("batch-renorm-forward")
def renorm_as_batch_norm(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    mu, sd = x.mean(0), np.sqrt(x.var(0) + eps)
    r = np.minimum(np.maximum(sd / running_std, 1 / r_max), r_max)
    d = np.minimum(np.maximum((mu - running_mean) / running_std, -d_max), d_max)
    return gamma * r * (x - mu) / sd + (gamma * d + beta)


@variant("batch-renorm-forward")
def renorm_by_column(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    y = np.zeros_like(x)
    for j, v in enumerate(x.T):
        sd = (v.var() + eps) ** 0.5
        r = min(max(sd / running_std[j], 1 / r_max), r_max)
        d = min(max((v.mean() - running_mean[j]) / running_std[j], -d_max), d_max)
        y[:, j] = gamma[j] * ((v - v.mean()) / sd * r + d) + beta[j]
    return y


@variant("batch-renorm-forward")
def renorm_einsum(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    c = x - x.mean(0, keepdims=True)
    sd = np.sqrt(np.einsum("nd,nd->d", c, c) / len(x) + eps)
    r = (sd / running_std).clip(1 / r_max, r_max)
    d = ((x.mean(0) - running_mean) / running_std).clip(-d_max, d_max)
    return (
        np.einsum("nd,d->nd", c, gamma * r / sd) + np.einsum("d,d->d", gamma, d) + beta
    )


def renorm_constants(x, running_mean, running_std, r_max, d_max, eps):
    sd = np.sqrt(x.var(0) + eps)
    r = np.clip(sd / running_std, 1 / r_max, r_max)
    return sd, r, np.clip((x.mean(0) - running_mean) / running_std, -d_max, d_max)


@variant("batch-renorm-backward")
def renorm_backward_from_batch_norm(dy, x, gamma, running_mean, running_std, *rest):
    _, r, d = renorm_constants(x, running_mean, running_std, *rest)
    dx, dscale, dbeta = batch_norm_backward_sums(dy, x, gamma * r, rest[-1])
    return dx, dscale * r + dbeta * d, dbeta


@variant("batch-renorm-backward")
def renorm_backward_staged(dy, x, gamma, running_mean, running_std, *rest):
    _, r, d = renorm_constants(x, running_mean, running_std, *rest)
    dx, dscale, dbeta = batch_norm_backward_staged(dy, x, gamma * r, rest[-1])
    return dx, dscale * r + dbeta * d, dbeta


@variant("batch-renorm-backward")
def renorm_backward_jacobian(dy, x, gamma, running_mean, running_std, *rest):
    _, r, d = renorm_constants(x, running_mean, running_std, *rest)
    dx, dscale, dbeta = batch_norm_backward_jacobian(dy, x, gamma * r, rest[-1])
    return dx, dscale * r + dbeta * d, dbeta


@variant("layer-norm-forward")
def layer_norm_by_rows(x, gamma, beta, eps):
    return np.array(
        [gamma * (row - row.mean()) / (row.var() + eps) ** 0.5 + beta for row in x]
    )


@variant("layer-norm-forward")
def layer_norm_transposed(x, gamma, beta, eps):
    t = x.T
    return gamma * ((t - t.mean(0)) / np.sqrt(t.var(0) + eps)).T + beta


@variant("layer-norm-forward")
def layer_norm_einsum(x, gamma, beta, eps):
    c = x - (np.einsum("nd->n", x) / x.shape[1])[:, None]
    inv = (np.einsum("nd,nd->n", c, c) / x.shape[1] + eps) ** -0.5
    return np.einsum("nd,n,d->nd", c, inv, gamma) + beta


@variant("layer-norm-backward")
def layer_norm_backward_by_rows(dy, x, gamma, eps):
    d = x.shape[1]
    dx, dgamma = np.zeros_like(x), np.zeros_like(gamma)
    for i in range(len(x)):
        ivar = (x[i].var() + eps) ** -0.5
        xh = (x[i] - x[i].mean()) * ivar
        g = gamma * dy[i]
        dx[i] = ivar * (g - g.mean() - xh * (g @ xh) / d)
        dgamma += dy[i] * xh
    return dx, dgamma, np.ones(len(dy)) @ dy


@variant("layer-norm-backward")
def layer_norm_backward_sums(dy, x, gamma, eps):
    d = x.shape[1]
    ivar = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    xh = (x - x.mean(-1, keepdims=True)) * ivar
    g = dy * gamma
    dx = (
        ivar
        / d
        * (d * g - g.sum(-1, keepdims=True) - xh * (g * xh).sum(-1, keepdims=True))
    )
    return dx, np.einsum("nd,nd->d", dy, xh), np.einsum("nd->d", dy)


@variant("layer-norm-backward")
def layer_norm_backward_staged(dy, x, gamma, eps):
    ones = np.ones(len(x))
    dx, _, _ = batch_norm_backward_staged((gamma * dy).T, x.T, ones, eps)
    xh = layer_norm_transposed(x, 1.0, 0.0, eps)
    return dx.T, (dy * xh).sum(0), dy.sum(0)


@variant("instance-norm")
def instance_norm_by_loops(x, gamma, beta, eps):
    y = np.empty_like(x)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            v = x[n, c]
            y[n, c] = gamma[c] * (v - v.mean()) / np.sqrt(v.var() + eps) + beta[c]
    return y


@variant("instance-norm")
def instance_norm_flat(x, gamma, beta, eps):
    flat = x.reshape(*x.shape[:2], -1)
    c = flat - flat.mean(-1, keepdims=True)
    x_hat = c / np.sqrt((c * c).mean(-1, keepdims=True) + eps)
    return (gamma[:, None] * x_hat + beta[:, None]).reshape(x.shape)


@variant("instance-norm")
def instance_norm_einsum(x, gamma, beta, eps):
    m = x.shape[2] * x.shape[3]
    c = x - (np.einsum("nchw->nc", x) / m)[:, :, None, None]
    inv = (np.einsum("nchw,nchw->nc", c, c) / m + eps) ** -0.5
    return np.einsum("nchw,nc,c->nchw", c, inv, gamma) + beta[None, :, None, None]


@variant("group-norm")
def group_norm_by_loops(x, num_groups, gamma, beta, eps):
    y = np.empty_like(x)
    for n, image in enumerate(x):
        groups = np.split(np.arange(x.shape[1]), num_groups)
        for members in groups:
            v = image[members]
            y[n, members] = (v - v.mean()) / np.sqrt(v.var() + eps)
    return y * gamma[None, :, None, None] + beta[None, :, None, None]


@variant("group-norm")
def group_norm_five_axes(x, num_groups, gamma, beta, eps):
    n, c, h, w = x.shape
    g = x.reshape(n, num_groups, c // num_groups, h, w)
    mean = g.mean(axis=(2, 3, 4), keepdims=True)
    var = g.var(axis=(2, 3, 4), keepdims=True)
    out = ((g - mean) / np.sqrt(var + eps)).reshape(n, c, h, w)
    return out * gamma.reshape(c, 1, 1) + beta.reshape(c, 1, 1)


@variant("group-norm")
def group_norm_by_slices(x, num_groups, gamma, beta, eps):
    parts = []
    for p in np.split(x, num_groups, axis=1):
        c = p - p.mean((1, 2, 3), keepdims=True)
        parts.append(c * ((c**2).mean((1, 2, 3), keepdims=True) + eps) ** -0.5)
    return np.concatenate(parts, 1) * gamma[:, None, None] + beta[:, None, None]


@variant("rms-norm")
def rms_norm_by_rows(x, gamma, eps):
    return np.array([gamma * row / (row @ row / len(row) + eps) ** 0.5 for row in x])


@variant("rms-norm")
def rms_norm_by_norm(x, gamma, eps):
    d = x.shape[1]
    norm = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.sqrt(norm**2 / d + eps) * gamma


@variant("rms-norm")
def rms_norm_einsum(x, gamma, eps):
    inv = (np.einsum("nd,nd->n", x, x) / x.shape[1] + eps) ** -0.5
    return np.einsum("nd,n,d->nd", x, inv, gamma)


@variant("rms-norm-backward")
def rms_norm_backward_by_rows(dy, x, gamma, eps):
    dx, dgamma = np.zeros_like(x), np.zeros_like(gamma)
    for i, row in enumerate(x):
        ms = row @ row / len(row) + eps
        g = gamma * dy[i]
        dx[i] = g / ms**0.5 - row * (g @ row) / len(row) / ms**1.5
        dgamma += dy[i] * row / ms**0.5
    return dx, dgamma


@variant("rms-norm-backward")
def rms_norm_backward_jacobian(dy, x, gamma, eps):
    d = x.shape[1]
    inv = 1 / np.sqrt((x**2).mean(1) + eps)
    xh = x * inv[:, None]
    jacobian = inv[:, None, None] * (np.eye(d) - xh[:, :, None] * xh[:, None] / d)
    return np.einsum("nij,nj->ni", jacobian, gamma * dy), np.einsum("nd,nd->d", dy, xh)


@variant("rms-norm-backward")
def rms_norm_backward_staged(dy, x, gamma, eps):
    ms = (x**2).mean(-1, keepdims=True) + eps
    rms = np.sqrt(ms)
    dx_hat = dy * gamma
    drms = (dx_hat * -x / rms**2).sum(-1, keepdims=True)
    dms = drms / (2 * rms)
    return dx_hat / rms + dms * 2 * x / x.shape[1], (dy * x / rms).sum(0)
