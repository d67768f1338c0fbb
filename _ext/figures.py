"""Ship figures as lossless WebP, half of PNG, and tell the browser their size.

With a size the text does not jump while the figures load.
"""

from pathlib import Path

from docutils import nodes
from imagesize import get as size_of
from PIL import Image
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.writers.html5 import HTML5Translator


class WebP(ImageConverter):
    """Converts every PNG of a page, although browsers would take it as it is."""

    def match(self, node: nodes.image) -> bool:
        """Return whether `node` is a PNG on a page."""
        return self.app.builder.format == "html" and node["uri"].endswith(".png")

    def get_conversion_rule(self, node: nodes.image) -> tuple[str, str]:
        """Return the only rule; Sphinx looks for one to a type that it knows better."""
        return "image/png", "image/webp"

    def convert(self, _from: str, _to: str) -> bool:
        """Write `_to`, unless the last build did."""
        source, target = Path(_from), Path(_to)
        made = target.exists() and target.stat().st_mtime > source.stat().st_mtime
        if not made:
            with Image.open(source) as figure:
                figure.save(target, lossless=True, method=6)
        return True


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write the image as Sphinx does, with its width and height in pixels."""
    width, height = size_of(Path(self.builder.srcdir, node["uri"]))
    HTML5Translator.visit_image(self, node)
    if width > 0:
        size = f'<img decoding="async" width="{width}" height="{height}" '
        self.body[-1] = self.body[-1].replace("<img ", size, 1)


def depart_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write nothing more."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the converter and the visitor."""
    app.add_post_transform(WebP)
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
