"use strict";

/**
 * The book's formulas, in the words of `normlib`, for one channel: arrays are plain
 * arrays of numbers. tests/test_explorables.py compares each with `normlib`.
 *
 * A classic script, as pages opened from disk load no modules; Node can `require` it.
 */
globalThis.formulas = (() => {
  const average = (v) => v.reduce((sum, a) => sum + a, 0) / v.length;
  const clip = (v, low, high) => Math.min(Math.max(v, low), high);

  /** Return the mean and the biased variance of `x`: eq-moments. */
  function moments(x) {
    const mean = average(x);
    return { mean, var: average(x.map((a) => (a - mean) ** 2)) };
  }

  /** Return the moments of `x`, and `x` shifted and scaled by them: eq-x-hat. */
  function normalize(x, eps) {
    const { mean, var: variance } = moments(x);
    const invStd = 1 / Math.sqrt(variance + eps);
    return {
      mean,
      var: variance,
      invStd,
      xHat: x.map((a) => (a - mean) * invStd),
    };
  }

  /** Return gamma * xHat + beta: eq-batch-norm. */
  function batchNorm(x, gamma, beta, eps) {
    return normalize(x, eps).xHat.map((a) => gamma * a + beta);
  }

  /** Return the gamma and the beta that make batch norm the identity on `x`. */
  function undo(x, eps) {
    const { mean, invStd } = normalize(x, eps);
    return { gamma: 1 / invStd, beta: mean };
  }

  /** Return what one unit of x counts after normalization, eps inside the root. */
  const gain = (sigma, eps) => 1 / Math.sqrt(sigma ** 2 + eps);

  /** Return the same with eps added to the standard deviation. */
  const gainOutside = (sigma, eps) => 1 / (sigma + eps);

  /**
   * Return, for each element of an (N, C, positions) array in C order, the number of
   * the set of elements that share its mean: eq-index-sets.
   */
  function setNumbers(layer, { samples, channels, positions, groups }) {
    const number = {
      batch: (n, c) => c,
      layer: (n) => n,
      instance: (n, c) => n * channels + c,
      group: (n, c) => n * groups + Math.floor((c * groups) / channels),
    }[layer];
    const length = samples * channels * positions;
    return Array.from({ length }, (_, i) => {
      const row = Math.floor(i / positions);
      return number(Math.floor(row / channels), row % channels);
    });
  }

  /** Return the running statistics after each batch, from 0 and 1: eq-running-update. */
  function runningStats(batches, momentum) {
    let stats = { mean: 0, var: 1 };
    return batches.map((x) => {
      const batch = moments(x);
      const unbiased = (batch.var * x.length) / (x.length - 1);
      stats = {
        mean: stats.mean + momentum * (batch.mean - stats.mean),
        var: stats.var + momentum * (unbiased - stats.var),
      };
      return stats;
    });
  }

  /**
   * Return mean and standard deviation of the running statistics after `t` batches of
   * `m` independent Gaussian values with mean `truth.mean` and variance `truth.var`.
   *
   * From eq-unrolled: (1 - momentum)^t of the start is left, and the weights of the
   * batches have squares that sum to `noise`.
   */
  function expectedRunning(t, momentum, m, truth) {
    const start = (1 - momentum) ** t;
    const noise = (momentum / (2 - momentum)) * (1 - start ** 2);
    return {
      mean: (1 - start) * truth.mean,
      meanStd: Math.sqrt((noise * truth.var) / m),
      var: start + (1 - start) * truth.var,
      varStd: truth.var * Math.sqrt((2 * noise) / (m - 1)),
    };
  }

  /** Return the corrections r and d, clipped and free: eq-r-d. */
  function renormCorrections(mean, std, running, rMax, dMax, eps) {
    const runningStd = Math.sqrt(running.var + eps);
    const free = { r: std / runningStd, d: (mean - running.mean) / runningStd };
    const r = clip(free.r, 1 / rMax, rMax);
    return { r, d: clip(free.d, -dMax, dMax), free };
  }

  /** Return r * xHat + d, batch renorm before gamma and beta: eq-batch-renorm. */
  function batchRenorm(x, running, rMax, dMax, eps) {
    const { mean, invStd, xHat } = normalize(x, eps);
    const { r, d } = renormCorrections(
      mean,
      1 / invStd,
      running,
      rMax,
      dMax,
      eps,
    );
    return xHat.map((a) => r * a + d);
  }

  /** Return `x` normalized by running statistics: eq-inference. */
  function inference(x, running, eps) {
    const invStd = 1 / Math.sqrt(running.var + eps);
    return x.map((a) => (a - running.mean) * invStd);
  }

  /** Return the two parts of `dxHat` that the layer removes, and dx: eq-dx. */
  function project(dxHat, xHat, invStd) {
    const level = average(dxHat);
    const share = average(dxHat.map((a, i) => a * xHat[i]));
    const along = xHat.map((a) => share * a);
    return {
      level,
      along,
      dx: dxHat.map((a, i) => invStd * (a - level - along[i])),
    };
  }

  /** Return a function that yields uniform numbers in [0, 1): mulberry32. */
  function uniform(seed) {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let bits = Math.imul(state ^ (state >>> 15), state | 1);
      bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
      return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  /** Return `length` standard Gaussian numbers, by the method of Box and Muller. */
  function gaussian(random, length) {
    return Array.from({ length }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      return radius * Math.cos(2 * Math.PI * random());
    });
  }

  return {
    batchNorm,
    batchRenorm,
    clip,
    expectedRunning,
    gain,
    gainOutside,
    gaussian,
    inference,
    moments,
    normalize,
    project,
    renormCorrections,
    runningStats,
    setNumbers,
    undo,
    uniform,
  };
})();
