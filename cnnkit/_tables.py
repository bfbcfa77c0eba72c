"""A table of texts, shown as text, as HTML and as Markdown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

INDENT = "  "


@dataclass(frozen=True)
class Table:
    """Rows of texts under a head.

    Attributes:
        head: The titles of the columns.
        rows: For each row its cells, as many as there are titles. Two spaces at the beginning of a
            cell indent it.
        note: A sentence about the table: below the text, above the others.
        n_text_columns: How many columns from the left hold words, which begin at the left. The
            others hold numbers, which end at the right.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str
    n_text_columns: int

    def as_text(self):
        """Columns as wide as their longest cell."""
        lines = [[_one_line(cell) for cell in line] for line in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = ["  ".join(self._padded(line, widths)).rstrip() for line in lines]
        return "\n".join([*texts, self.note])

    def as_html(self):
        """A `<table>` with its note as the caption; nothing in a cell is taken for HTML."""
        head = "".join(f"<th>{escape(title)}</th>" for title in self.head)
        rows = ["".join(f"<td>{_html(cell)}</td>" for cell in row) for row in self.rows]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return (
            f"<table><caption>{escape(self.note)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def as_markdown(self):
        """The note and a table as GitHub reads it; nothing in a cell is taken for Markdown."""
        marks = [":--" if i < self.n_text_columns else "--:" for i in range(len(self.head))]
        lines = [map(_markdown, self.head), marks, *(map(_markdown, row) for row in self.rows)]
        return "\n".join([_markdown(self.note), "", *(f"| {' | '.join(line)} |" for line in lines)])

    def _padded(self, cells, widths):
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            yield cell.ljust(width) if i < self.n_text_columns else cell.rjust(width)


class ShownAsTable:
    """A result that prints as the `Table` of its `_table()`, in a notebook as one of HTML."""

    def __repr__(self):
        return self._table().as_text()

    def _repr_html_(self):
        return self._table().as_html()

    def _repr_markdown_(self):
        return self._table().as_markdown()


def _html(text):
    return escape(text).replace(INDENT, "&emsp;")


def _markdown(text):
    return re.sub(r"([\\`*_|~])", r"\\\1", _html(_one_line(text)))


def _one_line(text):
    return " ".join(text.splitlines())
