"""Execute the notebooks in parallel before the book is read, and only when needed.

Jupyter Book caches executed notebooks, but looks at their source alone. Here a change
in normlib, in the measured results, in the pinned versions or in Python empties that
cache.
"""

import logging
import shutil
from pathlib import Path

from fingerprint import fingerprint
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

# Everything outside a notebook that can change its results.
FOLDERS = ("normlib/**", "benchmarks", "claims", "clinic", "examples")
CODE = [f"{folder}/*.{kind}" for folder in FOLDERS for kind in ("py", "json")]


def run_notebooks(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Fill the cache that myst-nb reads; stop the build if a notebook fails."""
    folder = Path(env.mystnb_config.execution_cache_path)
    stamp = folder / "fingerprint"
    wanted = fingerprint(Path(app.srcdir), *CODE, "constraints.txt")
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
    cache = get_cache(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)

    sources = [Path(env.doc2path(name)) for name in docnames]
    notebooks = [str(path) for path in sources if path.suffix == ".ipynb"]
    for path in notebooks:
        cache.add_nb_to_project(path)
    progress = logging.getLogger("notebooks")
    progress.setLevel(logging.INFO)  # the executor says what it runs, and what fails
    executor = load_executor("local-parallel", cache, logger=progress)
    result = executor.run_and_cache(
        filter_uris=notebooks, timeout=env.mystnb_config.execution_timeout
    )
    failed = sorted(result.excepted + result.errored)
    if failed:
        names = ", ".join(Path(path).name for path in failed)
        raise ExtensionError(f"execution failed, see the traceback above: {names}")


def setup(app: Sphinx) -> dict[str, bool]:
    """Run before any document is read."""
    app.connect("env-before-read-docs", run_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
