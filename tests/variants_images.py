"""Right answers to the exercises on images, filters and texts, written in many ways."""

import numpy as np
import torch
from variants import variant


def layer_backward(dy, x, gamma, eps):
    """Return the gradients of a normalization of each row, by three chained steps."""
    m = x.shape[-1]
    xmu = x - x.mean(-1, keepdims=True)
    var = (xmu**2).mean(-1, keepdims=True) + eps
    dx_hat = gamma * dy
    dvar = (dx_hat * xmu).sum(-1, keepdims=True) * -0.5 * var**-1.5
    dxmu = dx_hat / np.sqrt(var) + dvar * 2 * xmu / m
    return dxmu - dxmu.mean(-1, keepdims=True), dy * xmu / np.sqrt(var)


@variant("instance-norm-backward")
def instance_norm_backward_by_loops(dy, x, gamma, eps):
    dx, dgamma, dbeta = np.empty_like(x), np.zeros_like(gamma), np.zeros_like(gamma)
    m = x.shape[2] * x.shape[3]
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            v, g = x[n, c], gamma[c] * dy[n, c]
            std = np.sqrt(v.var() + eps)
            xh = (v - v.mean()) / std
            dx[n, c] = (g - g.mean() - xh * (g * xh).sum() / m) / std
            dgamma[c] += (dy[n, c] * xh).sum()
            dbeta[c] += dy[n, c].sum()
    return dx, dgamma, dbeta


@variant("instance-norm-backward")
def instance_norm_backward_staged(dy, x, gamma, eps):
    flat = (*x.shape[:2], -1)
    dx, terms = layer_backward(dy.reshape(flat), x.reshape(flat), gamma[:, None], eps)
    return dx.reshape(x.shape), terms.sum((0, 2)), np.einsum("nchw->c", dy)


@variant("instance-norm-backward")
def instance_norm_backward_gamma_in_front(dy, x, gamma, eps):
    m = x.shape[2] * x.shape[3]
    inv = 1 / np.sqrt(x.var(axis=(2, 3), keepdims=True) + eps)
    xh = (x - x.mean(axis=(2, 3), keepdims=True)) * inv
    db = dy.sum(axis=(2, 3), keepdims=True)
    dg = (dy * xh).sum(axis=(2, 3), keepdims=True)
    dx = gamma[:, None, None] * inv / m * (m * dy - db - xh * dg)
    return dx, dg.sum(axis=(0, 2, 3)), db.sum(axis=(0, 2, 3))


@variant("instance-norm-backward")
def instance_norm_backward_jacobian(dy, x, gamma, eps):
    n, c, h, w = x.shape
    v = x.reshape(n, c, h * w)
    inv = (v.var(-1) + eps) ** -0.5
    xh = (v - v.mean(-1, keepdims=True)) * inv[..., None]
    square = np.eye(h * w) - (1 + xh[..., :, None] * xh[..., None, :]) / (h * w)
    g = dy.reshape(v.shape)
    dx = np.einsum("nc,ncij,c,ncj->nci", inv, square, gamma, g)
    return dx.reshape(x.shape), np.einsum("nci,nci->c", g, xh), g.sum((0, 2))


@variant("group-norm-backward")
def group_norm_backward_by_loops(dy, x, num_groups, gamma, eps):
    dx, terms = np.empty_like(x), np.empty_like(x)
    for n in range(len(x)):
        for members in np.split(np.arange(x.shape[1]), num_groups):
            v, g = x[n, members], gamma[members, None, None] * dy[n, members]
            std = np.sqrt(v.var() + eps)
            xh = (v - v.mean()) / std
            dx[n, members] = (g - g.mean() - xh * (g * xh).mean()) / std
            terms[n, members] = dy[n, members] * xh
    return dx, terms.sum(axis=(0, 2, 3)), dy.sum(axis=(0, 2, 3))


