"""The address of the repository, and links of the course's files as links between pages."""

import os
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s#]+)(#[^)\s]*)?\)")


def repository():
    """The address of the repository; "" while it has none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    address = project["urls"]["Repository"]
    return "" if "/OWNER/" in address else address


def place_of(file):
    """Where a file of the repository lies among the sources of the site; None if nowhere."""
    parts = file.parts
    if parts[0] == "notebooks" or file.name == "CHANGELOG.md":
        return file
    if parts[0] == "docs" and file.suffix in (".md", ".png"):
        return Path(*parts[1:])
    if parts[0] == "data" and file.suffix == ".jpg":
        return Path("images", file.name)
    return None


def as_pages(text, file, pages):
    """Markdown whose links to files of the repository lead to pages, or to the repository.

    Args:
        text: The Markdown.
        file: The file it is from, a path from the root of the repository.
        pages: The sources of the site that there are, as paths.
    """

    def leads_to(found):
        shown, target, anchor = found[1], found[2], found[3] or ""
        if "/OWNER/" in target:  # the repository has no address yet
            return shown.strip("![]")
        if re.match(r"[a-z]+:", target):
            return found[0]
        wanted = Path(os.path.normpath(file.parent / target))
        place = place_of(wanted) if wanted.parts[0] != ".." else None
        if place and (place in pages or place.suffix in (".png", ".jpg")):
            here = place_of(file).parent
            return f"{shown}({Path(os.path.relpath(place, here)).as_posix()}{anchor})"
        if repository() and (ROOT / wanted).exists():
            return f"{shown}({repository()}/blob/main/{wanted.as_posix()}{anchor})"
        return shown.strip("![]")

    return LINK.sub(leads_to, text)
