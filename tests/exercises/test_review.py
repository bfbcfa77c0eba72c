"""Which questions come, and when they come back."""

import json
import re
import sys
from pathlib import Path

import pytest

from cnnkit.exercises import nb01, nb01b, nb02, nb03, nb07, review
from cnnkit.exercises._memory import answered, recall
from cnnkit.exercises._questions import QUESTIONS
from cnnkit.exercises._review import LONGEST, _count, due_questions

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def at_notebook_3(clock):
    """Notebook 2 was worked on before notebook 1, and today the student is at notebook 3."""
    for exercise in (nb02.output_size, nb01.overflow, nb03.pooled_shape):
        answered(exercise, False)
        clock.wait(days=1)


def names(notebook):
    return [name for name in QUESTIONS if name.partition(".")[0] == notebook]


def right_letters(asked):
    return [QUESTIONS[name].right for name in asked]


def records():
    return json.loads(Path(".cnnkit_progress.json").read_text(encoding="utf-8"))["questions"]


@pytest.mark.usefixtures("at_notebook_3")
def test_three_questions_those_longest_ago_first(capsys):
    assert due_questions(recall()) == names("nb02") + names("nb01")
    capsys.readouterr()
    review()
    out = capsys.readouterr().out
    assert 'exercises.review("a", "b", "c")' in out and len(re.findall(r"\n\d\. ", out)) == 3
    for name in names("nb02")[:3]:
        for text in (QUESTIONS[name].text, *QUESTIONS[name].choices):
            assert text in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 90


@pytest.mark.usefixtures("at_notebook_3")
def test_what_is_right_comes_back_later_than_what_is_wrong(clock, capsys):
    first, second, third = names("nb02")[:3]
    review()
    capsys.readouterr()
    review(QUESTIONS[first].right.upper(), *wrong(second, third))
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"1. Right, {QUESTIONS[first].right}: ")
    assert f"2. Not {wrong(second)[0]}, but {QUESTIONS[second].right}: " in "\n".join(out)
    for name in (first, second, third):
        assert QUESTIONS[name].why in " ".join(" ".join(out).split())
    days = {name: record["days"] for name, record in records().items()}
    assert days == {first: 3, second: 1, third: 1}
    later = due_questions(recall())
    assert not {first, second, third} & set(later)
    clock.wait(days=1)
    assert set(due_questions(recall())) - set(later) == {second, third}
    assert due_questions(recall())[-2:] == [second, third], "all others were seen longer ago"
    clock.wait(days=2)
    assert first in due_questions(recall())


def wrong(*asked):
    return ["b" if QUESTIONS[name].right == "a" else "a" for name in asked]


def test_the_days_grow_with_each_right_answer_and_shrink_with_a_wrong_one(clock):
    name, kept, days = names("nb02")[0], {}, []
    for is_right in (True, True, True, False, *[True] * 7):
        letter = QUESTIONS[name].right if is_right else wrong(name)[0]
        _count(kept, {name: letter}, clock())
        days.append(kept[name]["days"])
        clock.wait(days=days[-1])
    assert days == [3, 9, 27, 1, 3, 9, 27, 81, 243, LONGEST, LONGEST]
    assert (kept[name]["right"], kept[name]["wrong"]) == (10, 1)


@pytest.mark.usefixtures("at_notebook_3")
def test_only_the_first_answer_counts(capsys):
    review()
    asked = names("nb02")[:3]
    review(*wrong(*asked))
    before = records()
    review(*right_letters(asked))
    assert "1. Right" in capsys.readouterr().out and records() == before


@pytest.mark.usefixtures("at_notebook_3")
def test_answers_that_were_there_before_a_restart_do_not_count(capsys):
    review("a", "b", "c")
    out = capsys.readouterr().out
    assert "1. (Notebook 2)" in out and "once more" in out and records() == {}


@pytest.mark.usefixtures("at_notebook_3")
def test_answers_of_yesterday_do_not_count_until_the_questions_are_shown(clock):
    review()
    asked = names("nb02")[:3]
    review(*wrong(*asked))
    clock.wait(days=1)
    before = records()
    review(*right_letters(asked))
    assert records() == before
    review()
    review("".join(right_letters(due_questions(recall())[:3])))
    assert records() != before


