"""llms.txt: what there is on the site, for programs that read it."""

import re
from html import unescape

from making.links import ROOT

PARTS = {"notebooks": "Chapters", "guides": "Guides", "reference": "Reference", "": "More"}


def text(site):
    """The contents of llms.txt for a built site: its pages, each with its title."""
    lines = ["# cnnkit: convolutional networks in Jupyter notebooks", ""]
    lines.append(f"> {summary()}")
    pages = {page.relative_to(site): title(page) for page in sorted(site.glob("**/*.html"))}
    for part, name in PARTS.items():
        own = [page for page in pages if part_of(page) == part and pages[page]]
        lines += ["", f"## {name}", ""] * bool(own)
        lines += [f"- [{pages[page]}]({page.as_posix()})" for page in own]
    return "\n".join(lines) + "\n"


def summary():
    """The first paragraph of the README."""
    return " ".join((ROOT / "README.md").read_text("utf-8").split("\n\n")[1].split())


def part_of(page):
    return page.parts[0] if page.parts[0] in PARTS else ""


def title(page):
    """The first heading of a page of the site; "" of what has none."""
    found = re.search(r"<h1>(.*?)<a class=\"headerlink\"", page.read_text("utf-8"), re.S)
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""
