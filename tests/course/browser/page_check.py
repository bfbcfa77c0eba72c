"""What a page with an executed notebook must have. Each check returns a list of complaints."""

import re

from playwright.sync_api import expect

NO_WORDS = ("", "No description has been provided for this image")


def formula_faults(page):
    """Formulas are typeset, none stands there as TeX, when MathJax has had its time."""
    texts = page.locator(".jp-MarkdownOutput")
    for _ in range(50):
        complaints = re.findall(r"\$.+\$|\\(?:frac|sum)\b.*", "\n".join(texts.all_inner_texts()))
        if not texts.locator("mjx-container").count():
            complaints.append("no formula")
        if not complaints:
            break
        page.wait_for_timeout(100)
    return complaints


def pictures(page):
    """The pictures of a notebook's texts, outputs and animations; not those of JupyterLab."""
    places = [page.locator(".jp-Cell"), *page.frames[1:]]
    return [picture for place in places for picture in place.locator("img").all()]


def picture_faults(page):
    """There are pictures, and all can be seen."""
    width = "picture => picture.decode().then(() => picture.naturalWidth, () => 0)"
    broken = [p.get_attribute("src")[:80] for p in pictures(page) if not p.evaluate(width)]
    return broken if pictures(page) else ["no picture"]


def alt_faults(page):
    """Each picture is said in words too, and not in the words that nbconvert has for all."""
    words = [(picture.get_attribute("alt") or "").strip() for picture in pictures(page)]
    return [f"alt of picture {n}: {said}" for n, said in enumerate(words) if said in NO_WORDS]


def host_faults(page):
    """Nothing is asked of another host."""
    return page.foreign


def animation_faults(page):
    """The first animation has a button that can be seen, and that moves its picture."""
    frame = page.frame_locator("iframe[srcdoc]").first
    play, picture = frame.get_by_role("button", name="Play", exact=True), frame.locator("img")
    complaints = [] if play.inner_text().strip() else ["the button shows nothing"]
    before = picture.get_attribute("src")
    play.click()
    try:
        expect(picture).not_to_have_attribute("src", before)
    except AssertionError:
        complaints.append("the picture does not move")
    return complaints


CHECKS = [formula_faults, picture_faults, alt_faults, host_faults]
