"""The built book: its folder, its pages, and the ways in which they are looked at."""

from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent.parent
HTML = ROOT / "_build" / "html"
DOCUMENTS = list(parse_toc_yaml(ROOT / "_toc.yml"))
CHAPTERS = [doc for doc in DOCUMENTS if (ROOT / f"{doc}.ipynb").exists()]
PAGES = [f"{doc}.html" for doc in [*DOCUMENTS, "search"]]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
