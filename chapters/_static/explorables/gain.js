"use strict";

/** The gain of a normalization, with eps inside the root and outside it. */
explorables.gain = (() => {
  const { gain, gainOutside } = formulas;
  const { dot, h, line, linear, path, picture, scientific, significant, text } =
    draw;
  const SIGMA = [-7, 1];
  const GAIN = [-1.5, 8.5];
  const HEIGHT = 300;

  const power = (exponent) => scientific(10 ** exponent);
  const gains = ({ logSigma, logEps }) => ({
    inside: gain(10 ** logSigma, 10 ** logEps),
    outside: gainOutside(10 ** logSigma, 10 ** logEps),
  });

  /** Return the two axes, with a tick at each second power of ten. */
  function frame(at, up) {
    const [left, right] = at.ends;
    const [bottom, top] = up.ends;
    return h(
      "g",
      { class: "rail" },
      [-7, -5, -3, -1, 1].map((k) => [
        line(at(k), bottom, at(k), top, "grid"),
        text(at(k), bottom + 20, power(k), { "text-anchor": "middle" }),
      ]),
      [0, 2, 4, 6, 8].map((k) => [
        line(left, up(k), right, up(k), "grid"),
        text(left - 8, up(k) + 4, power(k), { "text-anchor": "end" }),
      ]),
      text(left, top - 12, "gain", { class: "name" }),
      text(right, bottom + 40, "standard deviation *σ*", {
        "text-anchor": "end",
      }),
    );
  }

  return {
    start: { logSigma: -4, logEps: -5 },
    controls: [
      {
        key: "logSigma",
        label: "standard deviation *σ*",
        min: SIGMA[0],
        max: SIGMA[1],
        step: 0.1,
        format: power,
      },
      {
        key: "logEps",
        label: "*ε*",
        min: -8,
        max: -1,
        step: 0.5,
        format: power,
      },
    ],

    picture(state, width) {
      const { logSigma, logEps } = state;
      const at = linear(SIGMA, [48, width - 16]);
      const up = linear(GAIN, [HEIGHT - 48, 36]);
      const steps = Array.from({ length: 81 }, (_, i) => SIGMA[0] + i / 10);
      const curve = (of) =>
        steps.map((k) => [at(k), up(Math.log10(of(10 ** k, 10 ** logEps)))]);
      const { inside, outside } = gains(state);
      const x = at(logSigma);
      const flat = up(-logEps / 2);
      return picture(
        width,
        HEIGHT,
        frame(at, up),
        line(x, up.ends[0], x, up.ends[1], "limit"),
        path(curve(gainOutside), "curve raw dashed"),
        path(curve(gain), "curve normalized"),
        text(at(-6.9), up(-logEps) - 8, "1/(*σ* + *ε*)", { class: "name" }),
        text(at(-6.9), flat - 8, "1/√(*σ*² + *ε*)", { class: "name" }),
        dot(x, up(Math.log10(outside)), "raw"),
        dot(x, up(Math.log10(inside)), "normalized"),
      );
    },

    readout(state) {
      const { inside, outside } = gains(state);
      return (
        `At *σ* = ${power(state.logSigma)} and *ε* = ${power(state.logEps)} the gain ` +
        `is ${significant(inside)} with *ε* inside the root and ` +
        `${significant(outside)} with *ε* outside, ` +
        `${significant(outside / inside)} times as much. ` +
        `Inside, normalizing ends near √*ε* = ${power(state.logEps / 2)}.`
      );
    },
  };
})();
