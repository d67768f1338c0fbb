"""The worked answers of the exercises on statistics that are merged or kept."""

import numpy as np


def merge_moments(counts, means, variances):
    weights = (counts / counts.sum())[:, None]
    mean = (weights * means).sum(axis=0)
    spread = (means - mean) ** 2
    return mean, (weights * (variances + spread)).sum(axis=0)


def batch_norm_inference_backward(dy, x, running_mean, running_var, gamma, eps):
    inv_std = 1 / np.sqrt(running_var + eps)
    x_hat = (x - running_mean) * inv_std
    return gamma * inv_std * dy, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def renorm_corrections(x, running_mean, running_std, r_max, d_max, eps):
    mean = x.mean(axis=0)
    std = np.sqrt(((x - mean) ** 2).mean(axis=0) + eps)
    r = np.clip(std / running_std, 1 / r_max, r_max)
    d = np.clip((mean - running_mean) / running_std, -d_max, d_max)
    return r, d


def renorm_schedule(step, r_max, d_max, start, r_end, d_end):
    r_share = min(max((step - start) / (r_end - start), 0), 1)
    d_share = min(max((step - start) / (d_end - start), 0), 1)
    return 1 + r_share * (r_max - 1), d_share * d_max
