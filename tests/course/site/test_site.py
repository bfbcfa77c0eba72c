"""The built part of the site: whole, for everybody, and asking nothing of any other host."""

import hashlib
import importlib
import re
import xml.dom.minidom
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from page import read

from cnnkit._places import data_folder

ROOT = Path(__file__).resolve().parents[3]
PHOTOS = data_folder()
ROOMS = "data exercises explain explore geometry layers models reference study viz".split()


def pages(folder, ending="html"):
    """The pages of the site, without those that are shown in a frame."""
    return [page for page in sorted(folder.glob(f"**/*.{ending}")) if "_static" not in page.parts]


def broken_links(folder, page):
    """What a page leads to or loads in the site, and is not there."""
    broken = []
    for address in [*read(page).links, *read(page).loaded]:
        parts = urlsplit(address)
        if parts.scheme or address.startswith("//"):
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        anchor = unquote(parts.fragment)
        if not target.is_relative_to(folder.resolve()) or not target.is_file():
            broken.append(f"{page.relative_to(folder)} → {address}")
        elif anchor and target.suffix in (".html", ".xhtml") and anchor not in read(target).anchors:
            broken.append(f"{page.relative_to(folder)} → {address}: no such anchor")
    return broken


def test_all_links_hold(site):
    found = pages(site)
    assert len(found) > 150
    assert [fault for page in found for fault in broken_links(site, page)] == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#x">x</a> <img src="c.png">', "utf-8")
    (tmp_path / "b.html").write_text('<p id="y">', "utf-8")
    assert len(broken_links(tmp_path, tmp_path / "a.html")) == 2
    (tmp_path / "b.html").write_text('<p id="x">', "utf-8")
    (tmp_path / "c.png").write_text("x", "utf-8")
    read.cache_clear()
    assert broken_links(tmp_path, tmp_path / "a.html") == []


@pytest.mark.parametrize("what", ["site", "book"])
def test_every_picture_is_said_in_words(what, request):
    folder = request.getfixturevalue(what)
    shown = [(page, read(page)) for page in [*pages(folder), *pages(folder, "xhtml")]]
    pictures = [(page.name, picture) for page, parts in shown for picture in parts.pictures]
    assert len(pictures) > 10
    silent = [(name, p["src"]) for name, p in pictures if len(p.get("alt", "").split()) < 2]
    assert silent == []
    frames = [frame for _, parts in shown for frame in parts.frames]
    assert all(frame["title"] for frame in frames) and bool(frames) == (what == "site")


def test_nothing_is_loaded_from_elsewhere(site):
    """Neither by a page, nor by what it loads; a browser test opens some of them."""
    for page in site.glob("**/*.html"):
        assert [a for a in read(page).loaded if urlsplit(a).netloc] == [], page
    for style in site.glob("**/*.css"):
        assert not re.search(r"(?:url\(|@import )['\"]?(?:https?:)?//", style.read_text("utf-8")), (
            style
        )


def test_pages_tell_nothing_of_the_machine(site):
    for page in pages(site):
        assert str(ROOT) not in page.read_text("utf-8"), page


def test_a_chapter_has_its_parts(site):
    chapter = (site / "notebooks/02_convolution.html").read_text("utf-8")
    parts = read(site / "notebooks/02_convolution.html")
    titles = [text.strip() for text in parts.texts["p"] + parts.texts["span"]]
    n_exercises = len(re.findall(r"<h3>Exercise 2\.\d+", chapter))
    assert n_exercises > 8 and titles.count("Solution") == n_exercises
    assert sum(title.startswith("Proof: ") for title in titles) > 20
    assert "Not attempted yet" not in chapter and "hint()" not in chapter
    assert "Toggle hidden content" not in chapter  # as the name of all proofs
    assert any(link.endswith("02_convolution.ipynb") for link in parts.links)
    assert len(parts.frames) >= 3  # animations, and the explorer
    assert any("mathjax" in address for address in parts.loaded) and "<math" not in chapter


def test_the_reference_has_every_public_name(site):
    for room in ROOMS:
        names = importlib.import_module(f"cnnkit.{room}").__all__
        overview = (site / f"reference/{room}/index.html").read_text("utf-8")
        for name in names:
            page = (site / f"reference/{room}/{name}.html").read_text("utf-8")
            assert f'id="cnnkit.{room}.{name}"' in page and "viewcode-link" in page, name
            assert f'href="{name}.html"' in overview, name


def test_the_glossary_leads_to_where_terms_are_explained(site):
    links = [link for link in read(site / "glossary.html").links if "#term-" in link]
    assert len(links) > 20
    assert "notebooks/02_convolution.html#term-02-stride" in links


def test_llms_txt_names_the_pages(site):
    text = (site / "llms.txt").read_text("utf-8")
    places = re.findall(r"\]\(([^)]+)\)", text)
    assert text.startswith("# cnnkit") and len(places) > 150
    assert all((site / place).is_file() for place in places)
    assert "[grad_cam](reference/explain/grad_cam.html)" in text


def test_the_book_is_well_formed(book):
    read_aloud = [*book.glob("**/*.xhtml"), *book.glob("*.opf"), *book.glob("*.ncx")]
    assert len(read_aloud) > 20
    for file in read_aloud:
        xml.dom.minidom.parse(str(file))
    chapter = (book / "notebooks/02_convolution.xhtml").read_text("utf-8")
    assert "<math" in chapter and "<script" not in chapter and "<iframe" not in chapter


@pytest.mark.parametrize("what", ["site", "book"])
def test_none_of_the_photos_is_published(what, request):
    if not PHOTOS:
        pytest.skip("CNNKIT_DATA is not set")
    kept = {digest(path) for path in PHOTOS.glob("cats_vs_dogs/**/*.*") if path.is_file()}
    assert len(kept) > 100
    folder = request.getfixturevalue(what)
    assert not kept & {digest(path) for path in folder.glob("**/*.*") if path.is_file()}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
