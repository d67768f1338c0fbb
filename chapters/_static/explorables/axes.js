"use strict";

/** Which numbers share a mean: four layers as four ways to color one array. */
explorables.axes = (() => {
  const { clip, setNumbers } = formulas;
  const { h, picture, text } = draw;
  const LAYERS = {
    batch: "Batch norm",
    layer: "Layer norm",
    group: "Group norm",
    instance: "Instance norm",
  };
  const POSITIONS = [1, 2, 4];
  const SIZE = {
    batch: "N·H·W",
    layer: "C·H·W",
    group: "C·H·W/G",
    instance: "H·W",
  };
  const GAP = 7;

  const divisors = (c) =>
    Array.from({ length: c }, (_, i) => i + 1).filter((g) => c % g === 0);

  /** Return the sizes that a state stands for; its sliders count steps. */
  function shape({ samples, channels, size, split }) {
    const positions = POSITIONS[size];
    const groups = divisors(channels)[split];
    return {
      samples,
      channels,
      positions,
      groups,
      wide: Math.min(positions, 2),
    };
  }

  /** Return row and column of each cell in the picture, in the order of the array. */
  function places(sizes) {
    const { samples, channels, positions, wide } = sizes;
    return Array.from({ length: samples * channels * positions }, (_, i) => {
      const [n, c] = [
        Math.floor(i / positions / channels),
        Math.floor(i / positions) % channels,
      ];
      const [row, column] = [Math.floor((i % positions) / wide), i % wide];
      const tall = positions / wide;
      return { i, n, c, position: i % positions, row, column, tall, wide };
    }).map((cell) => ({
      ...cell,
      down: cell.n * cell.tall + cell.row,
      right: cell.c * cell.wide + cell.column,
    }));
  }

  function describe(state) {
    const sizes = shape(state);
    const sets = setNumbers(state.layer, sizes);
    const cells = places(sizes);
    return { ...sizes, sets, cells, chosen: sets[state.cell] };
  }

  function square(cell, { sets, chosen }, marked, side, left) {
    const number = sets[cell.i];
    const x = left + cell.right * side + cell.c * GAP;
    const y = 30 + cell.down * side + cell.n * GAP;
    const inside = number === chosen ? "cell shared" : "cell";
    return h(
      "g",
      {
        class: `${inside} hue-${number % 6}${cell.i === marked ? " marked" : ""}`,
        "data-key": cell.i,
        tabindex: cell.i === marked ? 0 : -1,
        role: "gridcell",
        "aria-label":
          `sample ${cell.n}, channel ${cell.c}, position ${cell.position}: ` +
          `mean ${number}`,
      },
      h("rect", { x, y, width: side - 2, height: side - 2, rx: 4 }),
      text(x + side / 2 - 1, y + side / 2 + 3.5, String(number), {
        "text-anchor": "middle",
      }),
    );
  }

  return {
    start: {
      layer: "batch",
      samples: 3,
      channels: 4,
      size: 2,
      split: 1,
      cell: 0,
    },
    controls: [
      { key: "layer", label: "Layer", options: LAYERS },
      { key: "samples", label: "samples *N*", min: 1, max: 4, step: 1 },
      { key: "channels", label: "channels *C*", min: 1, max: 6, step: 1 },
      {
        key: "size",
        label: "positions *H*·*W*",
        min: 0,
        max: POSITIONS.length - 1,
        step: 1,
        format: (v) => String(POSITIONS[v]),
      },
      {
        key: "split",
        label: "groups *G*",
        min: 0,
        max: ({ channels }) => divisors(channels).length - 1,
        step: 1,
        format: (v, { channels }) => String(divisors(channels)[v]),
        disabled: ({ layer }) => layer !== "group",
      },
    ],

    fit(state) {
      const split = clip(state.split, 0, divisors(state.channels).length - 1);
      const { samples, channels, positions } = shape({ ...state, split });
      const last = samples * channels * positions - 1;
      return { ...state, split, cell: Math.min(state.cell, last) };
    },

    picture(state, width) {
      const all = describe(state);
      const columns = all.channels * all.wide;
      const room = width - 34 - (all.channels - 1) * GAP;
      const side = Math.min(38, Math.floor(room / columns));
      const left = Math.max(
        30,
        (width - columns * side - (all.channels - 1) * GAP) / 2,
      );
      const rows = Math.max(...all.cells.map((cell) => cell.down)) + 1;
      const height = 34 + rows * side + (all.samples - 1) * GAP;
      const ofRow = (down) => all.cells.filter((cell) => cell.down === down);
      return picture(
        width,
        height,
        text(left, 18, "channels *C* →"),
        text(0, 0, "samples *N* →", {
          transform: `translate(${left - 18} 30) rotate(90)`,
        }),
        h(
          "g",
          { role: "grid", "aria-label": "values of the batch" },
          Array.from({ length: rows }, (_, down) =>
            h(
              "g",
              { role: "row" },
              ofRow(down)
                .sort((a, b) => a.right - b.right)
                .map((cell) => square(cell, all, state.cell, side, left)),
            ),
          ),
        ),
      );
    },

    readout(state) {
      const { sets, cells, chosen, groups } = describe(state);
      const { n, c, position } = cells[state.cell];
      const m = sets.filter((number) => number === chosen).length;
      const means = new Set(sets).size;
      const split = state.layer === "group" ? ` with *G* = ${groups}` : "";
      const name = LAYERS[state.layer];
      return (
        `${name}${split}: ${means} ${means === 1 ? "mean" : "means"}, each over ` +
        `*m* = ${SIZE[state.layer]} = ${m} ${m === 1 ? "value" : "values"}. ` +
        `The marked cell is sample ${n}, channel ${c}, position ${position}; ` +
        (m > 1
          ? `${m - 1} others share its mean, number ${chosen}.`
          : "it is its own mean, so its *x̂* is 0.")
      );
    },

    pick: (state, key) => ({ ...state, cell: Number(key) }),

    nudge(state, key, step) {
      const { cells } = describe(state);
      const from = cells[key];
      const last = cells.at(-1);
      const right = clip(from.right + step.x, 0, last.right);
      const down = clip(from.down - step.y, 0, last.down);
      const to = cells.find(
        (cell) => cell.right === right && cell.down === down,
      );
      return { ...state, cell: to.i };
    },
  };
})();
