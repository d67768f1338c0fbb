/** Makes the live cells of a page run, and its panels count. Loads nothing by itself. */

import { Cell, help } from "./cell.js";
import { Panel } from "./progress.js";
import { Python } from "./python.js";

const { src, dataset } = document.currentScript;
const base = new URL(".", src).href;
const { page } = dataset;
const served = location.protocol !== "file:"; // a file may start no worker
const book = {
  page,
  size: MEGABYTES, // set when the scripts are joined
  base,
  root: new URL("../../", base).href,
  python: served ? new Python(base, page) : null,
};

for (const element of document.querySelectorAll(".cell.live"))
  new Cell(element, book);
for (const element of document.querySelectorAll(".live-progress"))
  new Panel(element);
document.body.append(help());
addEventListener("storage", () => {
  document.dispatchEvent(new Event("normlib-progress"));
});
