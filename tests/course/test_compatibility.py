"""docs/guides/which_models.md: which tool takes which model, found by trying each with each."""

import dataclasses
import inspect
import traceback
from pathlib import Path

import pytest
from model_kinds import KINDS, functional
from tool_checks import TOOLS, multiply_adds

import cnnkit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/guides/which_models.md"
TOOLS_TITLE = "## The tools"  # from here on the page is made


def sentence(error):
    """What a tool says as it refuses; an error that is no sentence of the package goes on."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    own = Path(last).is_relative_to(Path(cnnkit.__file__).parent)
    text = " ".join(str(error).split())
    if not own or not isinstance(error, ValueError | TypeError | RuntimeError):
        raise error
    if "Received:" not in text or "Exception encountered" in text:
        raise error
    return text


def attempt(check, kind, names=()):
    """Whether a tool works with some of the arguments it needs; and a remark, or why it refuses."""
    try:
        return True, check(kind, **{name: kind.needed[name] for name in names}) or ""
    except (ValueError, TypeError, RuntimeError) as error:
        return False, sentence(error)


def cell(check, kind):
    """`(word, note)`, of which the note may be empty."""
    works, text = attempt(check, kind)
    if works:
        return ("knows a part", f"It {text}.") if text else ("works", "")
    taken = [name for name in kind.needed if name in inspect.signature(check).parameters]
    for names in [[name] for name in taken] + [taken] * (len(taken) > 1):
        works, remark = attempt(check, kind, names)
        if works:
            arguments = " and ".join(f"`{name}=`" for name in names)
            remark = f", {remark}" if remark else ""
            return "needs an argument", f"With {arguments}{remark}; without: {text}"
        text = remark
    return "refuses", text


def table(kinds, notes):
    """The lines of one table; notes of their own kind are added to the list."""
    lines = [f"| | {' | '.join(kind.title for kind in kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for name, check in TOOLS.items():
        words = []
        for kind in kinds:
            try:
                word, note = cell(check, kind)
            except Exception as error:
                error.add_note(f"This was {name} with the model {kind.title!r}.")
                raise
            if note and note not in notes:
                notes.append(note)
            words.append(f"{word} ({notes.index(note) + 1})" if note else word)
        lines.append(f"| {name} | {' | '.join(words)} |")
    return lines


def in_a_line(name):
    """What a tool does, by its own docstring."""
    path, *others = name.split(", ")
    room, function = path.split(".")
    text = inspect.getdoc(getattr(getattr(cnnkit, room), function)).partition("\n\n")[0]
    return f"- *{', '.join([path, *others])}*: {' '.join(text.split())}"


def page(introduction):
    parts, notes = [introduction.strip(), TOOLS_TITLE, "\n".join(map(in_a_line, TOOLS))], []
    for heading, builders in KINDS.items():
        kinds = [build() for build in builders]
        described = [f"- *{kind.title}*: {kind.description}." for kind in kinds]
        parts += [f"## {heading}", "\n".join(described), "\n".join(table(kinds, notes))]
    numbered = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n\n".join([*parts, "## Notes", "\n".join(numbered)]) + "\n"


@pytest.mark.usefixtures("slow_proof")
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
def test_the_page_says_what_the_tools_do():
    found = PAGE.read_text(encoding="utf-8")
    made = page(found.partition(TOOLS_TITLE)[0])
    if found != made:
        PAGE.write_text(made, encoding="utf-8")
        pytest.fail(
            f"{PAGE.name} was out of date and has been written anew: look at the difference"
        )


def from_elsewhere(kind):
    raise ValueError("`inputs` must be something else. Received: a shape")


def wrong(kind):
    multiply_adds(dataclasses.replace(kind, products=2 * kind.products))


@pytest.mark.parametrize(
    "check, kind_of_error", [(from_elsewhere, ValueError), (wrong, AssertionError)]
)
def test_what_is_wrong_or_comes_from_elsewhere_is_no_cell(check, kind_of_error):
    with pytest.raises(kind_of_error):
        cell(check, functional())
