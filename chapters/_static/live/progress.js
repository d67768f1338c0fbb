/** Panels that show which exercises are solved: in a chapter, or in the whole book. */

import { button, make } from "./dom.js";
import { keepSolved, progressFile, readProgressFile, solved } from "./store.js";

export class Panel {
  /** @param {HTMLElement} element  has the names of each chapter's exercises as data */
  constructor(element) {
    this.element = element;
    this.chapters = Object.entries(JSON.parse(element.dataset.chapters));
    this.status = make("p", {
      className: "live-status",
      aria: { role: "status" },
    });
    this.list = make("ul");
    element.append(
      make("p", { className: "live-title" }, "Your progress"),
      this.list,
    );
    if (this.chapters.length > 1) element.append(this.buttons(), this.status);
    document.addEventListener("normlib-progress", () => this.update());
    this.update();
  }

  buttons() {
    this.file = make("input", {
      type: "file",
      accept: ".json,application/json",
      hidden: true,
      onchange: () => this.load(),
      aria: { label: "File of progress" },
    });
    return make(
      "div",
      {
        className: "live-bar",
        aria: { role: "group", label: "Your progress" },
      },
      button("Export", () => this.save()),
      button("Import", () => this.file.click()),
      button("Clear", () => this.clear()),
      this.file,
    );
  }

  update() {
    const done = new Set(solved());
    const items = this.chapters.map(([title, names]) => {
      const count = names.filter((name) => done.has(name)).length;
      const bar = make("progress", {
        max: names.length,
        value: count,
        aria: { label: title },
      });
      const colon = title.endsWith("?") ? "" : ":";
      const text = `${title}${colon} ${count} of ${names.length} exercises passed`;
      return make("li", {}, make("span", {}, text), bar);
    });
    this.list.replaceChildren(...items);
  }

  save() {
    const file = new Blob([progressFile()], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(file) });
    link.download = "progress.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.status.textContent =
      "Saved as progress.json; the notebooks read it too.";
  }

  async load() {
    const [file] = this.file.files;
    if (!file) return;
    try {
      const names = readProgressFile(await file.text());
      keepSolved([...solved(), ...names]);
      this.status.textContent = `Read ${names.length} from ${file.name}.`;
    } catch (error) {
      this.status.textContent = error.message;
    }
    this.file.value = "";
  }

  clear() {
    if (!confirm("Forget which exercises are passed, in this browser?")) return;
    keepSolved([]);
    this.status.textContent = "Cleared.";
  }
}
