"""The file of a study: a table in CSV, one number a row."""

import csv
import io
from pathlib import Path

from cnnkit._places import write_whole

_COLUMNS = ["variant", "seed", "metric", "value", "settings"]


def read_study(path):
    """Read `(rows, settings)` of a `Study` from a file that `write_study` wrote.

    Where the last line was cut off, the last run is dropped, as it may lack metrics.

    Raises:
        ValueError: If the file is another.
    """
    text = Path(path).read_text(encoding="utf-8")
    records = list(csv.reader(io.StringIO(text, newline="")))
    if records and not text.endswith("\n"):
        records.pop()
        records = [record for record in records if record[:2] != records[-1][:2]]
    try:
        if records[:1] not in ([], [_COLUMNS]):
            raise ValueError("its first line is another")
        rows = [(r[0], int(r[1]), r[2], float(r[3])) for r in records[1:]]
        return rows, {record[0]: record[4] for record in records[1:]}
    except (ValueError, IndexError) as error:
        raise ValueError(
            f"`path` must be a file that `run_study` wrote ({error}). Received: path={path!r}"
        ) from error


def write_study(path, rows, settings):
    """Replace the file at once: an interruption leaves the old one or the new one."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([*row, settings[row[0]]] for row in rows)
    write_whole(path, text.getvalue().encode())
