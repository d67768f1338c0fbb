"use strict";

/** Scale and shift that undo the normalization of one batch, and meet the next one. */
explorables.undo = (() => {
  const { batchNorm, gaussian, undo, uniform } = formulas;
  const { dot, h, line, linear, number, picture, rail, text } = draw;
  const EPS = 1e-5;
  const M = 6;
  const X = 64;
  const Y = 176;

  /** Return batch number `k`: all come from one distribution. */
  const batch = (k) => gaussian(uniform(k), M).map((z) => 1.5 + 1.2 * z);
  const outputs = ({ k, gamma, beta }) => batchNorm(batch(k), gamma, beta, EPS);
  const largest = (x, y) => Math.max(...x.map((a, i) => Math.abs(y[i] - a)));

  return {
    start: { k: 1, gamma: 1, beta: 0 },
    controls: [
      {
        key: "gamma",
        label: "scale *γ*",
        min: 0,
        max: 3,
        step: 0.05,
        format: (v) => number(v),
      },
      {
        key: "beta",
        label: "shift *β*",
        min: -1,
        max: 4,
        step: 0.05,
        format: (v) => number(v),
      },
      {
        label: "Undo this batch",
        press: (state) => ({ ...state, ...undo(batch(state.k), EPS) }),
      },
      { label: "Next batch", press: (state) => ({ ...state, k: state.k + 1 }) },
    ],

    picture(state, width) {
      const x = batch(state.k);
      const y = outputs(state);
      const at = linear([-6, 9], [24, width - 24]);
      const name = `*x*, batch ${state.k}`;
      return picture(
        width,
        208,
        rail(at, X, [-6, -3, 0, 3, 6, 9], name),
        rail(at, Y, [-6, -3, 0, 3, 6, 9], "*y* = *γ* *x̂* + *β*"),
        h(
          "g",
          {},
          x.map((a, i) => line(at(a), X + 8, at(y[i]), Y - 8, "thread")),
        ),
        x.map((a) => dot(at(a), X, "raw")),
        y.map((a) => dot(at(a), Y, "output")),
        text(
          width - 24,
          Y - 14,
          `largest |*y* − *x*| = ${number(largest(x, y))}`,
          {
            "text-anchor": "end",
            class: "name",
          },
        ),
      );
    },

    readout(state) {
      const x = batch(state.k);
      const right = undo(x, EPS);
      return (
        `Batch ${state.k}: *γ* = ${number(state.gamma)}, *β* = ${number(state.beta)}, ` +
        `largest |*y* − *x*| = ${number(largest(x, outputs(state)))}. ` +
        `To undo it takes *γ* = √(*σ*² + *ε*) = ${number(right.gamma)} and ` +
        `*β* = *μ* = ${number(right.beta)}.`
      );
    },
  };
})();
