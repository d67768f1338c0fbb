"use strict";

/** A batch to drag: what moves when one value does. */
explorables.batch = (() => {
  const { clip, normalize } = formulas;
  const { handle, h, line, linear, number, dot, picture, rail, text } = draw;
  const EPS = 1e-5;
  const FAR = 10;
  const START = [-1.5, -0.5, 0.5, 2, 3, -3, 1, 4.5];
  const HEIGHTS = { x: 70, xHat: 172, y: 274 };

  const scale = (width, far) => linear([-far, far], [24, width - 24]);
  const value = (a) => clip(Math.round(a * 20) / 20, -FAR, FAR);
  const replace = (points, i, a) =>
    points.map((b, j) => (j === i ? value(a) : b));

  function threads(from, y1, to, y2) {
    const ends = from.map((a, i) => line(a, y1 + 8, to[i], y2 - 8, "thread"));
    return h("g", {}, ends);
  }

  return {
    start: { m: 5, gamma: 1, beta: 0, points: START },
    controls: [
      { key: "m", label: "values *m*", min: 2, max: 8, step: 1 },
      {
        key: "gamma",
        label: "scale *γ*",
        min: -2,
        max: 2,
        step: 0.1,
        format: (v) => number(v, 1),
      },
      {
        key: "beta",
        label: "shift *β*",
        min: -2,
        max: 2,
        step: 0.1,
        format: (v) => number(v, 1),
      },
    ],

    picture({ m, gamma, beta, points }, width) {
      const x = points.slice(0, m);
      const { mean, var: variance, xHat } = normalize(x, EPS);
      const y = xHat.map((a) => gamma * a + beta);
      const std = Math.sqrt(variance);
      const wide = scale(width, FAR);
      const near = scale(width, 4);
      const level = scale(width, 8);
      const limit = Math.sqrt(m - 1);
      const spread = [clip(mean - std, -FAR, FAR), clip(mean + std, -FAR, FAR)];
      const places = { x: x.map(wide), xHat: xHat.map(near), y: y.map(level) };
      return picture(
        width,
        306,
        rail(wide, HEIGHTS.x, [-10, -5, 0, 5, 10], "*x*, drag a point"),
        h("rect", {
          x: wide(spread[0]),
          y: HEIGHTS.x - 9,
          width: wide(spread[1]) - wide(spread[0]),
          height: 18,
          rx: 9,
          class: "spread",
        }),
        line(wide(mean), HEIGHTS.x - 20, wide(mean), HEIGHTS.x + 12, "mean"),
        text(wide(mean), HEIGHTS.x - 26, "*μ*", { "text-anchor": "middle" }),
        threads(places.x, HEIGHTS.x, places.xHat, HEIGHTS.xHat),
        rail(near, HEIGHTS.xHat, [-4, -2, 0, 2, 4], "*x̂*"),
        [-limit, limit].map((a) =>
          line(near(a), HEIGHTS.xHat - 14, near(a), HEIGHTS.xHat + 14, "limit"),
        ),
        threads(places.xHat, HEIGHTS.xHat, places.y, HEIGHTS.y),
        rail(level, HEIGHTS.y, [-8, -4, 0, 4, 8], "*y* = *γ* *x̂* + *β*"),
        places.xHat.map((a) => dot(a, HEIGHTS.xHat, "normalized")),
        places.y.map((a) => dot(a, HEIGHTS.y, "output")),
        x.map((a, i) =>
          handle(i, wide(a), HEIGHTS.x, "raw", {
            label: `value ${i + 1} of ${m}`,
            now: a,
            min: -FAR,
            max: FAR,
            text: `x ${number(a)}, normalized ${number(xHat[i])}`,
          }),
        ),
      );
    },

    readout({ m, points }) {
      const { mean, var: variance, xHat } = normalize(points.slice(0, m), EPS);
      return (
        `Mean *μ* = ${number(mean)}, variance *σ*² = ${number(variance)}. ` +
        `*x̂* = ${xHat.map((a) => number(a)).join(", ")}; ` +
        `no *x̂* can pass √(*m* − 1) = ${number(Math.sqrt(m - 1))}, the dotted lines.`
      );
    },

    drag: (state, key, x, y, width) => ({
      ...state,
      points: replace(state.points, Number(key), scale(width, FAR).invert(x)),
    }),
    nudge: (state, key, step) => ({
      ...state,
      points: replace(
        state.points,
        Number(key),
        state.points[key] + 0.1 * (step.x + step.y),
      ),
    }),
  };
})();
