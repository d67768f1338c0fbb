"""Right answers to the exercises on merged and running statistics, each its own way."""

import numpy as np
from variants import variant

import normlib


@variant("merge-moments")
def merge_by_loops(counts, means, variances):
    n, mean, var = 0, np.zeros_like(means[0]), np.zeros_like(means[0])
    for m, mu, v in zip(counts, means, variances, strict=True):
        share = m / (n + m)
        apart = mu - mean
        mean = mean + share * apart
        var = (1 - share) * var + share * v + share * (1 - share) * apart**2
        n += m
    return mean, var


@variant("merge-moments")
def merge_with_average(counts, means, variances):
    mean = np.average(means, axis=0, weights=counts)
    return mean, np.average(variances + (means - mean) ** 2, axis=0, weights=counts)


@variant("merge-moments")
def merge_by_matrix_products(counts, means, variances):
    share = counts / np.sum(counts)
    mean = share @ means
    return mean, share @ variances + share @ np.square(means - mean)


@variant("merge-moments")
def merge_from_the_first(counts, means, variances):
    n = counts.astype(means.dtype)[:, None]
    off = means - means[0]
    level = (n * off).sum(0) / n.sum()
    second = (n * (variances + off**2)).sum(0) / n.sum()
    return means[0] + level, second - level**2


@variant("batch-norm-inference-backward")
def inference_backward_by_loops(dy, x, running_mean, running_var, gamma, eps):
    dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(gamma)
    for i, j in np.ndindex(x.shape):
        std = (running_var[j] + eps) ** 0.5
        dx[i, j] = dy[i, j] * gamma[j] / std
        dgamma[j] += dy[i, j] * (x[i, j] - running_mean[j]) / std
        dbeta[j] += dy[i, j]
    return dx, dgamma, dbeta


@variant("batch-norm-inference-backward")
def inference_backward_einsum(dy, x, running_mean, running_var, gamma, eps):
    inv = 1 / np.sqrt(running_var + eps)
    dgamma = np.einsum("nc,nc->c", dy, x - running_mean) * inv
    return np.einsum("nc,c,c->nc", dy, gamma, inv), dgamma, np.einsum("nc->c", dy)


@variant("batch-norm-inference-backward")
def inference_backward_by_the_chain(dy, x, running_mean, running_var, gamma, eps):
    centered = x - running_mean[None]
    std = np.sqrt(running_var[None] + eps)
    dx_hat = dy * gamma[None]
    dcentered = dx_hat / std
    return dcentered, np.sum(dy * centered / std, 0), np.sum(dy, 0)


@variant("batch-norm-inference-backward")
def inference_backward_folded(dy, x, running_mean, running_var, gamma, eps):
    scale = gamma * (running_var + eps) ** -0.5
    jacobian = np.diag(scale)
    along = (dy * (x - running_mean)).sum(axis=0) / np.sqrt(running_var + eps)
    return dy @ jacobian, along, np.ones(len(dy), dy.dtype) @ dy


@variant("renorm-corrections")
def corrections_by_loops(x, running_mean, running_std, r_max, d_max, eps):
    r, d = np.empty_like(running_mean), np.empty_like(running_mean)
    for j, column in enumerate(x.T):
        mean = sum(column) / len(column)
        std = (sum((v - mean) ** 2 for v in column) / len(column) + eps) ** 0.5
        r[j] = min(max(std / running_std[j], 1 / r_max), r_max)
        d[j] = min(max((mean - running_mean[j]) / running_std[j], -d_max), d_max)
    return r, d


@variant("renorm-corrections")
def corrections_with_moments(x, running_mean, running_std, r_max, d_max, eps):
    mean, var = (s[0] for s in normlib.moments(x, (0,)))
    r = np.sqrt(var + eps) / running_std
    d = (mean - running_mean) / running_std
    return r.clip(1 / r_max, r_max), d.clip(-d_max, d_max)


@variant("renorm-corrections")
def corrections_with_minimum(x, running_mean, running_std, r_max, d_max, eps):
    off = (x - running_mean) / running_std
    d = off.mean(axis=0)
    r = np.sqrt(((off - d) ** 2).mean(axis=0) + eps / running_std**2)
    r = np.maximum(1 / r_max, np.minimum(r_max, r))
    return r, np.sign(d) * np.minimum(np.abs(d), d_max)


@variant("renorm-corrections")
def corrections_einsum(x, running_mean, running_std, r_max, d_max, eps):
    mean = np.mean(x, axis=0, keepdims=True)
    var = np.einsum("nc,nc->c", x - mean, x - mean) / x.shape[0]
    log_r = 0.5 * np.log(var + eps) - np.log(running_std)
    r = np.exp(np.clip(log_r, -np.log(r_max), np.log(r_max)))
    return r, np.clip((mean[0] - running_mean) / running_std, -d_max, d_max)


@variant("renorm-schedule")
def schedule_with_branches(step, r_max, d_max, start, r_end, d_end):
    if step <= start:
        return 1, 0
    r = r_max if step >= r_end else 1 + (r_max - 1) * (step - start) / (r_end - start)
    d = d_max if step >= d_end else d_max * (step - start) / (d_end - start)
    return r, d


@variant("renorm-schedule")
def schedule_with_interp(step, r_max, d_max, start, r_end, d_end):
    r = np.interp(step, (start, r_end), (1, r_max))
    return [r, np.interp(step, (start, d_end), (0, d_max))]


@variant("renorm-schedule")
def schedule_with_clip(step, r_max, d_max, start, r_end, d_end):
    share = (step - start) / (np.array([r_end, d_end]) - start)
    low = np.array([1.0, 0.0])
    r, d = low + share.clip(0, 1) * (np.array([r_max, d_max]) - low)
    return r, d


@variant("renorm-schedule")
def schedule_by_slopes(step, r_max, d_max, start, r_end, d_end):
    since = max(0, step - start)
    r = min(r_max, 1 + since * (r_max - 1) / (r_end - start))
    return np.array(r), np.array(min(d_max, since * d_max / (d_end - start)))
