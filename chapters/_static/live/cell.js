/** A code cell that the reader can change and run. */

import { button, make } from "./dom.js";
import { Output } from "./output.js";
import {
  Draft,
  keepSolved,
  progressFile,
  readProgressFile,
  solved,
} from "./store.js";

const HELP = "live-help";
const SERVE =
  "Python runs in the page only when the book is served. In the folder of the book " +
  "run: make serve, or in the folder of these pages: python -m http.server. Then " +
  "open http://127.0.0.1:8000.";
const ENDS = {
  stopped: "Stopped. The next Run starts Python again.",
  time: "Stopped after 30 seconds. The next Run starts Python again.",
  lost: "Python could not go on. Check the connection, then run again.",
};

export class Cell {
  /**
   * @param {HTMLElement} element  the cell as built, with the id `cell-NAME`
   * @param {object} book  what the cells of a page share: python, page, base, root, size
   */
  constructor(element, book) {
    this.book = book;
    this.name = element.id.replace("cell-", "");
    this.built = element.querySelector(".cell_input .highlight");
    this.printed = element.querySelector(".cell_output");
    this.original = this.built.textContent.replace(/\n$/, "");
    this.exercise = /checks\.check\(\s*"([\w-]+)"/.exec(this.original)?.[1];
    this.draft = new Draft(book.page, this.name);
    this.output = new Output(book.root);
    this.label = this.exercise
      ? `Exercise ${this.exercise}`
      : `Cell ${this.name}`;
    element
      .querySelector(".cell_input")
      .after(this.toolbar(), this.output.element);
    this.built.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("normlib-progress", () => this.mark());
    this.mark();
    this.restore();
  }

  toolbar() {
    this.runButton = button("Run", () => this.run(), { className: "live-run" });
    this.stopButton = button("Stop", () => this.book.python.stop(), {
      hidden: true,
    });
    this.editButton = button("Edit", () => this.edit());
    this.resetButton = button("Reset", () => this.reset(), { hidden: true });
    this.status = make("span", {
      className: "live-status",
      aria: { role: "status" },
    });
    this.badge = make(
      "span",
      { className: "live-badge", hidden: true },
      "Passed",
    );
    return make(
      "div",
      { className: "live-bar", aria: { role: "group", label: this.label } },
      this.runButton,
      this.stopButton,
      this.editButton,
      this.resetButton,
      this.badge,
      this.status,
    );
  }

  /** Show the reader's own version from last time, if there is one. */
  restore() {
    const kept = this.draft.get();
    if (!kept) return;
    this.show(kept.code);
    this.resetButton.hidden = false;
    const stale = kept.original !== this.original;
    this.status.textContent = stale
      ? "Your version; the book's has changed since. Reset shows it."
      : "Your version.";
  }

  /** Show code, in the editor or as plain text. */
  show(code) {
    if (this.editor) this.editor.value = code;
    else this.built.querySelector("pre").textContent = `${code}\n`;
  }

  /** The code as it stands now. */
  get code() {
    if (this.editor) return this.editor.value;
    return this.built.querySelector("pre").textContent.replace(/\n$/, "");
  }

  /** Make the code editable: a text area at once, the editor as soon as it is there. */
  async edit() {
    if (this.book.python === null) return this.serve();
    if (this.editor) return this.editor.focus();
    const area = make("textarea", {
      value: this.code,
      rows: this.code.split("\n").length + 1,
      spellcheck: false,
      className: "live-area",
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      aria: { label: this.label, describedby: HELP },
    });
    this.editor = area;
    this.editButton.hidden = true;
    this.built.replaceChildren(area);
    area.focus();
    try {
      const { replace } = await import(`${this.book.base}editor.js`);
      const [run, changed] = [() => this.run(), () => this.changed()];
      const options = { run, changed, label: this.label, help: HELP };
      this.editor = replace(area, options);
    } catch {
      // The text area stays, and does all but color.
    }
  }

  /** Edit where the code was clicked; selecting some, or the copy button, is no click. */
  clicked(event) {
    const onCode = event.target.closest("pre") && getSelection().isCollapsed;
    if (onCode && !this.editor) this.edit();
  }

  key(event) {
    const asked = event.shiftKey || event.ctrlKey || event.metaKey;
    if (event.key !== "Enter" || !asked) return;
    event.preventDefault();
    this.run();
  }

  changed() {
    this.draft.set(this.code, this.original);
    this.resetButton.hidden = this.code === this.original;
    this.status.textContent = "";
  }

  /** Put the cell back as the book has it. */
  reset() {
    this.show(this.original);
    this.changed();
    this.output.clear();
    if (this.printed) this.printed.hidden = false;
    this.runButton.focus();
    this.status.textContent = "As in the book again.";
  }

  /** Run the code, and show what comes of it. */
  async run() {
    const { python, size } = this.book;
    if (python === null) return this.serve();
    if (python.current) {
      this.status.textContent = "Another cell is running; wait, or stop it.";
      return;
    }
    const request = {
      cell: this.name,
      code: this.code,
      progress: progressFile(),
    };
    this.output.clear();
    if (this.printed) this.printed.hidden = true;
    this.state(true);
    this.status.textContent = python.ready
      ? ""
      : `Loading Python (${size} MB), once.`;
    const { end, progress } = await python.run(request, (kind, text) => {
      if (kind === "state") this.status.textContent = "Running.";
      else this.output.add(kind, text, python.equations);
    });
    this.state(false);
    this.finish(end, progress);
  }

  finish(end, progress) {
    this.status.textContent = "";
    if (end !== "done") this.output.add("note", ENDS[end]);
    else if (this.output.empty) {
      this.output.add(
        "note",
        "Ran without an error. There is nothing to show.",
      );
    }
    if (progress) this.keep(readProgressFile(progress));
  }

  /** Keep newly solved exercises; what another tab has added meanwhile stays. */
  keep(names) {
    const before = solved();
    if (names.some((name) => !before.includes(name)))
      keepSolved([...before, ...names]);
  }

  state(running) {
    const focused = document.activeElement;
    this.runButton.hidden = running;
    this.stopButton.hidden = !running;
    if (running && focused === this.runButton) this.stopButton.focus();
    if (!running && focused === this.stopButton) this.runButton.focus();
  }

  serve() {
    this.output.clear();
    this.output.add("note", SERVE);
  }

  mark() {
    this.badge.hidden = !solved().includes(this.exercise);
  }
}

/** Return the one text that explains the keys of every editor. */
export function help() {
  const text =
    "Control and Enter, or Shift and Enter, run the cell. " +
    "Escape and then Tab leaves the editor.";
  return make("p", { id: HELP, hidden: true }, text);
}
