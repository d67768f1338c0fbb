"""Right answers, written in other ways, to exercises on training steps."""

import numpy as np
from variants import variant


@variant("ghost-batch-norm")
def ghosts_by_a_loop(x, gamma, beta, size, eps):
    y = np.empty(x.shape)
    for start in range(0, len(x), size):
        rows = x[start : start + size]
        y[start : start + size] = (rows - rows.mean(0)) / (rows.var(0) + eps) ** 0.5
    return y * gamma + beta


@variant("ghost-batch-norm")
def ghosts_as_channels(x, gamma, beta, size, eps):
    count, channels = len(x) // size, x.shape[1]
    wide = x.reshape(count, size, channels).swapaxes(0, 1).reshape(size, -1)
    wide = (wide - wide.mean(0)) / np.sqrt(wide.var(0) + eps)
    wide = np.tile(gamma, count) * wide + np.tile(beta, count)
    return wide.reshape(size, count, channels).swapaxes(0, 1).reshape(x.shape)


@variant("ghost-batch-norm")
def ghosts_with_split(x, gamma, beta, size, eps):
    done = []
    for rows in np.split(x, len(x) // size):
        c = rows - sum(rows) / size
        done.append(
            gamma * c / np.sqrt(np.einsum("nc,nc->c", c, c) / size + eps) + beta
        )
    return np.vstack(done)


@variant("ghost-batch-norm")
def ghosts_by_an_index_of_groups(x, gamma, beta, size, eps):
    group = np.arange(len(x)) // size
    one_hot = (group[:, None] == np.unique(group)).astype(x.dtype)
    c = x - (one_hot @ (one_hot.T @ x)) / size
    var = one_hot @ (one_hot.T @ c**2) / size
    return gamma * c * (var + eps) ** -0.5 + beta


@variant("rates-without-decay")
def rates_by_a_loop(rates, decay):
    length, out = 1.0, []
    for rate in rates:
        out.append(rate / (length**2 * (1 - rate * decay)))
        length *= 1 - rate * decay
    return np.array(out)


@variant("rates-without-decay")
def rates_by_logarithms(rates, decay):
    log = np.log1p(-rates * decay)
    return rates * np.exp(log - 2 * np.cumsum(log))


@variant("rates-without-decay")
def rates_by_products_of_slices(rates, decay):
    kept = [1 - rate * decay for rate in rates]
    before = np.array([np.prod(kept[:t]) for t in range(len(rates))])
    return rates / before**2 / np.array(kept)


@variant("rates-without-decay")
def rates_by_recursion(rates, decay):
    new = np.array(rates, dtype=float)
    growth = 1.0
    for t, rate in enumerate(rates):
        growth /= 1 - rate * decay
        new[t] = rate * growth
        growth /= 1 - rate * decay
    return new
