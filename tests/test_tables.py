from html.parser import HTMLParser

import mistune
import pytest

from cnnkit._tables import Table

TABLE = Table(
    head=["layer", "kind", "n"],
    rows=[
        ["m:", "", ""],
        ["  c", "a|b", "1,000"],
        ["<d>", "*_`\\~", "7"],
        ["e\nf", "&amp;", "-"],
    ],
    note="<all> of 1 | 2",
    n_text_columns=2,
)
TEXT = """\
layer  kind       n
m:
  c    a|b    1,000
<d>    *_`\\~      7
e f    &amp;      -
<all> of 1 | 2"""


class Cells(HTMLParser):
    """The texts of a page's cells, row by row, and of its captions and paragraphs."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.notes, self.tag = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.tag = None

    def handle_data(self, data):
        if self.tag in ("th", "td"):
            self.rows[-1][-1] += data
        if self.tag in ("caption", "p"):
            self.notes.append(data)


def read(page):
    return Cells(page).rows, Cells(page).notes


def with_em_spaces(table):
    lines = [table.head, *table.rows]
    return [[cell.replace("  ", "\u2003") for cell in line] for line in lines]


def test_text():
    assert TABLE.as_text() == TEXT
    assert Table(["a"], [["long"]], "x", 0).as_text() == "   a\nlong\nx"


def test_html_shows_each_cell_as_it_is():
    rows, notes = read(TABLE.as_html())
    assert rows == with_em_spaces(TABLE) and notes == [TABLE.note]


def test_markdown_shows_each_cell_as_it_is():
    page = mistune.create_markdown(escape=False, plugins=["table"])(TABLE.as_markdown())
    rows, notes = read(page)
    expected = with_em_spaces(TABLE)
    expected[-1][0] = "e f"
    assert rows == expected and notes == [TABLE.note]
    assert TABLE.as_markdown().splitlines()[3] == "| :-- | :-- | --: |"


def test_rows_of_another_length():
    with pytest.raises(ValueError, match="longer|shorter"):
        Table(["a", "b"], [["c"]], "", 1).as_text()
