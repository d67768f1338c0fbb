"""Cut the theme's icon fonts down to the icons of this book.

The theme also has the icons as a script, 540 kB when compressed; `pages` leaves it out.
"""

import re
from pathlib import Path

from fontTools import subset
from sphinx.application import Sphinx

STYLES = "_static/styles/pydata-sphinx-theme.css"
FONTS = "_static/vendor/fontawesome/webfonts"
RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
VARIABLE = re.compile(r'--pst-icon-[\w-]+:"(.)"')


def characters(styles: str, pages: str) -> set[int]:
    """Return the code points of the icons that pages name, or that styles draw."""
    used = set(re.findall(r"\bfa-[\w-]+", pages))
    drawn = {ord(character) for character in VARIABLE.findall(styles)}
    named = {
        int(code, 16)
        for selectors, code in RULE.findall(styles)
        if used & set(re.findall(r"fa-[\w-]+", selectors))
    }
    return drawn | named | {0xF107}  # the theme's arrow of a closed box


def cut_fonts(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the fonts of the built site."""
    if exception or app.builder.format != "html":
        return
    root = Path(app.outdir)
    sources = [*root.glob("*.html"), *root.glob("*/*.html"), *root.glob("_static/*.js")]
    pages = "\n".join(path.read_text() for path in sources)
    wanted = characters((root / STYLES).read_text(), pages)
    options = subset.Options(flavor="woff2", layout_features=[])
    for path in (root / FONTS).glob("*.woff2"):
        font = subset.load_font(path, options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=wanted)
        cutter.subset(font)
        subset.save_font(font, path, options)


def setup(app: Sphinx) -> dict[str, bool]:
    """Run when the theme's files are in place."""
    app.connect("build-finished", cut_fonts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
