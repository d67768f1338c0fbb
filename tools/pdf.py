"""Print the built book as one PDF, _build/pdf/normalization.pdf.

The articles of all pages become one document, so that the browser itself makes the
bookmarks, the links between chapters and the tags for screen readers. It prints twice:
the page numbers in the table of contents are read from the first print.
"""

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import yaml
from browser import launch
from bs4 import BeautifulSoup, Tag
from host import serve
from playwright.sync_api import Page
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Destination, NameObject, TextStringObject
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
PDF = ROOT / "_build" / "pdf" / "normalization.pdf"
PLACE = "chapters/print.html"  # where the document would lie; links start from there
LISTED = ["h1", "h2"]  # in the contents; the bookmarks have all headings
HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
FOOTER = """<div style="width: 100%; font: 8px sans-serif; text-align: center">
<span class="pageNumber"></span></div>"""


def main() -> None:
    """Print the book; say where the PDF is, and how large."""
    if not (HTML / "index.html").exists():
        sys.exit("No built book in _build/html: run `make book` first.")
    # It warns that the browser miscounts its objects; what is written here is right.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    book = assemble(list(parse_toc_yaml(ROOT / "_toc.yml")), config)
    with serve(HTML) as site, launch() as browser:
        page = browser.new_page(base_url=site, color_scheme="light")
        number_contents(book, printed(page, book))
        writer = finish(printed(page, book), book, config)
    PDF.parent.mkdir(parents=True, exist_ok=True)
    writer.write(PDF)
    print(f"{len(writer.pages)} pages, {PDF.stat().st_size / 1e6:.1f} MB: {PDF}")


def assemble(documents: list[str], config: dict) -> BeautifulSoup:
    """Return one document: a title page, the contents, the articles of all pages."""
    book = parsed(documents[0])
    articles = [article_of(document, documents) for document in documents]
    for script in book("script"):
        script.decompose()
    book.html["data-theme"] = "light"
    book.title.string = config["title"]
    book.body.clear()
    book.body["class"] = "bd-content printed-book"
    for part in (title_page(config), contents(articles), *articles):
        book.body.append(part)
    return book


def parsed(document: str) -> BeautifulSoup:
    """Return the built page of a document."""
    return BeautifulSoup((HTML / f"{document}.html").read_text(), "html.parser")


def article_of(document: str, documents: list[str]) -> Tag:
    """Return the text of a page, opened, its anchors unique in the whole book."""
    article = parsed(document).article
    for box in article("details"):
        box["open"] = ""
    for image in article("img"):
        image["src"] = urljoin(f"/{document}", image["src"])
        image.attrs.pop("loading", None)
    for element in article(id=True):
        if not element.find_parent("svg"):  # a drawing refers to its own parts
            element["id"] = anchor(document, element["id"])
    for link in article("a", href=True):
        lead_within_book(link, document, documents)
    article["id"] = anchor(document, "")
    return article


def anchor(document: str, name: str) -> str:
    """Return the name that an anchor of a page has in the whole book."""
    return f"{document.replace('/', '-')}--{name}"


def lead_within_book(link: Tag, document: str, documents: list[str]) -> None:
    """Make a link of a page lead to the same place in the whole book."""
    target = urlsplit(urljoin(f"/{document}.html", link["href"]))
    page = target.path.removeprefix("/").removesuffix(".html")
    if page in documents and not target.netloc:
        link["href"] = "#" + anchor(page, target.fragment)
    elif not target.netloc:  # a file beside the pages, which the PDF does not have
        del link["href"]


def title_page(config: dict) -> Tag:
    """Return the first sheet."""
    return BeautifulSoup(
        f'<header class="title-page"><p class="title">{config["title"]}</p>'
        f"<p>{config['author']}</p><p>{config['copyright']}. Text and figures: CC BY "
        "4.0. Code: MIT license.</p></header>",
        "html.parser",
    ).header


def contents(articles: list[Tag]) -> Tag:
    """Return a list of the chapters and their sections, page numbers left open."""
    nav = BeautifulSoup("<nav><h1>Contents</h1><ol></ol></nav>", "html.parser").nav
    for article in articles:
        for heading in article(LISTED):
            for sign in heading("a", class_="headerlink"):
                sign.decompose()
            section = heading.find_parent("section") or article
            line = BeautifulSoup(
                f'<li class="{heading.name}"><a href="#{section["id"]}"></a></li>',
                "html.parser",
            ).li
            line.a.extend([heading.get_text(), Tag(name="span")])
            nav.ol.append(line)
    return nav


def printed(page: Page, book: BeautifulSoup) -> PdfReader:
    """Return the PDF that the browser makes of the document."""
    page.route(f"**/{PLACE}", lambda route: route.fulfill(body=str(book)))
    page.goto(PLACE, wait_until="networkidle")
    paper = page.pdf(
        prefer_css_page_size=True,
        scale=0.85,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        tagged=True,
        outline=True,
    )
    return PdfReader(io.BytesIO(paper))


def number_contents(book: BeautifulSoup, paper: PdfReader) -> None:
    """Write into the contents on which page each of its lines is found."""
    pages = [
        paper.get_destination_page_number(entry) + 1
        for heading, entry in zip(book(HEADINGS), bookmarks(paper.outline), strict=True)
        if heading.name in LISTED
    ]
    for line, number in zip(book.nav("li"), pages[1:], strict=True):
        line.span.string = str(number)


def bookmarks(outline: list) -> Iterator[Destination]:
    """Yield each bookmark of a nested list, in the order of the pages."""
    for entry in outline:
        if isinstance(entry, list):
            yield from bookmarks(entry)
        else:
            yield entry


def finish(paper: PdfReader, book: BeautifulSoup, config: dict) -> PdfWriter:
    """Return the PDF with what readers and catalogs look for."""
    for heading, entry in zip(book(HEADINGS), bookmarks(paper.outline), strict=True):
        text = " ".join(heading.get_text().split())
        if not heading.find(class_="katex"):  # the browser joins words at a line's end
            entry.node[NameObject("/Title")] = TextStringObject(text)
    writer = PdfWriter(clone_from=paper)
    writer.add_metadata({"/Title": config["title"], "/Author": config["author"]})
    return writer


if __name__ == "__main__":
    main()
