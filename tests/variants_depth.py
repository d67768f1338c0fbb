"""Right answers to the exercises on training and on residual blocks."""

import numpy as np
from variants import variant

import normlib


@variant("without-bias")
def without_bias_by_loops(bias, running_mean, running_var, gamma, beta, eps):
    mean = np.empty_like(running_mean)
    for j, b in enumerate(bias):
        mean[j] = running_mean[j] - b
    return mean, beta.copy()


@variant("without-bias")
def without_bias_added(bias, running_mean, running_var, gamma, beta, eps):
    return np.add(-bias, running_mean), 1.0 * beta


@variant("without-bias")
def without_bias_from_inference(bias, running_mean, running_var, gamma, beta, eps):
    scale = gamma / np.sqrt(running_var + eps)
    at_bias = scale * (bias - running_mean)  # what inference makes of a 0 plus bias
    return -at_bias / scale, beta


@variant("pre-ln-block")
def pre_ln_by_tokens(x, gamma, beta, up, down, eps):
    y = np.array(x)
    for n, text in enumerate(x):
        for t, token in enumerate(text):
            z = (token - token.mean()) / (token.var() + eps) ** 0.5
            hidden = (gamma * z + beta) @ up
            y[n, t] += hidden.clip(0) @ down
    return y


@variant("pre-ln-block")
def pre_ln_as_one_table(x, gamma, beta, up, down, eps):
    rows = x.reshape(-1, x.shape[-1])
    c = (rows.T - rows.mean(1)).T
    inv = ((c * c).mean(1) + eps) ** -0.5
    z = c * inv[:, None] * gamma + beta
    hidden = z @ up
    hidden[hidden < 0] = 0
    return (rows + hidden @ down).reshape(x.shape)


@variant("pre-ln-block")
def pre_ln_from_moments(x, gamma, beta, up, down, eps):
    mean, var = normlib.moments(x, (2,))
    z = gamma * (x - mean) / np.sqrt(var + eps) + beta
    before = np.einsum("ntd,dh->nth", z, up)
    return x + np.einsum("nth,hd->ntd", np.where(before > 0, before, 0), down)
