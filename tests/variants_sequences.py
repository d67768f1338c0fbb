"""Right answers to the exercise on padded texts, written in other ways."""

import numpy as np
from variants import variant


@variant("padded-batch-norm")
def padded_by_weights(x, lengths, gamma, beta, eps):
    positions = np.tile(np.arange(x.shape[1]), (len(x), 1))
    w = (positions < np.reshape(lengths, (-1, 1))).astype(x.dtype)[:, :, None]
    mean = np.sum(w * x, axis=(0, 1)) / sum(lengths)
    c = w * (x - mean)
    std = np.sqrt(np.sum(c**2, axis=(0, 1)) / sum(lengths) + eps)
    return w * (gamma * c / std + beta)


@variant("padded-batch-norm")
def padded_by_loops(x, lengths, gamma, beta, eps):
    y = np.zeros(x.shape, x.dtype)
    places = [(i, t) for i, n in enumerate(lengths) for t in range(n)]
    for j in range(x.shape[2]):
        mean = sum(x[i, t, j] for i, t in places) / len(places)
        var = sum((x[i, t, j] - mean) ** 2 for i, t in places) / len(places)
        for i, t in places:
            y[i, t, j] = gamma[j] * (x[i, t, j] - mean) / (var + eps) ** 0.5 + beta[j]
    return y


@variant("padded-batch-norm")
def padded_text_by_text(x, lengths, gamma, beta, eps):
    words = np.vstack([text[:n] for text, n in zip(x, lengths, strict=True)])
    mean, var = words.mean(0), words.var(0)
    out = [gamma * (t - mean) / np.sqrt(var + eps) + beta for t in x]
    for text, n in zip(out, lengths, strict=True):
        text[n:] = 0
    return np.stack(out)


@variant("padded-batch-norm")
def padded_with_where(x, lengths, gamma, beta, eps):
    keep = (np.arange(x.shape[1])[None] < np.array(lengths)[:, None])[..., None]
    c = x - x.mean(axis=(0, 1), where=keep, keepdims=True)
    var = np.mean(c * c, axis=(0, 1), where=keep, keepdims=True)
    return np.where(keep, gamma * c * (var + eps) ** -0.5 + beta, 0)
