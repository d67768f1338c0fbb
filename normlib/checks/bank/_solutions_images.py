"""The worked answers on images, filters and texts, as a reader would write them."""

import numpy as np


def instance_norm_backward(dy, x, gamma, eps):
    centered = x - x.mean(axis=(2, 3), keepdims=True)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=(2, 3), keepdims=True) + eps)
    x_hat = centered * inv_std
    dbeta = dy.sum(axis=(0, 2, 3))
    dgamma = (dy * x_hat).sum(axis=(0, 2, 3))
    dx_hat = gamma.reshape(1, -1, 1, 1) * dy
    level = dx_hat.mean(axis=(2, 3), keepdims=True)
    along = (dx_hat * x_hat).mean(axis=(2, 3), keepdims=True)
    return inv_std * (dx_hat - level - x_hat * along), dgamma, dbeta


def group_norm_backward(dy, x, num_groups, gamma, eps):
    rows = x.reshape(len(x), num_groups, -1)
    centered = rows - rows.mean(axis=-1, keepdims=True)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = centered * inv_std
    dbeta = dy.sum(axis=(0, 2, 3))
    dgamma = (dy * x_hat.reshape(x.shape)).sum(axis=(0, 2, 3))
    dx_hat = (gamma.reshape(1, -1, 1, 1) * dy).reshape(rows.shape)
    level = dx_hat.mean(axis=-1, keepdims=True)
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = inv_std * (dx_hat - level - x_hat * along)
    return dx.reshape(x.shape), dgamma, dbeta


def weight_standardize(weight, eps):
    mean = weight.mean(axis=(1, 2, 3), keepdims=True)
    var = ((weight - mean) ** 2).mean(axis=(1, 2, 3), keepdims=True)
    return (weight - mean) / np.sqrt(var + eps)


def layer_norm_tokens(x, gamma, beta, eps):
    mean = x.mean(axis=-1, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
