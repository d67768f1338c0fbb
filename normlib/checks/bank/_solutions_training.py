"""More worked answers: preprocessing, first weights, batch norm and its training."""

import numpy as np


def min_max_scale(train, test):
    low = train.min(axis=0)
    span = train.max(axis=0) - low
    return (train - low) / span, (test - low) / span


def he_weights(z):
    _, channels, height, width = z.shape
    fan_in = channels * height * width
    return np.sqrt(2 / fan_in) * z


def batch_norm_conv_backward(dy, x, gamma, eps):
    axes = (0, 2, 3)
    centered = x - x.mean(axis=axes, keepdims=True)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=axes, keepdims=True) + eps)
    x_hat = centered * inv_std
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    dx_hat = gamma.reshape(1, -1, 1, 1) * dy
    level = dx_hat.mean(axis=axes, keepdims=True)
    along = (dx_hat * x_hat).mean(axis=axes, keepdims=True)
    return inv_std * (dx_hat - level - x_hat * along), dgamma, dbeta


def masked_batch_norm(x, mask, gamma, beta, eps):
    rows = x[mask]
    centered = rows - rows.mean(axis=0)
    var = (centered**2).mean(axis=0)
    y = np.zeros_like(x)
    y[mask] = gamma * centered / np.sqrt(var + eps) + beta
    return y


def padded_batch_norm(x, lengths, gamma, beta, eps):
    mask = np.arange(x.shape[1]) < np.array(lengths)[:, None]
    words = x[mask]  # a row for each word of each text
    centered = words - words.mean(axis=0)
    var = (centered**2).mean(axis=0)
    y = np.zeros_like(x)
    y[mask] = gamma * centered / np.sqrt(var + eps) + beta
    return y


def ghost_batch_norm(x, gamma, beta, size, eps):
    groups = x.reshape(-1, size, x.shape[1])
    centered = groups - groups.mean(axis=1, keepdims=True)
    var = (centered**2).mean(axis=1, keepdims=True)
    x_hat = centered / np.sqrt(var + eps)
    return gamma * x_hat.reshape(x.shape) + beta


def rates_without_decay(rates, decay):
    kept = 1 - rates * decay
    after = np.cumprod(kept)
    before = after / kept
    return rates / (before * after)
