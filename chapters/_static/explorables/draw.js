"use strict";

/**
 * What a picture is made of: a tree of plain objects, written as markup when the book
 * is built and patched into the page when a reader moves something.
 */
globalThis.draw = (() => {
  /** Return an element of the tree. Children are elements or strings. */
  const h = (tag, attributes = {}, ...children) => ({
    tag,
    attributes,
    children: children.flat(Infinity).filter((child) => child !== null),
  });

  const escape = (text) =>
    String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

  /** Return the tree as markup that only shows: nothing to focus, no roles. */
  function markup(node) {
    if (typeof node === "string") return escape(node);
    const attributes = Object.entries(node.attributes)
      .filter(([name]) => !/^(aria-|data-|role$|tabindex$)/.test(name))
      .map(([name, value]) => ` ${name}="${escape(value)}"`);
    const content = node.children.map(markup).join("");
    return `<${node.tag}${attributes.join("")}>${content}</${node.tag}>`;
  }

  /**
   * Return pieces of a text: *x* is a variable, ~max~ an index. In SVG an index hangs
   * lower, and what follows comes back up.
   */
  function rich(text, isSvg = true) {
    let drop = 0;
    return text
      .split(/(\*[^*]+\*|~[^~]+~)/)
      .filter(Boolean)
      .map((piece) => {
        const kind = { "*": "math", "~": "sub" }[piece[0]];
        const inner = kind ? piece.slice(1, -1) : piece;
        const dy = (kind === "sub" ? 3 : 0) - drop;
        drop += dy;
        if (!isSvg) {
          return kind ? h(kind === "math" ? "em" : "sub", {}, inner) : inner;
        }
        const shift = dy ? { dy } : {};
        return kind || dy
          ? h("tspan", { class: kind || "", ...shift }, inner)
          : inner;
      });
  }

  /** Return a text without the signs that `rich` reads. */
  const plain = (text) => text.replace(/[*~]/g, "");

  /** Return a number with a true minus sign. */
  const number = (value, digits = 2) =>
    (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value)
      .toFixed(digits)
      .replace("-", "−");

  /** Return four significant digits: 316.2, or 100,000. */
  const significant = (value) =>
    value.toLocaleString("en-US", { maximumSignificantDigits: 4 });

  const raise = (digits) =>
    String(digits).replace(
      /./g,
      (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)],
    );

  /** Return a power of ten with a factor in front: 3.2 × 10⁻⁵. */
  function scientific(value) {
    const [factor, exponent] = value.toExponential(1).split("e");
    const power = `10${raise(Number(exponent))}`;
    return factor === "1.0" ? power : `${factor} × ${power}`;
  }

  /** Return a function from [a, b] to pixels [from, to], and its inverse. */
  function linear([a, b], [from, to]) {
    const at = (value) => from + ((value - a) / (b - a)) * (to - from);
    at.invert = (pixel) => a + ((pixel - from) / (to - from)) * (b - a);
    at.ends = [from, to];
    return at;
  }

  const text = (x, y, words, attributes = {}) =>
    h("text", { x: round(x), y: round(y), ...attributes }, rich(words));

  const line = (x1, y1, x2, y2, kind) =>
    h("line", {
      x1: round(x1),
      y1: round(y1),
      x2: round(x2),
      y2: round(y2),
      class: kind,
    });

  const dot = (x, y, kind, r = 6) =>
    h("circle", { cx: round(x), cy: round(y), r, class: kind });

  const path = (points, kind) =>
    h("path", {
      d: `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}`,
      class: kind,
    });

  /** Return a number line at height `y`, named at its left end. */
  function rail(at, y, ticks, name) {
    const [from, to] = at.ends;
    return h(
      "g",
      { class: "rail" },
      line(from, y, to, y, "axis"),
      ticks.map((tick) => [
        line(at(tick), y - 4, at(tick), y + 4, "axis"),
        text(at(tick), y + 20, number(tick, 0), { "text-anchor": "middle" }),
      ]),
      text(from, y - 14, name, { class: "name" }),
    );
  }

  /**
   * Return something to drag, that arrow keys move as well. `slider` holds `label`,
   * `now`, `min`, `max` and `text` for those who hear it.
   */
  function handle(key, x, y, kind, slider) {
    return h(
      "g",
      {
        class: "handle",
        "data-key": key,
        tabindex: 0,
        role: "slider",
        "aria-label": slider.label,
        "aria-valuenow": number(slider.now).replace("−", "-"),
        "aria-valuemin": slider.min,
        "aria-valuemax": slider.max,
        "aria-valuetext": slider.text,
      },
      dot(x, y, "grip", 14),
      dot(x, y, kind, 7),
    );
  }

  const round = (pixel) => Math.round(pixel * 10) / 10;

  /** Return the whole picture. */
  const picture = (width, height, ...children) =>
    h("svg", { viewBox: `0 0 ${width} ${height}`, width, height }, ...children);

  return {
    dot,
    h,
    handle,
    line,
    linear,
    markup,
    number,
    path,
    picture,
    plain,
    rail,
    rich,
    scientific,
    significant,
    text,
  };
})();
globalThis.explorables = {};
