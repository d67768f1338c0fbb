/** What the browser keeps for the reader: edited code, and solved exercises. */

const PROGRESS = "normlib-progress";

/** Return what is kept under a key, or null, also where nothing may be kept. */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Keep a value, or forget it if it is null. */
function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A private window, or no room: the page works without a memory.
  }
}

/** The code that the reader gave one cell, and the original that it was made from. */
export class Draft {
  constructor(page, cell) {
    this.key = `normlib-cell:${page}:${cell}`;
  }

  get() {
    const kept = read(this.key);
    return typeof kept?.code === "string" ? kept : null;
  }

  set(code, original) {
    write(this.key, code === original ? null : { code, original });
  }
}

/** Return the names of the solved exercises. */
export function solved() {
  const kept = read(PROGRESS);
  return isProgress(kept) ? kept.solved : [];
}

/** Keep the names of the solved exercises, and tell the page. */
export function keepSolved(names) {
  write(PROGRESS, names.length ? { solved: [...new Set(names)] } : null);
  document.dispatchEvent(new Event("normlib-progress"));
}

/** Return the file that normlib.checks would write. */
export function progressFile() {
  return JSON.stringify({ solved: solved() }, null, 1);
}

/** Return the names in such a file; throw an Error that says what is wrong with it. */
export function readProgressFile(text) {
  let content = null;
  try {
    content = JSON.parse(text);
  } catch {
    // The next line says it.
  }
  if (!isProgress(content)) {
    throw new Error(
      'This is no file of progress; one looks like {"solved": ["rms-norm"]}.',
    );
  }
  return content.solved;
}

function isProgress(content) {
  const names = content?.solved;
  return Array.isArray(names) && names.every((n) => typeof n === "string");
}
