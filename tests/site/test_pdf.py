"""The PDF of the book, from three of its pages: contents, bookmarks, links, text."""

import pdf
import pytest
from built import DOCUMENTS
from pypdf import PdfReader, PdfWriter

pytestmark = pytest.mark.xdist_group("pdf")  # one process prints
PRINTED = [DOCUMENTS[0], "chapters/inference", "chapters/notation"]
CONFIG = {"title": "A book", "author": "Its authors", "copyright": "2026"}


@pytest.fixture(scope="module")
def paper(browser, site, tmp_path_factory) -> PdfReader:
    """Return the PDF of a part of the book, written and read again."""
    book = pdf.assemble(PRINTED, CONFIG)
    page = browser.new_page(base_url=site)
    pdf.number_contents(book, pdf.printed(page, book))
    writer: PdfWriter = pdf.finish(pdf.printed(page, book), book, CONFIG)
    page.close()
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    writer.write(file)
    return PdfReader(file)


@pytest.fixture(scope="module")
def texts(paper) -> list[str]:
    return [" ".join(sheet.extract_text().split()) for sheet in paper.pages]


def test_bookmarks_name_the_chapters_and_lead_to_them(paper, texts):
    chapters = [entry for entry in paper.outline if not isinstance(entry, list)]
    titles = [chapter.title for chapter in chapters]
    assert titles[0] == "Contents"
    assert any(title.endswith(". Inference: which statistics?") for title in titles)
    assert len(titles) == 1 + len(PRINTED)
    for chapter in chapters:
        text = texts[paper.get_destination_page_number(chapter)]
        assert chapter.title.split()[-1] in text


def test_contents_name_the_page_of_each_chapter(paper, texts):
    contents = "".join("".join(texts[1:3]).split())
    for chapter in paper.outline[1:]:
        if not isinstance(chapter, list):
            page = paper.get_destination_page_number(chapter) + 1
            assert f"{''.join(chapter.title.split())}{page}" in contents


def test_no_page_is_blank(paper, texts):
    blank = [
        number
        for number, (sheet, text) in enumerate(zip(paper.pages, texts, strict=True), 1)
        if len(text) < 20 and not sheet.images
    ]
    assert blank == []
    assert len(texts) > 15


def test_each_link_within_the_printed_pages_is_one_in_the_pdf(paper):
    notes = [a.get_object() for sheet in paper.pages for a in sheet.get("/Annots", [])]
    found = {note["/Dest"] for note in notes if "/Dest" in note}
    book = pdf.assemble(PRINTED, CONFIG)
    anchors = {element["id"] for element in book(id=True)}
    links = book.select("a[href^='#']:not(.headerlink)")
    wanted = {f"/{a['href'][1:]}" for a in links if a["href"][1:] in anchors}
    assert wanted <= found
    assert len(wanted) > 30
    outside = [note["/A"]["/URI"] for note in notes if "/A" in note]
    assert [uri for uri in outside if "127.0.0.1" in uri] == []


def test_solutions_and_equations_are_readable_as_text(texts):
    whole = "".join("".join(texts).split())
    assert "Solutionto" in whole
    assert "γ" in whole


def test_it_is_tagged_and_says_what_it_is(paper):
    assert paper.metadata.title == CONFIG["title"]
    assert paper.metadata.author == CONFIG["author"]
    root = paper.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
