"""Check that every entry of _toc.yml became a page, with its title and alt texts."""

import json
import re
import sys
from html import unescape
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"


def main() -> None:
    """Name every page with a fault; exit 1 if there is one."""
    documents = list(parse_toc_yaml(ROOT / "_toc.yml"))
    faults = [f"  {doc}: {fault}" for doc in documents if (fault := fault_of(doc))]
    if faults:
        sys.exit("Faults in _build/html:\n" + "\n".join(faults))
    print(f"\n{len(documents)} pages. Open {HTML / 'index.html'} or run `make serve`.")


def fault_of(document: str) -> str:
    """Return what is wrong with the page of `document`, or nothing."""
    page = HTML / f"{document}.html"
    if not page.exists():
        return "no page"
    html = page.read_text()
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)
    shown = re.sub(r"<[^>]*>", "", unescape(heading.group(1))) if heading else ""
    wanted = title_of(document)
    if words(wanted) not in words(shown):
        return f"shows {shown!r}, not {wanted!r}"
    images = re.findall(r"<img [^>]*>", html)
    silent = [tag for tag in images if not re.search(r'alt="[^"]* [^"]*"', tag)]
    return f"no alternative text: {silent[0]}" if silent else ""


def title_of(document: str) -> str:
    """Return the first level-1 heading of the source of `document`."""
    source = ROOT / f"{document}.md"
    if source.exists():
        text = source.read_text()
    else:
        notebook = json.loads(source.with_suffix(".ipynb").read_text())
        cells = (c for c in notebook["cells"] if c["cell_type"] == "markdown")
        text = "\n".join("".join(cell["source"]) for cell in cells)
    return re.search(r"^# (.+)$", text, re.M).group(1)


def words(text: str) -> str:
    """Return the letters and digits of `text`, in lower case."""
    return re.sub(r"\W", "", text).lower()


if __name__ == "__main__":
    main()
