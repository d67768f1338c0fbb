// One equation per line, as JSON: {"tex", "display"} in, {"html"} or {"error"} out.
const katex = require("katex");
const readline = require("node:readline");

/** Return the HTML and MathML of `tex`, or why there is none. */
function render({ tex, display }) {
  try {
    const options = { displayMode: display, output: "htmlAndMathml", strict };
    return { html: katex.renderToString(tex, options) };
  } catch (error) {
    return { error: error.message };
  }
}

/** Let a line break stand in a displayed equation; hold every other rule of LaTeX. */
function strict(rule) {
  return rule === "newLineInDisplayMode" ? "ignore" : "error";
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(render(JSON.parse(line))) + "\n");
});
