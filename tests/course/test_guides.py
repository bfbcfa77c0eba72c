"""The code of the guides, run from the top of each page to its end, and what it says there.

A block of text after a block of code is an error that the code raises if it begins with the name of
one, and else what it prints; an ellipsis stands for anything. A block of text that follows no code
is a message that stands in the source, as what `course.py` says.
"""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path.read_text("utf-8") for path in (ROOT / "course.py", *ROOT.glob("cnnkit/**/*.py"))]
GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))
ERROR = re.compile(r"[A-Z]\w*(Error|Warning): ")


def blocks(page):
    """Pairs of code and the text below it; either may be empty."""
    found = re.split(r"(?sm)^```(python|text)\n(.*?)^```$", page)
    pairs = []
    for text, kind, content in zip(found[::3], found[1::3], found[2::3], strict=False):
        if kind == "python":
            pairs.append([content, ""])
        elif pairs and not text.strip() and not pairs[-1][1]:
            pairs[-1][1] = content
        else:
            pairs.append(["", content])
    return pairs


def in_a_line(text):
    return " ".join(text.split())


def fits(shown, text):
    """Whether what came is what a block shows, but for line breaks and what an ellipsis leaves."""
    parts = [re.escape(part.strip()) for part in in_a_line(shown).split("…")]
    return bool(re.fullmatch(".*?".join(parts), in_a_line(text)))


def run(page, sources=()):
    names = {"__name__": "__main__"}
    for code, shown in blocks(page):
        if not code:
            assert any(stands_in(shown, source) for source in sources), shown
        elif ERROR.match(shown):
            with pytest.raises(Exception) as caught:
                exec(compile(code, "<guide>", "exec"), names)
            said = f"{type(caught.value).__name__}: {caught.value}"
            assert fits(shown, said), said
        else:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(code, "<guide>", "exec"), names)
            said = re.sub(r"[^\n]*\r", "", printed.getvalue())  # without progress bars
            assert not shown or fits(shown, said), said


def stands_in(shown, source):
    """Whether the parts of a text between its ellipses stand in the source, all of them."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    texts = [in_a_line(text) for text in texts if isinstance(text, str)]
    parts = [part.strip(" .:") for part in in_a_line(shown).split("…")]
    return all(any(part in text for text in texts) for part in parts)


@pytest.mark.usefixtures("slow_proof", "few_pets")
@pytest.mark.parametrize(
    "guide",
    [path for path in GUIDES if path.stem != "tour"],  # its examples stand alone: test_readme
    ids=lambda path: path.stem,
)
def test_the_code_of_a_guide_runs_and_says_what_it_shows(guide):
    run(guide.read_text("utf-8"), SOURCES)


def dead_links(page, folder):
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    return [link for link in links if not (folder / link).exists()]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_the_links_of_a_guide_lead_somewhere(guide):
    assert not dead_links(guide.read_text("utf-8"), guide.parent)
    assert dead_links("[a guide](of_nothing.md)", guide.parent)


RIGHT = "```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n"


@pytest.mark.parametrize(
    "old, new",
    [
        ("2\n", "3\n"),
        ("print(1 + 1)", "print(one)"),
        ("2\n", "ValueError: 2\n"),
        ("```python\nprint(1 + 1)\n```", ""),
    ],
)
def test_what_is_wrong_is_found(old, new):
    run(RIGHT)
    with pytest.raises((AssertionError, NameError, pytest.fail.Exception)):
        run(RIGHT.replace(old, new), ["'4'"])
