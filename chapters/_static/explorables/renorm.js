"use strict";

/** Batch renorm between batch norm and inference: r and d, and what clips them. */
explorables.renorm = (() => {
  const { batchRenorm, inference, normalize, renormCorrections } = formulas;
  const { dot, h, line, linear, number, picture, rail } = draw;
  const EPS = 1e-5;
  const RUNNING = { mean: 1, var: 4 };
  const SHAPE = normalize([-1.3, -0.8, 0.1, 0.4, 1.6], 0).xHat;
  const HEIGHTS = { x: 64, xHat: 152, y: 240 };

  const tenth = (v) => number(v, 1);

  /** Return the batch of a state, and what the layers make of it. */
  function layers({ mean, std, rMax, dMax }) {
    const x = SHAPE.map((z) => mean + std * z);
    const { invStd, xHat } = normalize(x, EPS);
    const corrections = renormCorrections(
      mean,
      1 / invStd,
      RUNNING,
      rMax,
      dMax,
      EPS,
    );
    const y = batchRenorm(x, RUNNING, rMax, dMax, EPS);
    return { x, xHat, y, fixed: inference(x, RUNNING, EPS), ...corrections };
  }

  const threads = (from, y1, to, y2) =>
    h(
      "g",
      {},
      from.map((a, i) => line(a, y1 + 8, to[i], y2 - 8, "thread")),
    );

  function say(name, used, free) {
    const clipped = Math.abs(used - free) > 1e-9;
    const from = clipped ? `, clipped from ${number(free)}` : "";
    return `*${name}* = ${number(used)}${from}`;
  }

  return {
    start: { mean: 5, std: 1, rMax: 1.5, dMax: 1 },
    controls: [
      {
        key: "mean",
        label: "batch mean *μ*~B~",
        min: -5,
        max: 7,
        step: 0.1,
        format: tenth,
      },
      {
        key: "std",
        label: "batch deviation *σ*~B~",
        min: 0.2,
        max: 6,
        step: 0.1,
        format: tenth,
      },
      {
        key: "rMax",
        label: "*r*~max~",
        min: 1,
        max: 3,
        step: 0.1,
        format: tenth,
      },
      {
        key: "dMax",
        label: "*d*~max~",
        min: 0,
        max: 5,
        step: 0.1,
        format: tenth,
      },
    ],

    picture(state, width) {
      const { x, xHat, y, fixed } = layers(state);
      const wide = linear([-16, 16], [24, width - 24]);
      const at = linear([-8, 8], [24, width - 24]);
      const ticks = [-8, -4, 0, 4, 8];
      const usual = [RUNNING.mean - 2, RUNNING.mean + 2].map(wide);
      const places = [x.map(wide), xHat.map(at), y.map(at)];
      return picture(
        width,
        272,
        rail(
          wide,
          HEIGHTS.x,
          [-16, -8, 0, 8, 16],
          "*x*; the bar is *μ*~R~ ± *σ*~R~ = 1 ± 2",
        ),
        h("rect", {
          x: usual[0],
          y: HEIGHTS.x - 9,
          width: usual[1] - usual[0],
          height: 18,
          rx: 9,
          class: "usual",
        }),
        threads(places[0], HEIGHTS.x, places[1], HEIGHTS.xHat),
        rail(at, HEIGHTS.xHat, ticks, "*x̂*, batch norm"),
        threads(places[1], HEIGHTS.xHat, places[2], HEIGHTS.y),
        rail(
          at,
          HEIGHTS.y,
          ticks,
          "*r* *x̂* + *d*, batch renorm; rings, inference",
        ),
        places[0].map((a) => dot(a, HEIGHTS.x, "raw")),
        places[1].map((a) => dot(a, HEIGHTS.xHat, "normalized")),
        places[2].map((a) => dot(a, HEIGHTS.y, "renorm", 5)),
        fixed.map((a) => dot(at(a), HEIGHTS.y, "ring", 8)),
      );
    },

    readout(state) {
      const { r, d, free, y, fixed } = layers(state);
      const off = Math.max(...y.map((a, i) => Math.abs(a - fixed[i])));
      return (
        `${say("r", r, free.r)}; ${say("d", d, free.d)}. Batch renorm and inference ` +
        (off < 5e-3 ? "agree." : `differ by up to ${number(off)}.`)
      );
    },
  };
})();
