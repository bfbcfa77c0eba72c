"""Pictures and animations in the HTML of a cell's output, as files of the site."""

import base64
import hashlib
import html
import re

PICTURE = re.compile(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]*)"([^>]*)>')
FRAME = re.compile(r'<iframe ([^>]*?)srcdoc="([^"]*)"([^>]*)>.*?</iframe>', re.S)
TITLE = re.compile(r'title="([^"]*)"')


def as_files(page, folder, up="..", *, for_book=False):
    """HTML whose pictures and animations are files, not text within it.

    Args:
        page: The HTML of a cell's output.
        folder: Where the sources of the site lie: the files go into its `_static`.
        up: The way from the page to that folder.
        for_book: Whether it is for a book, in which nothing plays: the first picture stays.
    """

    def file(kind, content, ending):
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
        place = folder / "_static" / kind / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return f"{up}/_static/{kind}/{name}"

    def picture(found):
        data, alt, rest = found.groups()
        place = file("pictures", base64.b64decode(data), "png")
        return f'<img class="figure" src="{place}" alt="{alt}"{rest.rstrip(" /")} loading="lazy" />'

    def frame(found):
        start, inner, rest = found.groups()
        place = file("frames", html.unescape(inner).encode(), "html")
        return f'<iframe {start}src="{place}"{rest} loading="lazy"></iframe>'

    if for_book:
        page = FRAME.sub(_standing, page)
    return PICTURE.sub(picture, FRAME.sub(frame, page))


def _standing(found):
    """What a book shows of an animation, or of another page within a page."""
    image = re.search(r'<img id="picture" src="([^"]+)" alt="([^"]*)"', html.unescape(found[2]))
    if not image:
        return f"<p>{TITLE.search(found[1])[1]}: it can be used on the site.</p>"
    return f'<img src="{image[1]}" alt="{image[2]}"><p>On the site this picture moves.</p>'
