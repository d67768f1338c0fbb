/** The one Python of a page, in a worker that the page can end at any time. */

const SECONDS = 30; // for one run; a loop without end would empty a battery

export class Python {
  /**
   * @param {string} base  where the files lie, ending in a slash
   * @param {string} page  name of the page, as in book.json
   */
  constructor(base, page) {
    this.base = base;
    this.page = page;
    this.ran = {}; // what each cell was when it last ran without an error
    this.worker = null;
    this.current = null;
    this.equations = {};
  }

  /** Whether Python is loaded. */
  get ready() {
    return this.worker !== null && this.loaded;
  }

  /**
   * Run code in place of a cell.
   *
   * @param {{cell: string, code: string, progress: string}} request
   * @param {(kind: string, text: string) => void} show  called for each piece of output
   * @returns {Promise<{end: string, progress?: string}>}  end is "done", "stopped",
   *   "time" or "lost"
   */
  run(request, show) {
    this.worker ??= this.start();
    return new Promise((resolve) => {
      this.current = { request, show, resolve };
      this.worker.postMessage(request);
      if (this.loaded) this.watch();
    });
  }

  /** End the current run, and with it Python; the next run starts another. */
  stop(end = "stopped") {
    this.worker?.terminate();
    this.worker = null;
    this.finish({ end });
  }

  start() {
    this.loaded = false;
    // A worker from a blob obeys the page's Content-Security-Policy, one from a file
    // of a static host obeys none.
    const script = `importScripts(${JSON.stringify(this.base + "worker.js")});`;
    const type = { type: "text/javascript" };
    const address = URL.createObjectURL(new Blob([script], type));
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => this.receive(data);
    worker.onerror = (event) => this.fail(event.message);
    const { base, page, ran } = this;
    worker.postMessage({ base, page, ran });
    return worker;
  }

  receive(message) {
    if (message.kind === "ready") {
      this.loaded = true;
      this.equations = message.equations;
      this.current?.show("state", "running");
      this.watch();
    } else if (message.kind === "lost") {
      this.fail(message.text);
    } else if (message.kind === "done") {
      const { cell, code } = this.current.request;
      if (message.ok) this.ran[cell] = code;
      this.finish({ end: "done", progress: message.progress });
    } else {
      this.current?.show(message.kind, message.text);
    }
  }

  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop("time"), 1000 * SECONDS);
  }

  fail(text) {
    this.current?.show("error", text);
    this.stop("lost");
  }

  finish(result) {
    clearTimeout(this.timer);
    this.current?.resolve(result);
    this.current = null;
  }
}
