"""The pages that are written by hand: guides, pages for instructors, the change log, and others."""

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


def write_texts(folder, pages):
    """Copy the pages, with links that lead to `pages` of the site, and the pictures."""
    for file in files():
        place = folder / place_of(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(as_pages((ROOT / file).read_text("utf-8"), file, pages), "utf-8")
    images = folder / "images"
    images.mkdir(exist_ok=True)
    for picture in [*ROOT.glob("docs/images/*.png"), *ROOT.glob("data/*.jpg")]:
        shutil.copy(picture, images)
