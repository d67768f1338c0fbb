"use strict";

/** Running statistics of a seeded stream of batches, and how far off to expect them. */
explorables.running = (() => {
  const { expectedRunning, gaussian, moments, runningStats, uniform } =
    formulas;
  const { h, line, linear, number, path, picture, text } = draw;
  const TRUTH = { mean: 2, var: 4 };
  const STEPS = 120;
  const SIZES = [2, 4, 8, 16, 32, 64];
  const HEIGHT = 180;

  const momentum = ({ logMomentum }) => 10 ** logMomentum;

  /** Return the batches of a stream; a larger batch takes more of the same numbers. */
  function stream({ seed, size }) {
    const random = uniform(seed);
    const scale = (z) => TRUTH.mean + Math.sqrt(TRUTH.var) * z;
    return Array.from({ length: STEPS }, () =>
      gaussian(random, SIZES[size]).map(scale),
    );
  }

  /** Return many dots as one path: strokes of no length, with round ends. */
  const specks = (places) =>
    h("path", {
      class: "specks",
      d: places.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join(""),
    });

  /** Return one plot of a statistic against steps. */
  function panel(
    { top, range, ticks, name, truth, seen, curve, expected },
    width,
  ) {
    const at = linear([0, STEPS], [40, width - 16]);
    const up = linear(range, [top + HEIGHT - 36, top + 28]);
    const inside = (y) => Math.min(Math.max(y, range[0]), range[1]);
    const edge = (sign) =>
      expected.map(({ middle, std }, i) => [
        at(i + 1),
        up(inside(middle + sign * std)),
      ]);
    return h(
      "g",
      { class: "rail" },
      ticks.map((tick) => [
        line(40, up(tick), width - 16, up(tick), "grid"),
        text(32, up(tick) + 4, number(tick, 0), { "text-anchor": "end" }),
      ]),
      text(40, top + 14, name, { class: "name" }),
      path([...edge(1), ...edge(-1).reverse()], "band"),
      line(40, up(truth), width - 16, up(truth), "truth"),
      specks(
        seen.flatMap((y, i) => (y === inside(y) ? [[at(i + 1), up(y)]] : [])),
      ),
      path(
        [
          [at(0), up(curve[0])],
          ...curve.slice(1).map((y, i) => [at(i + 1), up(inside(y))]),
        ],
        "curve running",
      ),
      [0, 40, 80, 120].map((t) =>
        text(at(t), top + HEIGHT - 16, number(t, 0), {
          "text-anchor": "middle",
        }),
      ),
    );
  }

  const final = (state) =>
    expectedRunning(STEPS, momentum(state), SIZES[state.size], TRUTH);

  return {
    start: { logMomentum: -1, size: 1, seed: 1 },
    controls: [
      {
        key: "logMomentum",
        label: "momentum *α*",
        min: -2.5,
        max: 0,
        step: 0.1,
        format: (v) => number(10 ** v, 3),
      },
      {
        key: "size",
        label: "batch size *m*",
        min: 0,
        max: SIZES.length - 1,
        step: 1,
        format: (v) => String(SIZES[v]),
      },
      {
        label: "New stream",
        press: (state) => ({ ...state, seed: state.seed + 1 }),
      },
    ],

    picture(state, width) {
      const batches = stream(state);
      const m = SIZES[state.size];
      const seen = batches.map(moments);
      const stats = runningStats(batches, momentum(state));
      const expected = stats.map((_, i) =>
        expectedRunning(i + 1, momentum(state), m, TRUTH),
      );
      const mean = {
        top: 0,
        range: [-1, 5],
        ticks: [0, 2, 4],
        name: "means",
        truth: TRUTH.mean,
        seen: seen.map((batch) => batch.mean),
        curve: [0, ...stats.map((s) => s.mean)],
        expected: expected.map((e) => ({ middle: e.mean, std: e.meanStd })),
      };
      const variance = {
        top: HEIGHT,
        range: [0, 12],
        ticks: [0, 4, 8, 12],
        name: "variances, unbiased",
        truth: TRUTH.var,
        seen: seen.map((batch) => (batch.var * m) / (m - 1)),
        curve: [1, ...stats.map((s) => s.var)],
        expected: expected.map((e) => ({ middle: e.var, std: e.varStd })),
      };
      return picture(
        width,
        2 * HEIGHT + 16,
        panel(mean, width),
        panel(variance, width),
        text(width - 16, 2 * HEIGHT + 6, "training step", {
          "text-anchor": "end",
        }),
      );
    },

    readout(state) {
      const last = runningStats(stream(state), momentum(state)).at(-1);
      const expected = final(state);
      const start = 100 * (1 - momentum(state)) ** STEPS;
      return (
        `After ${STEPS} steps the running mean is ${number(last.mean)}, expected ` +
        `${number(expected.mean)} ± ${number(expected.meanStd)}; the running variance ` +
        `is ${number(last.var)}, expected ${number(expected.var)} ± ` +
        `${number(expected.varStd)}. The starting values still weigh ` +
        `${start < 0.1 ? "less than 0.1" : number(start, 1)}%.`
      );
    },
  };
})();
