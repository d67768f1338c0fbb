"""The worked answers of the exercises on training and on residual blocks."""

import numpy as np


def without_bias(bias, running_mean, running_var, gamma, beta, eps):
    return running_mean - bias, beta


def pre_ln_block(x, gamma, beta, up, down, eps):
    mean = x.mean(axis=-1, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    z = gamma * (x - mean) / np.sqrt(var + eps) + beta
    return x + np.maximum(z @ up, 0) @ down
