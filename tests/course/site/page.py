"""What is in a page: its links, its anchors, its pictures, and what else it loads."""

import functools
from html.parser import HTMLParser


class Page(HTMLParser):
    """The parts of a page, as they stand in it.

    Attributes:
        links, loaded: What the page leads to, and what it shows or runs: the addresses.
        anchors: What links may lead to in it.
        pictures, frames: The attributes of each.
        texts: From a tag to the texts in it.
    """

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], {""}
        self.pictures, self.frames, self.texts, self.inside = [], [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.inside.append(tag)
        self.anchors |= {found.get("id"), found.get("name")} - {None}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif "href" in found:
            self.loaded.append(found["href"])
        if "src" in found:
            self.loaded.append(found["src"])
        self.pictures += [found] * (tag == "img")
        self.frames += [found] * (tag == "iframe")

    def handle_data(self, data):
        if self.inside:
            self.texts.setdefault(self.inside[-1], []).append(data)


@functools.cache
def read(path):
    return Page(path.read_text("utf-8"))
