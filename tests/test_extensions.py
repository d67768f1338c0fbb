"""The Sphinx extensions of the book, each on a book of one page."""

import gc
import io
import sys
from types import ModuleType

import equations
import icons
import numpy as np
import pages
import pytest
import sharing
from bs4 import BeautifulSoup
from docutils.core import publish_doctree
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

SOME_THEME = {"html_theme": "basic"}
BOOK_THEME = {"html_theme": "sphinx_book_theme", "html_title": "A book"}


@pytest.fixture
def build(tmp_path):
    """Return a function that builds one page of Markdown with some extensions."""

    def run(text: str, extensions: list[str], **config: object) -> tuple[str, str]:
        source, site = tmp_path / "source", tmp_path / "site"
        source.mkdir(exist_ok=True)
        (source / "conf.py").touch()
        (source / "index.md").write_text(text)
        settings = {"extensions": ["myst_parser", *extensions]} | SOME_THEME | config
        settings["myst_enable_extensions"] = ["dollarmath", "amsmath"]
        warnings = io.StringIO()
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                *(source, source, site, tmp_path / "read", "html"),
                confoverrides=settings,
                status=None,
                warning=warnings,
            )
            app.build()
        return (site / "index.html").read_text(), warnings.getvalue()

    return run


@pytest.fixture
def picture(tmp_path) -> np.ndarray:
    """Return the pixels of a picture that a page can show as `picture.png`."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 4), dtype=np.uint8)
    (tmp_path / "source").mkdir()
    Image.fromarray(pixels).save(tmp_path / "source" / "picture.png")
    return pixels


class TestEquations:
    """Equations are set while the book is built, and broken ones stop it."""

    def test_right_ones_become_html_and_mathml(self, build):
        html, warnings = build("# T\n\n$\\sigma^2$\n\n$$ \\mu $$\n", ["equations"])
        assert warnings == ""
        assert html.count("<math") == 2
        assert html.count('class="katex-display"') == 1
        assert "tex-mml-chtml" not in html

    def test_numbers_and_references_agree(self, build):
        text = "# T\n\n$$ a $$ (eq-a)\n\n$$ b $$ (eq-b)\n\nSee {eq}`eq-b`.\n"
        page = BeautifulSoup(build(text, ["equations"])[0], "html.parser")
        shown = page.find(id="equation-eq-b").find(class_="eqno").text
        assert shown.startswith("(2)")
        assert page.find("a", href="#equation-eq-b", class_="reference").text == "(2)"

    @pytest.mark.parametrize("lines", ["a &= 1 \\\\ b &= 2", "a \\\\ b"])
    def test_lines_are_aligned(self, build, lines):
        html, warnings = build(f"# T\n\n$$\n{lines}\n$$\n", ["equations"])
        assert warnings == ""
        assert html.count("<mtr>") == 2

    @pytest.mark.parametrize("tex", [r"\frac{1", r"x^{2", r"\sgima", "x_1_2"])
    @pytest.mark.parametrize("dollars", ["$", "$$"])
    def test_broken_ones_are_named(self, build, tex, dollars):
        text = f"# T\n\nSome text.\n\n{dollars}{tex}{dollars}\n"
        _, warnings = build(text, ["equations"])
        assert "index.md:5: WARNING: KaTeX parse error" in warnings
        assert f"in: {tex}" in warnings

    def test_only_its_own_full_stop_is_kept_with_it(self, build):
        html, _ = build("# T\n\n*One*.\n**Two**, and $x$.\n", ["equations"])
        page = BeautifulSoup(html, "html.parser")
        assert "One.\nTwo, and" in page.text
        assert page.find(class_="unbroken").text.count(".") == 1

    def test_process_ends_with_the_build(self, build):
        build("# T\n\n$x$\n", ["equations"])
        assert equations.renderer.cache_info().currsize == 0


class TestFolds:
    """Boxes of class `dropdown` open without a script."""

    TEXT = (
        "# T\n\n````{admonition} Hint 1, see [here](#t)\n:class: dropdown hint\n"
        "First.\n\n```{admonition} Hint 2\n:class: dropdown\nSecond.\n```\n````\n"
    )

    def test_each_opens_within_the_one_before(self, build):
        html, _ = build(self.TEXT, ["folds"], myst_heading_anchors=1)
        outer = BeautifulSoup(html, "html.parser").find("details")
        assert outer.summary.text == "Hint 1, see here"
        assert outer["class"] == ["hint", "admonition"]
        assert not outer.has_attr("open")
        assert outer.find("details").summary.text == "Hint 2"
        assert "Second." in outer.find("details").text

    def test_a_click_on_a_title_opens_and_leads_nowhere_else(self, build):
        html, _ = build(self.TEXT, ["folds"], myst_heading_anchors=1)
        assert BeautifulSoup(html, "html.parser").summary.find("a") is None

    def test_other_boxes_stay(self, build):
        text = "# T\n\n```{admonition} Predict\n:class: tip\nGuess.\n```\n"
        assert "<details" not in build(text, ["folds"])[0]


def test_figures_lose_bytes_and_no_pixel(build, picture, tmp_path):
    html, _ = build("# T\n\n![A picture of noise](picture.png)\n", ["figures"])
    image = BeautifulSoup(html, "html.parser").find("img")
    assert (image["width"], image["height"]) == ("50", "30")
    assert image["alt"] == "A picture of noise"
    visible = picture[..., 3:] > 0
    with Image.open(tmp_path / "site" / image["src"]) as shipped:
        assert shipped.format == "WEBP"
        np.testing.assert_array_equal(visible * shipped, visible * picture)


def test_garbage_is_collected_after_the_build_and_not_within(build, monkeypatch):
    enabled = []
    spy = ModuleType("spy")
    spy.setup = lambda app: app.connect(
        "source-read", lambda *_: enabled.append(gc.isenabled())
    )
    monkeypatch.setitem(sys.modules, "spy", spy)
    build("# T\n", ["collector", "spy"])
    assert [*enabled, gc.isenabled()] == [False, True]


def test_fonts_keep_the_icons_that_pages_or_styles_name():
    styles = (
        '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}'
        '.fa-moon:before{content:"\\f186"}.fa-ship:before{content:"\\f21a"}'
        ':root{--pst-icon-bell:"\uf0f3"}'
    )
    kept = icons.characters(styles, '<i class="fa-solid fa-navicon"></i> fa-moons')
    assert kept == {0xF0C9, 0xF0F3, 0xF107}


class TestPages:
    """What a policy would block does not reach a page in silence."""

    def test_a_script_within_the_text_is_named(self, build):
        html = "<script>alert(1)</script>"
        _, warnings = build(f"# T\n\n{html}\n", ["pages"])
        assert "blocks this script in index: <script>alert(1)" in warnings

    @pytest.mark.parametrize(
        "html",
        [
            '<script src="a.js"></script>',
            "`<script>`",
            '<script type="application/json">{}</script>',
        ],
    )
    def test_others_are_not(self, build, html):
        assert build(f"# T\n\n{html}\n", ["pages"], **BOOK_THEME)[1] == ""

    @pytest.mark.parametrize("html", ["<script>x()</script>", "<b onclick='x()'>b</b>"])
    def test_what_a_template_writes_is_known_or_named(self, html, monkeypatch):
        named = []
        monkeypatch.setattr(pages, "warn_of", lambda what, html: named.append(what))
        page = BeautifulSoup(html, "html.parser")
        pages.replace_inline(page, {})
        assert len(named) == 1
        assert "x()" not in str(page) or page.script

    def test_every_page_states_the_policy_before_it_loads_anything(self, build):
        html, warnings = build("# T\n\nText.\n", ["pages"], **BOOK_THEME)
        assert warnings == ""
        head = BeautifulSoup(html, "html.parser").head.find_all(
            ["meta", "script", "link"]
        )
        assert head[1]["http-equiv"] == "Content-Security-Policy"
        assert "unsafe-inline" not in head[1]["content"].split("style-src")[0]

    def test_no_script_or_handler_stays_within_a_page(self, build):
        page = BeautifulSoup(build("# T\n", ["pages"], **BOOK_THEME)[0], "html.parser")
        assert page.find_all("script", src=False) == []
        assert page.find_all(onclick=True) == []
        assert page.find(attrs={"data-action": "fullscreen"}) is not None


class TestSharing:
    """A page is described, and the repository is named in one place."""

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("Short. A sentence that is long enough to describe a page. More.",
             "A sentence that is long enough to describe a page."),
            ("The variance :math:`\\sigma^2` of a batch is a number, no less. "
             "A sentence without a formula, and long enough, follows it.",
             "A sentence without a formula, and long enough, follows it."),
            ("Short.", ""),
        ],
    )  # fmt: skip
    def test_description_is_a_sentence_without_formula(self, text, sentence):
        doctree = publish_doctree(f"T\n=\n\nS\n-\n\n{text}\n")
        assert sharing.first_sentence(doctree) == sentence

    REPOSITORY = "https://github.com/example/book"

    @pytest.mark.parametrize("url", ["", REPOSITORY])
    def test_buttons_follow_from_the_name_of_a_repository(self, build, url):
        options = {"repository_url": url, "repository_branch": "main"}
        settings = BOOK_THEME | {"html_theme_options": options}
        html, warnings = build("# T\n\nText.\n", ["sharing"], **settings)
        assert warnings == ""
        for link in ("/edit/main/index.md", "/issues/new?"):
            assert (f"{self.REPOSITORY}{link}" in html) == bool(url)

    @pytest.mark.parametrize("url", ["", "https://example.org/book"])
    def test_address_of_the_site_turns_on_what_needs_it(self, build, url, tmp_path):
        settings = BOOK_THEME | {"html_baseurl": url}
        html, _ = build("# T\n\nText.\n", ["sharing"], **settings)
        for tag in ('rel="canonical"', 'property="og:image"', 'property="og:url"'):
            assert (tag in html) == bool(url)
        if url:
            assert f"{url}/_static/card.png" in html
        with Image.open(tmp_path / "site/_static/card.png") as card:
            assert card.size == (1200, 630)


class TestAudited:
    """A page lists the claims of the audit that link to it, and links back."""

    AUDIT = """---
