"""Build without the garbage collector, which would take a third of the time.

The pages are trees of very many small objects that live until the build ends. The
collector looks at all of them again and again, and finds next to nothing to free.
"""

import gc

from sphinx.application import Sphinx


def resume(app: Sphinx, exception: Exception | None) -> None:
    """Let the collector work again."""
    gc.enable()


def setup(app: Sphinx) -> dict[str, bool]:
    """Stop the collector until the build has ended."""
    gc.disable()
    app.connect("build-finished", resume)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
