"""The landing page, with its cards, and the tables of contents of the whole site."""

import importlib
import json
import re
from pathlib import Path
from string import Template

from cnnkit.exercises._exercise import Exercise
from making.links import ROOT, repository

MINUTES = re.compile(r"\*\*Time\*\*\s+–\s+(\d+) min reading \+ (\d+) min exercises")
NO_ADDRESS = " from where you have this site (it was built before the repository had an address)"
EXPLORER = """## Walk through a network

Point at any number of any map and see how it is made. Draw on the picture, and see what the
answer becomes. This page was written by `explore.explore(model, images)` for a small network that
reads digits; it needs neither Python nor a network connection.
[In a window of its own](_static/explorer/digits.html){.external}, or
[the network of notebook 2](_static/explorer/animals.html){.external}.

<iframe class="explorer" src="_static/explorer/digits.html" loading="lazy"
title="The explorer: a network for digits"></iframe>
"""
INSTRUCTORS = """# For instructors

For each notebook: its goals, its times, where students stumble and what helps, what to ask them,
and what may be left out.

```{toctree}
:maxdepth: 1

$pages
```
"""


def write_front(folder, notebooks, titles, options):
    """Write the landing page and the pages that only lead to others."""
    guides = sorted(path.stem for path in folder.glob("guides/*.md"))
    (folder / "instructors.md").write_text(instructors(folder), "utf-8")
    more = {
        "Guides": guide_pages(guides) + ["compatibility"] * (folder / "compatibility.md").exists(),
        "The package": [] if options.no_reference else ["reference/index"],
        "To look up": ["glossary", "cheat_sheet", "instructors", "citing", "CHANGELOG"],
    }
    page = Template((ROOT / "docs/theme/landing.md").read_text("utf-8")).substitute(
        explorer="" if options.epub else EXPLORER,
        first=notebooks[0].name,
        n_exercises=n_exercises(),
        cards="\n\n".join(card(book, titles[book.name], folder) for book in notebooks),
        repository=f" ([{repository()}]({repository()}))" if repository() else NO_ADDRESS,
        troubleshooting=help_page(guides),
        chapters="\n".join(f"notebooks/{book.stem}" for book in notebooks),
        more="\n\n".join(contents(name, pages) for name, pages in more.items() if pages),
    )
    if options.no_reference:
        page = re.sub(r"\[([^\]]+)\]\(reference/index\)(\{\.button\})?", r"\1", page)
    (folder / "index.md").write_text(page, "utf-8")


def contents(name, pages):
    """A part of the table of contents."""
    listed = "\n".join(pages)
    return f"```{{toctree}}\n:hidden:\n:caption: {name}\n\n{listed}\n```"


def guide_pages(guides):
    """The guides as they are listed: first the page that says which one answers what."""
    named = [f"guides/{name}" for name in guides if name != "index"]
    return ["All guides <guides/index>"] * ("index" in guides) + named


def help_page(guides):
    """A sentence that leads to the guide for what goes wrong, where there is one."""
    if "troubleshooting" not in guides:
        return ""
    guide = "[Troubleshooting](guides/troubleshooting.md)"
    return f"Something goes wrong? {guide} lists the messages, and what to do. "


def instructors(folder):
    """The page that leads to those for instructors."""
    pages = sorted(f"instructors/{path.stem}" for path in folder.glob("instructors/*.md"))
    return Template(INSTRUCTORS).substitute(pages="\n".join(pages))


def n_exercises():
    """How many exercises there are."""
    names = [path.stem for path in (ROOT / "cnnkit/exercises").glob("nb*.py")]
    modules = [importlib.import_module(f"cnnkit.exercises.{name}") for name in names]
    return sum(isinstance(thing, Exercise) for module in modules for thing in vars(module).values())


def card(notebook, title, folder):
    """The card of a chapter: a picture of it, its title, what one can do after it, its minutes."""
    content = json.loads((folder / "notebooks" / notebook.name).read_text("utf-8"))
    opening = "".join(content["cells"][0]["source"])
    found = MINUTES.search(opening)
    minutes = f"{found[1]} + {found[2]} minutes" if found else ""
    aim = next(part for part in opening.split("\n\n")[1:] if part.startswith(("After", "In ")))
    lines = [f":::{{grid-item-card}} {title}", f":link: notebooks/{notebook.stem}"]
    lines += [":link-type: doc", ":class-card: chapter"]
    picture = fair_picture(content, folder)
    if picture:
        lines += [f":img-top: {picture[0]}", f":img-alt: {picture[1]}"]
    return "\n".join([*lines, "", aim, "", minutes, ":::"])


def fair_picture(content, folder):
    """The last picture of a chapter that has the shape of a card; None without one."""
    pages = [
        "".join(output["data"]["text/html"])
        for cell in content["cells"]
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    pattern = r'<img class="figure" src="\.\./([^"]+)" alt="([^"]*)" width="(\d+)" height="(\d+)"'
    found = [match.groups() for page in pages for match in re.finditer(pattern, page)]
    fair = [image for image in found if 1.2 < int(image[2]) / int(image[3]) < 2.6]
    return (Path(fair[-1][0]).as_posix(), fair[-1][1]) if fair else None
