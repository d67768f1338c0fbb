/** What a run shows, below its cell. */

import { make } from "./dom.js";

const EQUATION = /equation \(\d+\.\d+\)(?=, (eq-[\w-]+))/;

export class Output {
  /** @param {string} root  address of the site, ending in a slash */
  constructor(root) {
    this.root = root;
    this.element = make("div", {
      className: "live-output",
      hidden: true,
      aria: { live: "polite" },
    });
  }

  /** Remove everything. */
  clear() {
    this.element.replaceChildren();
    this.element.hidden = true;
  }

  /** Whether there is something to see. */
  get empty() {
    return this.element.childElementCount === 0;
  }

  /**
   * Add a piece.
   *
   * @param {string} kind  "print", "warn", "text", "html", "error" or "note"
   * @param {string} text
   * @param {Object<string, string>} equations  where each label stands in the site
   */
  add(kind, text, equations = {}) {
    this.element.hidden = false;
    const last = this.element.lastElementChild;
    if (kind === "html") {
      this.element.append(report(text, this.root, equations));
    } else if (kind === "note") {
      this.element.append(make("p", { className: "live-note" }, text));
    } else if (last?.dataset.kind === kind) {
      last.append(text);
    } else {
      const piece = make(
        "pre",
        { className: `live-${kind}`, tabIndex: 0 },
        text,
      );
      piece.dataset.kind = kind;
      this.element.append(piece);
    }
  }
}

/** Return a report of normlib, its equations as links. */
function report(html, root, equations) {
  const place = make("div", { className: "live-html" });
  place.innerHTML = html; // normlib escapes what comes from the reader's code
  for (const part of place.querySelectorAll("[role=status]")) {
    part.removeAttribute("role"); // the output around it is announced already
  }
  for (const part of place.querySelectorAll("pre")) part.tabIndex = 0;
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) link(text, root, equations);
  return place;
}

/** Make the equations that a text names into links. */
function link(text, root, equations) {
  for (let found; (found = EQUATION.exec(text.data));) {
    const named = text.splitText(found.index);
    text = named.splitText(found[0].length);
    const target = equations[found[1]];
    if (target)
      named.replaceWith(make("a", { href: root + target }, named.data));
  }
}
