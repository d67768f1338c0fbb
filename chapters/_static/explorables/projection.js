"use strict";

/** The backward pass for a batch of three, in the plane orthogonal to 1. */
explorables.projection = (() => {
  const { clip, project } = formulas;
  const { h, handle, line, linear, number, path, picture, text } = draw;
  const E1 = [1, -1, 0].map((a) => a / Math.sqrt(2));
  const E2 = [1, 1, -2].map((a) => a / Math.sqrt(6));
  const RADIUS = Math.sqrt(3);
  const LONGEST = 2.2;
  const FAR = 4.1; // the circle and the longest arrow, with room for a name
  const SIDE = 290;
  const ROW = 66;

  const radians = (degrees) => (degrees * Math.PI) / 180;
  const toDegrees = ([a, b]) => Math.round((Math.atan2(b, a) * 180) / Math.PI);
  const onCircle = (degrees, radius) => [
    radius * Math.cos(radians(degrees)),
    radius * Math.sin(radians(degrees)),
  ];
  /** Return a batch of three from its two coordinates in the plane, and back. */
  const lift = ([a, b]) => E1.map((e, i) => a * e + b * E2[i]);
  const drop = (v) =>
    [E1, E2].map((e) => e.reduce((sum, a, i) => sum + a * v[i], 0));
  const add = (v, w) => v.map((a, i) => a + w[i]);
  const turn = (degrees) =>
    Number.isFinite(degrees)
      ? ((degrees + 540) % 360) - 180
      : clip(degrees, -180, 180);

  function parts({ angle, level, heading, length }) {
    const at = onCircle(angle, RADIUS);
    const xHat = lift(at);
    const inPlane = onCircle(heading, length);
    const dxHat = lift(inPlane).map((a) => a + level);
    return { at, xHat, inPlane, dxHat, ...project(dxHat, xHat, 1) };
  }

  function arrow(from, to, kind) {
    const [x, y] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(x, y);
    if (length < 2) return null;
    const [u, v] = [(x / length) * 8, (y / length) * 8];
    const barb = (s) => [to[0] - u + (s * v) / 2, to[1] - v - (s * u) / 2];
    const head = path([barb(1), to, barb(-1)], "head");
    return h("g", { class: `arrow ${kind}` }, path([from, to], "shaft"), head);
  }

  /** Return the circle on which x_hat lies, and the arrows. */
  function plane(state) {
    const { at, inPlane, along, dx } = parts(state);
    const right = linear([-FAR, FAR], [0, SIDE]);
    const up = linear([-FAR, FAR], [SIDE, 0]);
    const pixel = ([a, b]) => [right(a), up(b)];
    const from = pixel(at);
    const tip = pixel(add(at, inPlane));
    const rim = Array.from({ length: 73 }, (_, i) =>
      pixel(onCircle(5 * i, RADIUS)),
    );
    const degrees = (label, now, length) => ({
      label,
      now,
      min: -180,
      max: 180,
      text: `${now} degrees${length}`,
    });
    return h(
      "g",
      {},
      path(rim, "rim"),
      line(...pixel([0, 0]), ...from, "thread"),
      line(...tip, ...pixel(add(at, drop(along))), "limit"),
      line(...tip, ...pixel(add(at, drop(dx))), "limit"),
      arrow(from, tip, "none"),
      arrow(from, pixel(add(at, drop(along))), "normalized"),
      arrow(from, pixel(add(at, drop(dx))), "gradient"),
      text(...pixel([0.15, -0.2]), "0"),
      text(from[0] - 22, from[1] + 18, "*x̂*"),
      text(tip[0] + 12, tip[1] - 8, "*dx̂*"),
      handle(
        "angle",
        ...from,
        "normalized",
        degrees("x̂ on its circle", state.angle, ""),
      ),
      handle(
        "tip",
        ...tip,
        "none",
        degrees(
          "dx̂ in the plane; up and down change its length",
          state.heading,
          `, length ${number(state.length, 1)}`,
        ),
      ),
    );
  }

  /** Return four rows of three bars: dx_hat, its two removed parts, the rest. */
  function bars(state, x, y, width) {
    const { dxHat, level, along, dx } = parts(state);
    const rows = [
      ["*dx̂*", dxHat, "none"],
      ["− mean", dxHat.map(() => level), "raw"],
      ["− along *x̂*", along, "normalized"],
      ["= *dx* · *σ*", dx, "gradient"],
    ];
    return rows.map(([name, values, kind], i) => {
      const zero = y + i * ROW + 34;
      return h(
        "g",
        { class: "bars" },
        text(x, zero + 5, name),
        line(x + 82, zero, x + 152, zero, "axis"),
        values.map((a, j) => {
          const tall = Math.min(Math.abs(a) * 8, 30);
          const top = a > 0 ? zero - tall : zero;
          const place = { x: x + 86 + j * 22, y: top, width: 18, height: tall };
          return h("rect", { ...place, class: kind });
        }),
        text(width - 4, zero + 5, values.map((a) => number(a, 1)).join(", "), {
          "text-anchor": "end",
        }),
      );
    });
  }

  return {
    start: { angle: 30, heading: 75, length: 2, level: 0.6 },
    controls: [
      {
        key: "level",
        label: "mean of *dx̂*",
        min: -1.5,
        max: 1.5,
        step: 0.1,
        format: (v) => number(v, 1),
      },
    ],

    picture(state, width) {
      const beside = width > 480;
      const left = beside ? 0 : (width - SIDE) / 2;
      const column = beside ? SIDE + 8 : 8;
      return picture(
        width,
        beside ? SIDE : SIDE + 4 * ROW,
        h("g", { transform: `translate(${left} 0)` }, plane(state)),
        bars(state, column, beside ? 4 : SIDE, width),
      );
    },

    readout(state) {
      const { dxHat, xHat, level, along, dx } = parts(state);
      const list = (v) => `(${v.map((a) => number(a)).join(", ")})`;
      return (
        `*x̂* = ${list(xHat)}, *dx̂* = ${list(dxHat)}. Removed: the mean ` +
        `${number(level)} and ${list(along)} along *x̂*. What is left is orthogonal ` +
        `to 1 and to *x̂*: *σ* *dx* = ${list(dx)}.`
      );
    },

    drag(state, key, x, y, width) {
      const left = width > 480 ? 0 : (width - SIDE) / 2;
      const unit = SIDE / (2 * FAR);
      const at = [(x - left) / unit - FAR, FAR - y / unit];
      if (key === "angle") return { ...state, angle: toDegrees(at) };
      const from = onCircle(state.angle, RADIUS);
      const arm = [at[0] - from[0], at[1] - from[1]];
      const length = clip(Math.hypot(...arm), 0, LONGEST);
      return { ...state, heading: toDegrees(arm), length };
    },

    nudge(state, key, { x, y }) {
      if (key === "angle")
        return { ...state, angle: turn(state.angle + 5 * (x + y)) };
      const heading = turn(state.heading + 5 * x);
      return {
        ...state,
        heading,
        length: clip(state.length + 0.1 * y, 0, LONGEST),
      };
    },
  };
})();
