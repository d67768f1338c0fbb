"use strict";

/**
 * Bring the pictures of a page to life. Each file next to this one adds to
 * `explorables` an object with
 *
 * - `start`: the state at first, a plain object that is never changed;
 * - `picture(state, width)`: the tree of an SVG, see draw.js;
 * - `readout(state)`: the same in words and numbers;
 * - `controls`: ranges, choices and buttons under the picture;
 * - `fit(state)`: optional, the state with what no longer fits mended;
 * - `drag(state, key, x, y, width)`: for handles, the state after a drag to a pixel;
 * - `pick(state, key)`: for cells, the state after one was pointed at;
 * - `nudge(state, key, step)`: the state after an arrow key, `step` being { x, y }.
 */
(() => {
  const { h, rich } = draw;
  const WIDEST = 560;
  const STEPS = {
    ArrowLeft: { x: -1, y: 0 },
    ArrowRight: { x: 1, y: 0 },
    ArrowDown: { x: 0, y: -1 },
    ArrowUp: { x: 0, y: 1 },
    PageDown: { x: 0, y: -10 },
    PageUp: { x: 0, y: 10 },
    Home: { x: -Infinity, y: 0 },
    End: { x: Infinity, y: 0 },
  };

  /** Return a new DOM node for `node`, to stand in `parent`. */
  function build(node, parent) {
    if (typeof node === "string") return document.createTextNode(node);
    const space =
      node.tag === "svg" ? "http://www.w3.org/2000/svg" : parent.namespaceURI;
    const element = document.createElementNS(space, node.tag);
    patch(element, node);
    return element;
  }

  /** Make `element` what `node` says; what stays keeps its focus. */
  function patch(element, { attributes, children }) {
    for (const { name } of [...element.attributes]) {
      if (!(name in attributes)) element.removeAttribute(name);
    }
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "boolean") element.toggleAttribute(name, value);
      else if (element.getAttribute(name) !== String(value)) {
        element.setAttribute(name, value);
      }
      if (["value", "checked"].includes(name)) element[name] = value;
    }
    children.forEach((child, i) => {
      const old = element.childNodes[i];
      if (!old) element.append(build(child, element));
      else if (typeof child === "string" && old.nodeType === Node.TEXT_NODE) {
        if (old.data !== child) old.data = child;
      } else if (child.tag && child.tag === old.nodeName.toLowerCase()) {
        patch(old, child);
      } else old.replaceWith(build(child, element));
    });
    while (element.childNodes.length > children.length)
      element.lastChild.remove();
  }

  const resolve = (value, state) =>
    typeof value === "function" ? value(state) : value;

  /** Return a slider with its name and its value. */
  function range(control, state, id) {
    const value = state[control.key];
    const shown = control.format?.(value, state) ?? String(value);
    return h(
      "div",
      { class: "range" },
      h("label", { for: id }, rich(control.label, false)),
      h("input", {
        id,
        type: "range",
        "data-key": control.key,
        min: resolve(control.min, state),
        max: resolve(control.max, state),
        step: control.step,
        value,
        disabled: resolve(control.disabled, state) ?? false,
        "aria-valuetext": shown,
      }),
      h("span", { class: "value", "aria-hidden": "true" }, shown), // is said above
    );
  }

  /** Return radio buttons. */
  function choice(control, state, id) {
    const options = Object.entries(control.options).map(([value, label]) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: id,
          "data-key": control.key,
          value,
          checked: state[control.key] === value,
        }),
        label,
      ),
    );
    return h("fieldset", {}, h("legend", {}, control.label), options);
  }

  const button = (label, press) =>
    h("button", { type: "button", "data-press": press }, label);

  /** Return everything under the picture. */
  function panel({ controls }, state, id) {
    const fields = controls
      .filter((control) => !control.press)
      .map((control) => {
        const make = control.options ? choice : range;
        return make(control, state, `${id}-${control.key}`);
      });
    const buttons = controls.flatMap(({ press, label }, i) =>
      press ? [button(label, i)] : [],
    );
    const all = [...buttons, button("Start over", "start")];
    return h(
      "div",
      { class: "panel" },
      fields,
      h("div", { class: "buttons" }, all),
    );
  }

  /** Replace the still picture in `place` by one that moves. */
  function mount(place, id) {
    const explorable = explorables[place.dataset.explorable];
    const svg = place.querySelector("svg");
    const label = svg.getAttribute("aria-label");
    const role = explorable.nudge ? "group" : "img";
    const controls = place.appendChild(document.createElement("div"));
    const readout = place.appendChild(document.createElement("p"));
    const width = () => Math.max(280, Math.min(place.clientWidth, WIDEST));
    let state = explorable.start;
    let calm;

    function show() {
      const picture = explorable.picture(state, width());
      Object.assign(picture.attributes, { role, "aria-label": label });
      patch(svg, picture);
      patch(controls, panel(explorable, state, id));
      speak();
      if (svg.contains(document.activeElement)) {
        const { key } = document.activeElement.dataset;
        const here = [...svg.querySelectorAll('[tabindex="0"]')];
        if (here.every((one) => one.dataset.key !== key)) here[0].focus();
      }
    }

    /** Update the words, and let them be read out once nothing moves any more. */
    function speak() {
      const attributes = {
        class: "readout",
        role: "status",
        "aria-busy": "true",
      };
      patch(
        readout,
        h("p", attributes, rich(explorable.readout(state), false)),
      );
      clearTimeout(calm);
      calm = setTimeout(() => readout.setAttribute("aria-busy", "false"), 300);
    }

    function become(next) {
      state = explorable.fit ? explorable.fit(next) : next;
      show();
    }

    controls.addEventListener("input", ({ target }) => {
      const value =
        target.type === "radio" ? target.value : Number(target.value);
      become({ ...state, [target.dataset.key]: value });
    });
    controls.addEventListener("click", ({ target }) => {
      const { press } = target.dataset;
      if (press === "start") become(explorable.start);
      else if (press) become(explorable.controls[press].press(state));
    });
    listen(svg, explorable, (move) => become(move(state, width())));
    new ResizeObserver(show).observe(place);
    place.classList.add("live");
    show();
  }

  /** Call `change` with what a pointer or a key does to the state. */
  function listen(svg, { drag, pick, nudge }, change) {
    const keyOf = ({ target }) => target.closest("[data-key]")?.dataset.key;
    let held = null;

    function follow({ clientX, clientY }) {
      const box = svg.getBoundingClientRect();
      const [x, y] = [clientX - box.left, clientY - box.top];
      change((state, width) => drag(state, held, x, y, width));
    }
    svg.addEventListener("pointerdown", (event) => {
      const key = keyOf(event);
      if (key && pick) change((state) => pick(state, key));
      if (!key || !drag) return;
      event.preventDefault(); // no selection of the text beside it
      event.target.closest("[data-key]").focus({ preventScroll: true });
      held = key;
      svg.setPointerCapture(event.pointerId);
      follow(event);
    });
    svg.addEventListener("pointermove", (event) => held && follow(event));
    for (const end of ["pointerup", "pointercancel"]) {
      svg.addEventListener(end, () => (held = null));
    }
    svg.addEventListener("pointerover", (event) => {
      const key = keyOf(event);
      if (key && pick) change((state) => pick(state, key));
    });
    svg.addEventListener("keydown", (event) => {
      const key = keyOf(event);
      const step = STEPS[event.key];
      if (!key || !step || event.ctrlKey || event.metaKey || event.altKey)
        return;
      event.preventDefault(); // the page stays where it is
      change((state) => nudge(state, key, step));
    });
  }

  document
    .querySelectorAll("[data-explorable]")
    .forEach((place, i) => mount(place, `explorable-${i}`));
})();
