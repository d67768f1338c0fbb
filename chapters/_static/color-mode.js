// Runs before the first paint. The theme sets the colors after the page is read, and
// until then a reader who wants dark pages would see a white one.
{
  const root = document.documentElement;
  const mode = localStorage.getItem("mode") || "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.mode = mode;
  root.dataset.theme = mode !== "auto" ? mode : dark ? "dark" : "light";
}
