/** Runs in a worker: loads Python, closes what leads out of it, then runs cells. */

const FOLDER = "/lib/python3.11/site-packages";
const DOORS = [
  "fetch",
  "XMLHttpRequest",
  "WebSocket",
  "WebSocketStream",
  "WebTransport",
  "EventSource",
  "RTCPeerConnection",
  "BroadcastChannel",
  "Worker",
  "SharedWorker",
  "importScripts",
  "indexedDB",
  "caches",
];

const send = self.postMessage.bind(self);
let page = null;

/** Return the content of a file of the book. */
async function load(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

/** Load Python with NumPy and normlib, and the cells of the page. */
async function start({ base, page: name, ran }) {
  importScripts(`${base}pyodide.js`);
  const archives = ["numpy.zip", "normlib.zip"].map((file) =>
    load(base + file).then((response) => response.arrayBuffer()),
  );
  const book = load(`${base}book.json`).then((response) => response.json());
  const python = await loadPyodide({ indexURL: base });
  for (const archive of await Promise.all(archives)) {
    const content = new Uint8Array(archive);
    python.unpackArchive(content, "zip", { extractDir: FOLDER });
  }
  const { pages, equations } = await book;
  const make = python.runPython("from live.page import start; start");
  page = make(JSON.stringify(pages[name]), JSON.stringify(ran));
  closeDoors();
  send({ kind: "ready", equations });
}

/** Take away what reaches the network, or other pages of this site. */
function closeDoors() {
  for (const name of DOORS) {
    for (let at = self; at; at = Object.getPrototypeOf(at)) delete at[name];
    Object.defineProperty(self, name, { value: undefined });
  }
}

function run({ cell, code, progress }) {
  let ok = true;
  const emit = (kind, text) => {
    if (kind === "error") ok = false;
    send({ kind, text });
  };
  const file = page.run(cell, code, emit, progress);
  send({ kind: "done", ok, progress: file });
  setTimeout(() => page.warm(), 0); // the next run finds everything parsed
}

let started = null;
self.onmessage = ({ data }) => {
  const step = started
    ? started.then(() => run(data))
    : (started = start(data));
  step.catch((error) => send({ kind: "lost", text: String(error) }));
};
