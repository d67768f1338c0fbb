"""The worked answers, as a reader would write them."""

import numpy as np


def standardize(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / std, (test - mean) / std


def whiten(x, eps):
    centered = x - x.mean(axis=0)
    cov = centered.T @ centered / len(x)
    eigenvalues, eigenvectors = np.linalg.eigh(cov)
    return centered @ eigenvectors / np.sqrt(eigenvalues + eps)


def batch_norm_forward(x, gamma, beta, eps):
    mean = x.mean(axis=0)
    var = ((x - mean) ** 2).mean(axis=0)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma * x_hat + beta


def batch_norm_backward(dy, x, gamma, eps):
    centered = x - x.mean(axis=0)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=0) + eps)
    x_hat = centered * inv_std
    dbeta = dy.sum(axis=0)
    dgamma = (dy * x_hat).sum(axis=0)
    dx_hat = gamma * dy
    along = (dx_hat * x_hat).mean(axis=0)
    dx = inv_std * (dx_hat - dx_hat.mean(axis=0) - x_hat * along)
    return dx, dgamma, dbeta


def batch_norm_conv(x, gamma, beta, eps):
    centered = x - x.mean(axis=(0, 2, 3), keepdims=True)
    var = (centered**2).mean(axis=(0, 2, 3), keepdims=True)
    x_hat = centered / np.sqrt(var + eps)
    return gamma.reshape(1, -1, 1, 1) * x_hat + beta.reshape(1, -1, 1, 1)


def running_update(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0, ddof=1)
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * var
    return new_mean, new_var


def batch_norm_inference(x, running_mean, running_var, gamma, beta, eps):
    x_hat = (x - running_mean) / np.sqrt(running_var + eps)
    return gamma * x_hat + beta


def fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps):
    scale = gamma / np.sqrt(running_var + eps)
    if bias is None:
        bias = np.zeros_like(running_mean)
    return weight * scale[:, None], (bias - running_mean) * scale + beta


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    mean = x.mean(axis=0)
    std = np.sqrt(((x - mean) ** 2).mean(axis=0) + eps)
    r = np.clip(std / running_std, 1 / r_max, r_max)
    d = np.clip((mean - running_mean) / running_std, -d_max, d_max)
    x_hat = (x - mean) / std * r + d
    return gamma * x_hat + beta


def batch_renorm_backward(dy, x, gamma, running_mean, running_std, r_max, d_max, eps):
    mean = x.mean(axis=0)
    std = np.sqrt(((x - mean) ** 2).mean(axis=0) + eps)
    r = np.clip(std / running_std, 1 / r_max, r_max)
    d = np.clip((mean - running_mean) / running_std, -d_max, d_max)
    x_hat = (x - mean) / std
    dbeta = dy.sum(axis=0)
    dgamma = (dy * (x_hat * r + d)).sum(axis=0)
    dx_hat = gamma * r * dy  # r and d are constants here
    along = (dx_hat * x_hat).mean(axis=0)
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * along) / std
    return dx, dgamma, dbeta


def layer_norm_forward(x, gamma, beta, eps):
    mean = x.mean(axis=-1, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma * x_hat + beta


def layer_norm_backward(dy, x, gamma, eps):
    centered = x - x.mean(axis=-1, keepdims=True)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = centered * inv_std
    dbeta = dy.sum(axis=0)
    dgamma = (dy * x_hat).sum(axis=0)
    dx_hat = gamma * dy
    level = dx_hat.mean(axis=-1, keepdims=True)
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    return inv_std * (dx_hat - level - x_hat * along), dgamma, dbeta


def instance_norm(x, gamma, beta, eps):
    centered = x - x.mean(axis=(2, 3), keepdims=True)
    var = (centered**2).mean(axis=(2, 3), keepdims=True)
    x_hat = centered / np.sqrt(var + eps)
    return gamma.reshape(1, -1, 1, 1) * x_hat + beta.reshape(1, -1, 1, 1)


def group_norm(x, num_groups, gamma, beta, eps):
    n = x.shape[0]
    groups = x.reshape(n, num_groups, -1)
    centered = groups - groups.mean(axis=-1, keepdims=True)
    var = (centered**2).mean(axis=-1, keepdims=True)
    x_hat = (centered / np.sqrt(var + eps)).reshape(x.shape)
    return gamma.reshape(1, -1, 1, 1) * x_hat + beta.reshape(1, -1, 1, 1)


def rms_norm(x, gamma, eps):
    rms = np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)
    return gamma * x / rms


def rms_norm_backward(dy, x, gamma, eps):
    inv_rms = 1 / np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = x * inv_rms
    dx_hat = gamma * dy
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    return inv_rms * (dx_hat - x_hat * along), (dy * x_hat).sum(axis=0)
