"""More right answers: to exercises on data, first weights and batch norm."""

import numpy as np
from variants import variant


@variant("min-max-scale")
def min_max_by_loops(train, test):
    a, b = np.zeros(train.shape), np.zeros(test.shape)
    for j in range(train.shape[1]):
        low, high = min(train[:, j]), max(train[:, j])
        a[:, j] = [(v - low) / (high - low) for v in train[:, j]]
        b[:, j] = [(v - low) / (high - low) for v in test[:, j]]
    return a, b


@variant("min-max-scale")
def min_max_as_affine_map(train, test):
    scale = 1 / np.ptp(train, axis=0, keepdims=True)
    shift = -np.amin(train, axis=0, keepdims=True) * scale
    return tuple(x * scale + shift for x in (train, test))


@variant("min-max-scale")
def min_max_from_the_top(train, test):
    high, span = train.max(0), train.max(0) - train.min(0)
    return [1 - (high - train) / span, 1 - (high - test) / span]


@variant("min-max-scale")
def min_max_by_interpolation(train, test):
    ordered = np.sort(train, axis=0)
    low, high = ordered[0], ordered[-1]
    middle, half = low / 2 + high / 2, (high - low) / 2
    return ((train - middle) / half + 1) / 2, ((test - middle) / half + 1) / 2


@variant("he-weights")
def he_weights_filter_by_filter(z):
    return np.stack([w * (2 / w.size) ** 0.5 for w in z])


@variant("he-weights")
def he_weights_gain_over_root(z):
    fan_in = z.size / len(z)
    return np.sqrt(2.0) * z / np.sqrt(fan_in)


@variant("he-weights")
def he_weights_by_products(z):
    fan_in = np.prod(z.shape[1:])
    return np.einsum("oihw,->oihw", z, np.power(fan_in / 2, -0.5))


@variant("batch-norm-conv-backward")
def conv_backward_as_table(dy, x, gamma, eps):
    n, c, h, w = x.shape
    rows, g = (a.transpose(0, 2, 3, 1).reshape(-1, c) for a in (x, dy))
    centered = rows - rows.mean(0)
    inv = (centered * centered).mean(0) + eps
    x_hat = centered / np.sqrt(inv)
    dgamma, dbeta = (g * x_hat).sum(0), g.sum(0)
    m = n * h * w
    dx = gamma / np.sqrt(inv) / m * (m * g - dbeta - x_hat * dgamma)
    return dx.reshape(n, h, w, c).transpose(0, 3, 1, 2), dgamma, dbeta


@variant("batch-norm-conv-backward")
def conv_backward_by_channels(dy, x, gamma, eps):
    dx = np.zeros_like(x)
    dgamma, dbeta = np.zeros_like(gamma), np.zeros_like(gamma)
    for c in range(x.shape[1]):
        v, g = x[:, c], dy[:, c]
        var = ((v - v.mean()) ** 2).mean() + eps
        x_hat = (v - v.mean()) / var**0.5
        dgamma[c], dbeta[c] = (g * x_hat).sum(), g.sum()
        inner = g - g.mean() - x_hat * (g * x_hat).mean()
        dx[:, c] = gamma[c] * inner / var**0.5
    return dx, dgamma, dbeta


@variant("batch-norm-conv-backward")
def conv_backward_einsum(dy, x, gamma, eps):
    m = x.size / x.shape[1]
    c = x - (np.einsum("nchw->c", x) / m)[:, None, None]
    inv = (np.einsum("nchw,nchw->c", c, c) / m + eps) ** -0.5
    dgamma = np.einsum("nchw,nchw,c->c", dy, c, inv)
    dbeta = np.einsum("nchw->c", dy)
    level, along = (p[:, None, None] / m for p in (dbeta, dgamma * inv))
    return (gamma * inv)[:, None, None] * (dy - level - c * along), dgamma, dbeta


@variant("batch-norm-conv-backward")
def conv_backward_staged(dy, x, gamma, eps):
    axes, m = (0, 2, 3), x.size // x.shape[1]
    centered = x - x.mean(axis=axes, keepdims=True)
    std = np.sqrt((centered**2).mean(axis=axes, keepdims=True) + eps)
    dgamma, dbeta = (dy * centered / std).sum(axis=axes), dy.sum(axis=axes)
    dx_hat = dy * gamma[:, None, None]
    dstd = -(dx_hat * centered / std**2).sum(axis=axes, keepdims=True)
    dcentered = dx_hat / std + 2 * centered / m * dstd / (2 * std)
    return dcentered - dcentered.mean(axis=axes, keepdims=True), dgamma, dbeta


@variant("masked-batch-norm")
def masked_by_weights(x, mask, gamma, beta, eps):
    weight = mask[:, None].astype(x.dtype)
    count = weight.sum()
    mean = (weight * x).sum(0) / count
    var = (weight * (x - mean) ** 2).sum(0) / count
    return weight * (gamma * (x - mean) / np.sqrt(var + eps) + beta)


@variant("masked-batch-norm")
def masked_with_where(x, mask, gamma, beta, eps):
    keep = mask.reshape(-1, 1)
    mean = x.mean(axis=0, where=keep)
    c = x - mean
    y = gamma * c / (np.mean(c * c, axis=0, where=keep) + eps) ** 0.5 + beta
    return np.where(keep, y, 0)


@variant("masked-batch-norm")
def masked_by_loops(x, mask, gamma, beta, eps):
    y, rows = 0 * x, [i for i in range(len(x)) if mask[i]]
    for j in range(x.shape[1]):
        mean = sum(x[i, j] for i in rows) / len(rows)
        var = sum((x[i, j] - mean) ** 2 for i in rows) / len(rows)
        for i in rows:
            y[i, j] = gamma[j] * (x[i, j] - mean) / (var + eps) ** 0.5 + beta[j]
    return y


@variant("masked-batch-norm")
def masked_by_numpy_masks(x, mask, gamma, beta, eps):
    v = np.ma.array(x, mask=np.repeat(~mask[:, None], x.shape[1], axis=1))
    c = v - v.mean(axis=0)
    y = gamma * c / np.ma.sqrt((c**2).mean(axis=0) + eps) + beta
    return np.asarray(y.filled(0))
