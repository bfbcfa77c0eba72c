"""Executed notebooks as chapters: pictures as files, proofs folded, solutions behind a click."""

import importlib
import json
import re
from pathlib import Path

from cnnkit.exercises._exercise import NOT_ATTEMPTED
from making import glossary
from making.links import ROOT, as_pages, repository
from making.pictures import as_files

DRAWN = "drawn pets>"  # what the loader of photos says where there are none
NOTE = """
:::{note}
This page was made without photos and without the weights of ImageNet: its pets are drawn. In the
text, their numbers stand in [square brackets].
:::
"""
EXERCISE = re.compile(r"\b(nb\w+)\.(\w+)\.(?:check|show)\(")
HINTS = re.compile(r"(?m)^# nb\w+\.\w+\.(?:hint|solution|show)\(\)\n?")


def write_chapters(notebooks, folder, pages, *, for_book=False):
    """Write executed notebooks as sources of the site, and return the terms that they explain.

    Args:
        notebooks: The paths of executed notebooks.
        folder: Where the sources of the site lie.
        pages: All sources of the site, as paths from there.
        for_book: Whether it is for paper and e-books, where nothing plays and nothing unfolds.
    """
    terms = []
    for notebook in notebooks:
        content = json.loads(notebook.read_text("utf-8"))
        chapter = Chapter(notebook.name, folder, pages, for_book)
        if DRAWN in json.dumps(content["cells"]):
            chapter.note = NOTE
        content["cells"] = [new for cell in content["cells"] for new in chapter.cells(cell)]
        place = folder / "notebooks" / notebook.name
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(content), "utf-8")
        terms += chapter.terms
    return terms


class Chapter:
    """What a notebook's cells become on its page."""

    def __init__(self, name, folder, pages, for_book):
        self.name, self.folder, self.pages, self.for_book = name, folder, pages, for_book
        self.terms = []
        self.note = ""

    def cells(self, cell):
        """The cells for one of the notebook's: of an exercise also its hints and its solution."""
        if cell["cell_type"] == "markdown":
            return [cell | {"source": self.text("".join(cell["source"]))}]
        tags, source = cell["metadata"].get("tags", []), "".join(cell["source"])
        metadata = {"tags": tags}
        if "hide-input" in tags:
            title, _, source = source.removeprefix("# @title ").partition("\n")
            metadata["mystnb"] = {"code_prompt_show": title, "code_prompt_hide": title}
        outputs = [new for output in joined(cell["outputs"]) for new in self.output(output)]
        shown = cell | {"metadata": metadata, "source": source, "outputs": outputs}
        if "exercise" not in tags:
            return [shown]
        shown["source"] = HINTS.sub("", source).rstrip()
        return [shown, *(answers(*found) for found in dict.fromkeys(EXERCISE.findall(source)))]

    def text(self, source):
        """A text with its links, its terms, and at the top the ways to work with the notebook."""
        if source.startswith("# "):
            top = f"\n{self.ways()}\n{self.note}"
            source = re.sub(r"\n\[Open in Colab\]\(\S+\)\n", lambda _: top, source)
        source = as_pages(source, Path("notebooks", self.name), self.pages)
        return glossary.marked(source, self.name, self.terms)

    def ways(self):
        """The buttons under the title."""
        file = f"{{download}}`Download the notebook </originals/{self.name}>`"
        if not repository():
            return file
        place = repository().removeprefix("https://github.com/")
        colab = f"https://colab.research.google.com/github/{place}/blob/main/notebooks/{self.name}"
        return f"[Open in Colab]({colab}) · {file}"

    def output(self, output):
        """What is shown of an output: a list, empty where nothing is."""
        if output["output_type"] == "stream":
            if output["name"] == "stderr" and "/site-packages/" in "".join(output["text"]):
                return []  # a warning in the code of others
            text = as_read("".join(output["text"]))
            return [output | {"text": text}] if text.strip() else []
        data = output.get("data", {})
        if "text/html" not in data:
            return [] if any("widget" in kind for kind in data) else [output]
        page = as_files("".join(data["text/html"]), self.folder, for_book=self.for_book)
        return [output | {"data": {"text/html": page}, "metadata": {}}]


def joined(outputs):
    """Outputs of a cell: what it has printed in a row is one of them, as progress bars need."""
    whole = []
    for output in outputs:
        before = whole[-1] if whole else {"output_type": ""}
        same = ("output_type", "name")
        if "text" in output and all(output[key] == before.get(key) for key in same):
            text = "".join(before["text"]) + "".join(output["text"])
            whole[-1] = before | {"text": text}
        else:
            whole.append(output)
    return whole


def as_read(text):
    """What a reader sees of what a cell has printed: no progress bars, no paths of this machine.

    That nobody has answered an exercise goes without saying, and so does that there was no network.
    """
    lines = [line.rpartition("\r")[2].rstrip() for line in text.split("\n")]
    silent = (NOT_ATTEMPTED, "could not be downloaded")
    kept = [line for line in lines if not any(words in line for words in silent)]
    return "\n".join(kept).replace(f"{ROOT}/", "")


def answers(module, name):
    """A cell with the hints and the solution of an exercise, each behind a click."""
    exercise = getattr(importlib.import_module(f"cnnkit.exercises.{module}"), name)
    parts = [folded(f"Hint {n}", plain(hint)) for n, hint in enumerate(exercise.hints, start=1)]
    solution = f"````python\n{exercise.solution_text()}\n````\n\n{plain(exercise.note)}"
    parts.append(folded("Solution", solution.strip()))
    return {
        "cell_type": "markdown",
        "id": f"answers-{name}"[:64].replace("_", "-"),
        "metadata": {},
        "source": "\n\n".join(parts),
    }


def folded(title, text):
    kind = title.split()[0].lower()
    return f":::::{{dropdown}} {title}\n:class-container: answer {kind}\n\n{text}\n:::::"


def plain(text):
    """A text for a terminal as Markdown: its code stays code, all other signs are themselves."""
    parts = re.split(r"(`[^`]+`)", text)
    parts[::2] = [re.sub(r"([\\*_<>\[\]$#{}|~])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)