@variant("group-norm-backward")
def group_norm_backward_five_axes(dy, x, num_groups, gamma, eps):
    n, c, h, w = x.shape
    shape, axes = (n, num_groups, c // num_groups, h, w), (2, 3, 4)
    v, g = x.reshape(shape), (dy * gamma.reshape(1, c, 1, 1)).reshape(shape)
    inv = 1 / np.sqrt(v.var(axis=axes, keepdims=True) + eps)
    xh = (v - v.mean(axis=axes, keepdims=True)) * inv
    level, along = (a.mean(axis=axes, keepdims=True) for a in (g, g * xh))
    dx = (inv * (g - level - xh * along)).reshape(x.shape)
    return dx, np.einsum("nchw,nchw->c", dy, xh.reshape(x.shape)), dy.sum((0, 2, 3))


@variant("group-norm-backward")
def group_norm_backward_staged(dy, x, num_groups, gamma, eps):
    rows = (len(x), num_groups, -1)
    scale = np.broadcast_to(gamma[:, None, None], x.shape).reshape(rows)
    dx, terms = layer_backward(dy.reshape(rows), x.reshape(rows), scale, eps)
    return dx.reshape(x.shape), terms.reshape(x.shape).sum((0, 2, 3)), dy.sum((0, 2, 3))


@variant("group-norm-backward")
def group_norm_backward_by_slices(dy, x, num_groups, gamma, eps):
    parts = []
    scaled = gamma[:, None, None] * dy
    pairs = (np.split(a, num_groups, axis=1) for a in (scaled, dy, x))
    for g, d, v in zip(*pairs, strict=True):
        flat = (len(x), -1)
        dx, _ = layer_backward(g.reshape(flat), v.reshape(flat), 1.0, eps)
        _, terms = layer_backward(d.reshape(flat), v.reshape(flat), 1.0, eps)
        parts.append([a.reshape(v.shape) for a in (dx, terms)])
    dx, terms = (np.concatenate(p, axis=1) for p in zip(*parts, strict=True))
    return dx, terms.sum(axis=(0, 2, 3)), dy.sum(axis=(0, 2, 3))


@variant("weight-standardize")
def weight_standardize_by_filters(weight, eps):
    return np.stack([(w - w.mean()) / (w.var() + eps) ** 0.5 for w in weight])


@variant("weight-standardize")
def weight_standardize_flat(weight, eps):
    rows = weight.reshape(len(weight), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    std = np.sqrt(np.einsum("om,om->o", rows, rows) / rows.shape[1] + eps)
    return (rows / std[:, None]).reshape(weight.shape)


@variant("weight-standardize")
def weight_standardize_transposed(weight, eps):
    columns = weight.reshape(len(weight), -1).T
    z = (columns - columns.mean(0)) * (columns.var(0) + eps) ** -0.5
    return z.T.reshape(weight.shape)


@variant("weight-standardize")
def weight_standardize_in_torch(weight, eps):
    w = torch.tensor(weight)
    var, mean = torch.var_mean(w, dim=(1, 2, 3), keepdim=True, unbiased=False)
    return ((w - mean) * torch.rsqrt(var + eps)).numpy()


@variant("layer-norm-tokens")
def layer_norm_tokens_by_loops(x, gamma, beta, eps):
    y = np.empty_like(x)
    for n, text in enumerate(x):
        for i, token in enumerate(text):
            y[n, i] = gamma * (token - token.mean()) / np.sqrt(token.var() + eps) + beta
    return y


@variant("layer-norm-tokens")
def layer_norm_tokens_as_a_table(x, gamma, beta, eps):
    rows = x.reshape(-1, x.shape[-1])
    c = rows - rows.mean(1, keepdims=True)
    y = c / np.sqrt((c**2).mean(1, keepdims=True) + eps) * gamma + beta
    return y.reshape(x.shape)


@variant("layer-norm-tokens")
def layer_norm_tokens_einsum(x, gamma, beta, eps):
    c = x - (np.einsum("nld->nl", x) / x.shape[2])[..., None]
    inv = (np.einsum("nld,nld->nl", c, c) / x.shape[2] + eps) ** -0.5
    return np.einsum("nld,nl,d->nld", c, inv, gamma) + beta


@variant("layer-norm-tokens")
def layer_norm_tokens_transposed(x, gamma, beta, eps):
    t = np.moveaxis(x, -1, 0)
    x_hat = (t - t.mean(0)) / np.sqrt(t.var(0) + eps)
    return np.moveaxis(x_hat, 0, -1) * gamma + beta
