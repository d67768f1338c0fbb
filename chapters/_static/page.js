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

/** Show in the results of a search each equation once, and no labels of boxes. */
function cleanSearchResults() {
  if (typeof Search === "undefined") return;
  const { htmlToText } = Search;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const doubles = ".katex-html, annotation, summary, .live-progress";
    for (const element of page.querySelectorAll(doubles)) element.remove();
    return htmlToText(page.documentElement.outerHTML, anchor);
  };
}

/** Let the keyboard reach, and so scroll, what is wider than its column. */
function markWide() {
  const scrollers = ".katex-display, .bd-content figure:has(> img)";
  for (const element of document.querySelectorAll(scrollers)) {
    const wide = element.scrollWidth > element.clientWidth;
    element.toggleAttribute("tabindex", wide);
    if (wide) element.tabIndex = 0;
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
document.addEventListener("DOMContentLoaded", cleanSearchResults);
new ResizeObserver(markWide).observe(document.body);
document.fonts.ready.then(markWide);