orphan: true
---

# Audit

| Claim | Verdict | True | Where |
|---|---|---|---|
| "It has a $\\mu$." | wrong | No. | {ref}`sec-here` |
| Elsewhere | true | Yes. | {ref}`sec-audit` |
| Both | imprecise | Half. | {ref}`sec-audit`, {eq}`eq-here` |
| Both | true | Twice. | {eq}`eq-here` |

(sec-audit)=
## End
"""
    PAGE = "# T\n\n```{audited}\n```\n\n(sec-here)=\n## S\n\n$$ a $$ (eq-here)\n"

    @pytest.fixture
    def audit(self, tmp_path):
        """Return the folder of the book, with an audit in it."""
        folder = tmp_path / "source" / "chapters"
        folder.mkdir(parents=True)
        (folder / "audit.md").write_text(self.AUDIT)
        return folder

    def test_lists_its_claims_and_links_to_their_rows(self, build, audit, tmp_path):
        html, warnings = build(self.PAGE, ["audited"])
        assert warnings == ""
        links = BeautifulSoup(html, "html.parser").select(".audited a")
        assert [link.text for link in links] == ["wrong", "imprecise", "true"]
        page = (tmp_path / "site/chapters/audit.html").read_text()
        found = BeautifulSoup(page, "html.parser")
        for link in links:
            row = found.select_one(link["href"].removeprefix("chapters/audit.html"))
            assert row.name == "tr"
            assert link.text in row.text
        assert len({link["href"] for link in links}) == 3

    def test_title_counts_one_claim_as_one(self, build, audit):
        once = self.AUDIT.replace("{eq}`eq-here`", "{ref}`sec-audit`")
        (audit / "audit.md").write_text(once)
        html, _ = build(self.PAGE, ["audited"])
        assert "(one claim, with its verdict)" in html

    def test_warns_where_the_audit_says_nothing(self, build, audit):
        _, warnings = build("# Other\n\n```{audited}\n```\n", ["audited"])
        assert "links to nothing on this page" in warnings


class TestWraps:
    """A long name in a table may break, and stays one name."""

    def test_breaks_long_names_of_tables_only(self, build):
        name = "test_float32_variance_is_right"
        page = f"# T\n\n`{name}`\n\n| A | B |\n|---|---|\n| `{name}` | `batch_norm` |\n"
        html, warnings = build(page, ["wraps"])
        assert warnings == ""
        outside, inside, short = BeautifulSoup(html, "html.parser").select("code")
        assert [len(code.select("wbr")) for code in (outside, inside, short)] == [
            0,
            4,
            0,
        ]
        assert inside.text == outside.text == name
