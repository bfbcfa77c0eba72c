"""llms.txt: what there is on the site, for programs that read it."""

import re
from html import unescape

from making.links import ROOT

LEFT_OUT = ("search",)
PARTS = {"notebooks": "Chapters", "guides": "Guides", "reference": "Reference", "": "More"}


def text(site):
    """The contents of llms.txt for a built site: its pages, each with its title."""
    lines = ["# cnnkit: convolutional networks in Jupyter notebooks", ""]
    lines.append(f"> {summary()}")
    pages = [page.relative_to(site) for page in sorted(site.glob("**/*.html"))]
    pages = [page for page in pages if page.parts[0][0] != "_" and page.stem not in LEFT_OUT]
    for part, name in PARTS.items():
        own = [page for page in pages if part_of(page) == part]
        lines += ["", f"## {name}", ""] * bool(own)
        lines += [f"- [{title(site / page)}]({page.as_posix()})" for page in own]
    return "\n".join(lines) + "\n"


def summary():
    """The first paragraph of the README."""
    return " ".join((ROOT / "README.md").read_text("utf-8").split("\n\n")[1].split())


def part_of(page):
    """The part in which a page is listed."""
    return page.parts[0] if len(page.parts) > 1 and page.parts[0] in PARTS else ""


def title(page):
    """The title of a page, without that of the site behind it."""
    found = re.search(r"<title>(.*?)</title>", page.read_text("utf-8"), re.S)
    return unescape(found[1]).rpartition(" — ")[0].strip()
