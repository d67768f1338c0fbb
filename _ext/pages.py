"""What goes around the text of a page: its policy and its scripts.

Every page carries a Content-Security-Policy that allows only the site itself. The theme
and its extensions write scripts into the page, which such a policy blocks; here they
are left out, and what a reader would miss is in ``color-mode.js`` and ``page.js``.
"""

import re
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.jinja2glue import BuiltinTemplateLoader
from sphinx.util import logging

LOG = logging.getLogger(__name__)

# WebAssembly is Python in the page; `style` is set by KaTeX, data frames, the editor.
# A worker made from a blob is bound by this policy; one from a file would not be.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src blob:; form-action 'self'; base-uri 'none'"
)

# Files that nothing on a page needs: icons are a font, boxes fold by themselves, and
# code runs in the page, not on a server.
UNUSED = re.compile(r"fontawesome\.js|togglebutton\.|sphinx-thebe\.")
UNREAD = re.compile(rf"{UNUSED.pattern}|\.map$|\.ttf$|/locales/.*\.[mp]o$")

# How each script within a page begins, and which file does its work.
INLINE = {
    "document.documentElement.dataset": "color-mode.js",
    "// Activate the search field": "page.js",
    "DOCUMENTATION_OPTIONS.pagename": "",  # for a menu of versions
    "let toggle": "",  # for togglebutton.js
    "var togglebutton": "",
    "const THEBE_JS_URL": "",  # for sphinx-thebe.js
}

ACTIONS = {"window.print()": "print", "toggleFullScreen()": "fullscreen"}

THEBE = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName.*?</script>',
    re.DOTALL,
)

# A script that is written into the text, but not data for a script of the site.
SCRIPT = re.compile(r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>[^<]*")

BODY = "<!-- the text of the page -->"


class Pages(BuiltinTemplateLoader):
    """Renders a page with the theme's templates and cleans what they wrote."""

    def render(self, template: str, context: dict[str, Any]) -> str:
        """Return the page; parts of a page, which come here too, stay as they are."""
        body = THEBE.sub("", context.get("body", ""))
        html = super().render(template, context | {"body": BODY} if body else context)
        if "<html" not in html:
            return html.replace(BODY, body)
        if found := SCRIPT.search(body):
            warn_of(f"script in {context['pagename']}", found.group())
        page = BeautifulSoup(html, "html.parser")
        leave_out_unused(page)
        replace_inline(page, context)
        state_policy(page)
        page.html["data-theme"] = "light"  # "auto" has no colors before scripts run
        return str(page).replace(BODY, body)


def leave_out_unused(page: BeautifulSoup) -> None:
    """Remove files that no page needs; let the others not hold up the text."""
    for tag in page(["script", "link"]):
        if UNUSED.search(tag.get("src") or tag.get("href") or ""):
            tag.decompose()
        elif tag.get("src"):
            tag["defer"] = ""
    for double in page("meta", attrs={"name": "viewport"})[1:]:
        double.decompose()
    for icon in page("i"):
        icon["aria-hidden"] = "true"


def replace_inline(page: BeautifulSoup, context: dict[str, Any]) -> None:
    """Remove scripts and handlers that the policy would block; warn of unknown ones."""
    for script in page("script", src=False):
        known = [start for start in INLINE if script.text.strip().startswith(start)]
        if not known:
            warn_of("script of a template", script)
        elif INLINE[known[0]] == "color-mode.js":
            path = context["pathto"]("_static/color-mode.js", 1)
            script.replace_with(page.new_tag("script", src=path))
        else:
            script.decompose()
    for button in page(onclick=True):
        action = ACTIONS.get(button.attrs.pop("onclick"))
        if action is None:
            warn_of("button of a template", button)
        button["data-action"] = action or ""
        button["class"] = [*button.get("class", []), "pst-js-only"]


def warn_of(what: str, html: object) -> None:
    """Warn of something that would not work in a reader's browser."""
    text = "the Content-Security-Policy (_ext/pages.py) blocks this %s: %s"
    LOG.warning(text, what, str(html)[:200])


def state_policy(page: BeautifulSoup) -> None:
    """Write the policy before anything that it is about."""
    policy = {"http-equiv": "Content-Security-Policy", "content": POLICY}
    page.head.find("meta", charset=True).insert_after(
        page.new_tag("meta", attrs=policy)
    )


def remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Remove what extensions have copied and no page loads, for a smaller download."""
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir, "_static").rglob("*"):
        if UNREAD.search(path.as_posix()):
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Render pages here, and add what replaces the scripts within them."""
    app.config.template_bridge = "pages.Pages"
    app.add_js_file("page.js")
    app.connect("build-finished", remove_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
