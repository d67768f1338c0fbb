"""How others meet the book: descriptions, a card, and links to where it lives.

In ``_config.yml``, ``repository.url`` turns on the buttons that edit a page, report a
fault or run a chapter elsewhere; ``html.baseurl`` turns on what needs a full address.
"""

import re
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from docutils import nodes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sphinx.application import Sphinx
from sphinx.config import Config

from normlib.plots import COLORS

CARD = "_static/card.png"
CARD_TEXT = (
    "The title of the book above four grids of samples by channels, colored by which "
    "squares share a mean: columns, rows, half rows, single squares."
)
FRONT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta http-equiv="refresh" content="0; url={page}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body><main><h1>{title}</h1><p><a href="{page}">Open the book</a></p></main></body>
</html>
"""


def turn_on_links(app: Sphinx, config: Config) -> None:
    """Show the theme's buttons once a repository is named."""
    options = config.html_theme_options
    if options.get("repository_url"):
        for button in ("repository", "edit_page", "issues"):
            options[f"use_{button}_button"] = True
        options["launch_buttons"] = {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        }


def first_sentence(doctree: nodes.document) -> str:
    """Return the first sentence of a page that has no formula, or nothing."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.Structural):
            text = " ".join(paragraph.astext().split())
            for sentence in re.split(r"(?<=[.?]) ", text):
                if len(sentence) > 40 and not re.search(r"[\\_^]", sentence):
                    return sentence
    return ""


def describe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add what search engines and messengers show of a page."""
    title = re.sub("<[^>]*>", "", context.get("title", ""))
    about = first_sentence(doctree) if doctree else ""
    about = about or f"{title}, a page of the book {app.config.html_title}."
    tags = {"og:type": "article", "og:site_name": app.config.html_title}
    tags |= {"og:title": title, "og:description": about}
    if context.get("pageurl"):
        tags["og:url"] = context["pageurl"]
        tags["og:image"] = f"{app.config.html_baseurl.rstrip('/')}/{CARD}"
        tags["og:image:alt"] = CARD_TEXT
        tags["twitter:card"] = "summary_large_image"
    lines = [f'<meta name="description" content="{escape(about)}">']
    for key, value in tags.items():
        lines.append(f'<meta property="{key}" content="{escape(value)}">')
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def draw_card(title: str, path: Path) -> None:
    """Draw the picture that messengers show beside a link, 1200 by 630 pixels."""
    sample, channel = np.mgrid[:4, :6]
    shared = (channel, sample, 2 * sample + channel // 3, 6 * sample + channel)
    colors = list(dict.fromkeys(COLORS.values()))
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    figure.text(0.5, 0.78, title, size=38, ha="center", wrap=True)
    for place, groups in enumerate(shared):
        ax = figure.add_axes((0.06 + 0.225 * place, 0.2, 0.2, 0.4))
        for row, column in np.ndindex(4, 6):
            color = colors[groups[row, column] % len(colors)]
            ax.add_patch(Rectangle((column, 3 - row), 0.86, 0.86, color=color))
        ax.set(xlim=(0, 6), ylim=(0, 4), aspect="equal")
        ax.axis("off")
    figure.savefig(path, metadata={"Software": None})


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Draw the card, and lead from the root of the site to the first page."""
    if exception or app.builder.format != "html":
        return
    title, page = app.config.html_title, f"{app.config.root_doc}.html"
    draw_card(title, Path(app.outdir, CARD))
    if page != "index.html":
        front = FRONT.format(title=escape(title), page=page)
        Path(app.outdir, "index.html").write_text(front)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the steps; ours writes the front page before another extension does."""
    app.connect("config-inited", turn_on_links)
    app.connect("html-page-context", describe)
    app.connect("build-finished", finish, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
