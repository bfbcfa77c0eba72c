"""The pages that are written by hand: guides, pages for instructors, the change log, and others."""

import re
import shutil

from making.links import ROOT, as_pages, place_of

HAND_WRITTEN = ["docs/*.md", "docs/guides/*.md", "docs/instructors/*.md", "CHANGELOG.md"]


def files():
    """The files of the hand-written pages, as paths from the root of the repository."""
    found = [path for pattern in HAND_WRITTEN for path in sorted(ROOT.glob(pattern))]
    return [path.relative_to(ROOT) for path in found]


def places():
    """Where their sources lie among those of the site."""
    return {place_of(file) for file in files()}


def write_texts(folder, pages, names):
    """Copy the pages, with links that lead to `pages` of the site, and the pictures.

    Args:
        folder: Where the sources of the site lie.
        pages: All of them, as paths from there.
        names: From a public name to its place in the reference, such as `explain/grad_cam`.
    """
    for file in files():
        place = folder / place_of(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        text = as_pages((ROOT / file).read_text("utf-8"), file, pages)
        if file.parent.name == "guides" and names:
            text = with_reference(text, names)
        place.write_text(text, "utf-8")
    images = folder / "images"
    images.mkdir(exist_ok=True)
    for picture in [*ROOT.glob("docs/images/*.png"), *ROOT.glob("data/*.jpg")]:
        shutil.copy(picture, images)


def with_reference(text, names):
    """A guide in which a public name in code leads to its page, once in each section."""
    known = set()

    def leads_to(found):
        if found[0].startswith("#"):  # a heading: the next section is read by itself
            known.clear()
        name = (found[1] or "").rpartition(".")[2]
        if name not in names or name in known:
            return found[0]
        known.add(name)
        return f"[`{found[1]}`](../reference/{names[name]}.rst)"

    return re.sub(r"(?s)```.*?```|\[[^\]]*\]\(|(?m:^#[^\n]*$)|`([\w.]+)`", leads_to, text)