@pytest.mark.usefixtures("at_notebook_3")
def test_a_clock_that_was_ahead_keeps_no_question(clock):
    clock.wait(days=3650)
    asked = due_questions(recall())[:3]
    review()
    review(*wrong(*asked))
    clock.wait(days=-3650)
    assert set(asked) < set(due_questions(recall()))
    _count(kept := records(), dict.fromkeys(asked, "a"), clock())
    assert {kept[name]["asked_at"] for name in asked} == {clock()}


@pytest.mark.usefixtures("at_notebook_3")
@pytest.mark.parametrize("answers", [["bac"], ["b a c"], ["B, A, C"], [["b", "a", "c"]], "bac"])
def test_letters_can_stand_in_one_text_or_list(answers, capsys):
    review()
    capsys.readouterr()
    review(*answers)
    out = " ".join(capsys.readouterr().out.split())
    told = re.findall(r"(\d)\. (?:Right, |Not )(.)", out)
    assert told == [("1", "b"), ("2", "a"), ("3", "c")] and len(records()) == 3


@pytest.mark.usefixtures("at_notebook_3")
@pytest.mark.parametrize(
    "answers", [("a",), "ab", "abca", ("a", "b", "e"), ("a", "b", ""), ("ab", 2, 3), (None,), ([],)]
)
def test_answers_that_are_no_letters_are_told(answers, capsys):
    review()
    capsys.readouterr()
    review(*answers)
    assert capsys.readouterr().out == (
        "Not yet: write the letter of one choice for each of the questions, as in "
        f'exercises.review("a", "b", "c"). Received: {", ".join(map(repr, answers))}\n'
    )
    assert records() == {}
    review("a", "b", "c")
    assert len(records()) == 3, "the first answer that can be read counts"


@pytest.mark.usefixtures("at_notebook_3")
def test_when_nothing_is_due_it_says_when(clock, capsys):
    while asked := due_questions(recall())[:3]:
        review()
        review(*right_letters(asked))
    capsys.readouterr()
    review()
    assert capsys.readouterr().out == "No question is due. The next one comes on 8 March 2026.\n"
    clock.wait(days=3)
    assert set(due_questions(recall())) == {*names("nb01"), *names("nb02")}


def test_there_are_no_questions_on_the_first_notebook_yet(clock, capsys):
    for _ in range(2):
        review()
        expected = "No question is due: the first ones come when you begin the next notebook.\n"
        assert capsys.readouterr().out.endswith(expected)
        answered(nb01.overflow, False)


def test_the_notebook_that_is_open_has_begun(monkeypatch):
    assert due_questions(recall()) == []
    monkeypatch.setattr(sys.modules["__main__"], "nb02", nb02, raising=False)
    assert due_questions(recall()) == names("nb01"), "though nothing has been tried in notebook 2"


def test_where_nothing_is_remembered_it_asks_on_several_notebooks(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "nb03", nb03, raising=False)
    first = [names("nb02")[0], names("nb01")[0], names("nb02")[1], names("nb01")[1]]
    assert due_questions(recall())[:4] == first


def test_the_last_notebook_has_its_turn_after_a_week(clock):
    answered(nb07.head_parameters, False)
    assert not set(due_questions(recall())) & set(names("nb07"))
    clock.wait(days=7)
    assert set(names("nb07")) < set(due_questions(recall()))


@pytest.mark.usefixtures("at_notebook_3")
def test_a_notebook_that_may_be_skipped_has_its_turn_if_it_was_begun():
    assert not set(due_questions(recall())) & set(names("nb01b"))
    answered(nb01b.cell_means, False)
    assert set(names("nb01b")) < set(due_questions(recall()))


def test_works_of_unknown_notebooks_count_for_nothing():
    answered(nb01.overflow, False)
    path = Path(".cnnkit_progress.json")
    path.write_text(path.read_text(encoding="utf-8").replace("nb01", "notes"), encoding="utf-8")
    assert due_questions(recall()) == []


def test_it_asks_where_nothing_is_remembered(monkeypatch, capsys):
    monkeypatch.setenv("CNNKIT_PROGRESS", "off")
    monkeypatch.setattr(sys.modules["__main__"], "nb02", nb02, raising=False)
    review()
    review(*right_letters(names("nb01")[:3]))
    assert "3. Right" in capsys.readouterr().out and list(Path().iterdir()) == []
