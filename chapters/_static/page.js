// What the theme does in scripts and attributes within its pages, where the
// Content-Security-Policy allows none (see _ext/pages.py).

/** Turn the buttons that named a function in an attribute back into buttons. */
function bindButtons() {
  const actions = {
    print: () => window.print(),
    fullscreen: () => window.toggleFullScreen(), // of the theme
  };
  for (const [name, action] of Object.entries(actions)) {
    for (const button of document.querySelectorAll(`[data-action=${name}]`)) {
      button.addEventListener("click", action);
    }
  }
}

/** Put the cursor into the field of the search page. */
function focusSearch() {
  document.querySelector(".bd-article-container form.bd-search input")?.focus();
}

/** Let the keyboard reach, and so scroll, an equation that is wider than its column. */
function markWideEquations() {
  for (const equation of document.querySelectorAll(".katex-display")) {
    const wide = equation.scrollWidth > equation.clientWidth;
    equation.toggleAttribute("tabindex", wide);
    if (wide) equation.tabIndex = 0;
  }
}

/** Open every closed box for printing, and close it again. */
function unfoldForPrint() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const box of opened) box.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const box of opened) box.open = false;
  });
}

bindButtons();
focusSearch();
unfoldForPrint();
new ResizeObserver(markWideEquations).observe(document.body);
document.fonts.ready.then(markWideEquations);
