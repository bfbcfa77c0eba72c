"""The file of a student's progress: what stands in it, and what may happen to it."""

import copy
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from cnnkit.exercises import _memory, nb02
from cnnkit.exercises._exercise import Value

FILE = Path(".cnnkit_progress.json")
AT_NINE = "2026-03-02T09:00:00+00:00"
AT_TEN = "2026-03-02T10:00:00+00:00"

pytestmark = pytest.mark.usefixtures("clock")


def written():
    return json.loads(FILE.read_text(encoding="utf-8"))


def state(name="nb01.overflow"):
    return written()["exercises"][name]["state"]


def test_the_file_has_states_counts_and_times_and_nothing_else(clock, exercise, other):
    exercise.check(260)
    other.solution()
    clock.wait(hours=1)
    exercise.hint()
    exercise.check(4)
    assert written() == {
        "version": 1,
        "exercises": {
            "nb01.overflow": {
                **{"state": "solved", "tries": 2, "hints": 1},
                **{"first_at": AT_NINE, "last_at": AT_TEN},
                **{"solved_at": AT_TEN, "solution_at": None},
            },
            "nb02.output_size": {
                **{"state": "solution seen", "tries": 0, "hints": 0},
                **{"first_at": AT_NINE, "last_at": AT_NINE},
                **{"solved_at": None, "solution_at": AT_NINE},
            },
        },
        "questions": {},
    }


def test_the_docstring_shows_a_file_that_can_be_read(exercise):
    shown = _memory.__doc__[_memory.__doc__.index("{") : _memory.__doc__.rindex("}") + 1]
    FILE.write_text(shown, encoding="utf-8")
    assert _memory.recall() == json.loads(shown)
    exercise.check(260)
    exercise.check(4)
    work, example = written()["exercises"]["nb01.overflow"], json.loads(shown)["exercises"]
    assert [*work] == [*example["nb02.output_size"]]


def test_what_is_solved_stays_as_it_is(clock, exercise):
    exercise.check(4)
    before = FILE.read_bytes()
    clock.wait(hours=1)
    for step in (lambda: exercise.check(5), exercise.hint, exercise.solution):
        step()
        assert FILE.read_bytes() == before


def test_a_stub_is_no_try(exercise):
    exercise.check(...)
    nb02.output_size.check(lambda *arguments: ...)
    assert not FILE.exists()


def test_a_solution_that_was_seen_can_be_forgotten(clock, exercise):
    exercise.solution()
    exercise.check(4)
    assert state() == "solution seen", "it was copied"
    clock.wait(hours=23)
    exercise.check(...)
    exercise.check(4)
    assert state() == "solution seen"
    clock.wait(hours=1)
    exercise.check(4)
    assert state() == "solution seen", "the notebook was run again"
    exercise.check(...)
    assert state() == "tried"
    exercise.check(4)
    assert state() == "solved"


def test_a_clock_that_was_ahead_spoils_no_exercise(clock, exercise):
    clock.wait(days=3650)
    exercise.solution()
    clock.wait(days=-3650)
    exercise.check(...)
    exercise.check(4)
    assert state() == "solved"


def test_a_hint_that_is_read_twice_counts_once(exercise):
    for number in (1, 2, 1):
        _memory.hint_read(exercise, number)
    assert written()["exercises"]["nb01.overflow"]["hints"] == 2


def test_hints_that_were_read_are_there_after_a_restart(capsys, exercise):
    restarted, updated = copy.copy(exercise), copy.copy(exercise)
    exercise.hint()
    exercise.check(5)
    exercise.hint()
    capsys.readouterr()
    restarted.hint()
    assert re.findall("Hint .", capsys.readouterr().out) == ["Hint 1", "Hint 2"]
    restarted.check(6)
    restarted.hint()
    assert re.findall("Hint .", capsys.readouterr().out) == ["Hint 1", "Hint 2", "Hint 3"]
    _memory.hint_read(exercise, 9)  # an edition with more hints
    updated.hint()
    assert "There are no more hints" in capsys.readouterr().out


def test_the_folder_is_that_in_which_the_kernel_began(tmp_path, monkeypatch, exercise, other):
    exercise.check(4)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    other.check(2)
    assert list(Path().iterdir()) == []
    monkeypatch.chdir(tmp_path)
    assert [*written()["exercises"]] == ["nb01.overflow", "nb02.output_size"]


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_link_stays_a_link(exercise):
    FILE.symlink_to("mine.json")
    exercise.check(4)
    assert FILE.is_symlink() and not Path("mine.json").is_symlink() and state() == "solved"


def test_exercises_of_others_are_not_remembered():
    Value(hints=[], mistakes=[])(lambda: 3).check(2)
    assert not FILE.exists()


TRIES = """
import os
from cnnkit.exercises import nb01
os.chdir(os.pardir)
print("ready", flush=True)
input()
for i in range(40):
    nb01.overflow.check(100 + i)
"""


def test_two_kernels_at_once_lose_nothing_and_a_third_goes_on(exercise):
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    start = [sys.executable, "-c", TRIES]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    kernels = [subprocess.Popen(start, env=here, **pipes) for _ in range(2)]
    for kernel in kernels:
        assert kernel.stdout.readline() == "ready\n"
    for kernel in kernels:
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    said = [kernel.communicate()[0] for kernel in kernels]
    assert [kernel.returncode for kernel in kernels] == [0, 0]
    assert "cannot" not in "".join(said)
    exercise.check(4)
    assert written()["exercises"]["nb01.overflow"]["tries"] == 81
    assert sorted(path.name for path in Path().iterdir()) == [FILE.name, f"{FILE.name}.lock"]


def fails(error):
    def fail(*_, **__):
        raise error

    return fail


READ_ONLY = PermissionError(errno.EACCES, "Permission denied")
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "broken, error, reason",
    [
        ("write_whole", READ_ONLY, "Permission denied"),
        ("write_whole", FULL, "No space left on device"),
        ("FileLock", READ_ONLY, "Permission denied"),
        ("FileLock", NotImplementedError("no locks here"), "another program holds it"),
        ("_read", READ_ONLY, "Permission denied"),
    ],
)
def test_a_file_that_cannot_be_written_is_no_error(
    broken, error, reason, monkeypatch, capsys, exercise, other
):
    other.check(3)
    with monkeypatch.context() as patch:
        patch.setattr(_memory, broken, fails(error))
        assert exercise.check(260) is False and exercise.check(4) is True
        sentence = f"{FILE} cannot be written ({reason}): only this kernel knows your progress."
        assert capsys.readouterr().out.count(sentence) == 1
        works = _memory.recall()["exercises"]
        assert works["nb01.overflow"]["tries"] == 2 and "nb02.output_size" in works
        assert "nb01.overflow" not in written()["exercises"] and _memory.trouble()
    other.check(2)
    assert written()["exercises"]["nb01.overflow"]["tries"] == 2, "it was only put off"
    assert written()["exercises"]["nb02.output_size"]["tries"] == 2 and _memory.trouble() is None


def test_a_lock_that_another_keeps_is_no_error(monkeypatch, capsys, exercise):
    monkeypatch.setattr(_memory, "LOCK_SECONDS", 0.05)
    with FileLock(f"{FILE}.lock"):
        assert exercise.check(4) is True
        assert "(another program holds it)" in capsys.readouterr().out and not FILE.exists()
    _memory.recall()
    assert state() == "solved"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user writes anywhere"
)
def test_a_read_only_folder(tmp_path, capsys, exercise):
    tmp_path.chmod(0o500)
    try:
        assert exercise.check(4) is True
        assert "cannot be written (Permission denied)" in capsys.readouterr().out
    finally:
        tmp_path.chmod(0o700)


GOOD = {
    "version": 1,
    "exercises": {
        "nb01.gone": {
            **{"state": "solution seen", "tries": 1, "hints": 0, "note": "from elsewhere"},
            **{"first_at": AT_NINE, "last_at": AT_NINE, "solved_at": None, "solution_at": AT_NINE},
        }
    },
    "questions": {
        "nb99.new": {
            **{"right": 1, "wrong": 0, "days": 3, "asked_at": AT_NINE, "due_at": AT_TEN},
        }
    },
}


def test_names_from_other_editions_are_kept(exercise):
    FILE.write_text(json.dumps(GOOD), encoding="utf-8")
    exercise.check(4)
    works = written()
    assert works["exercises"].pop("nb01.overflow")["state"] == "solved"
    assert works == GOOD


def with_work(**changed):
    works = {"nb01.gone": {**GOOD["exercises"]["nb01.gone"], **changed}}
    return {**GOOD, "exercises": works}


DAMAGED = {
    "empty": "",
    "cut": json.dumps(GOOD)[:-40],
    "deep": "[" * 100_000,
    "a list": [],
    "no version": {**GOOD, "version": None},
    "no questions": {"version": 1, "exercises": {}},
    "a list of exercises": {**GOOD, "exercises": ["nb01.overflow"]},
    "no work": {**GOOD, "exercises": {"nb01.overflow": "solved"}},
    "a state": with_work(state="finished"),
    "a count": with_work(tries="2"),
    "less than none": with_work(hints=-1),
    "no time": with_work(last_at=None),
    "a time of nowhere": with_work(first_at="2026-03-02T09:00:00"),
    "no such time": with_work(solution_at="yesterday"),
    "before all years": with_work(last_at="0001-01-01T00:00:00+14:00"),
    "the first year": with_work(last_at="0001-01-01T00:00:00+00:00"),
    "after all years": with_work(last_at="9999-12-31T23:59:59-14:00"),
    "seen, but when?": with_work(solution_at=None),
    "a question": {**GOOD, "questions": {"nb01.overflow": {"days": 3}}},
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_kept_under_another_name(damaged, capsys, exercise):
    text = damaged if isinstance(damaged, str) else json.dumps(damaged)
    aside = Path(f"{FILE}.damaged1")
    FILE.write_text(text, encoding="utf-8")
    assert exercise.check(4) is True
    assert capsys.readouterr().out == (
        f"Correct.\n{FILE} could not be read. It is now called {aside}, and "
        "your progress begins anew.\n"
    )
    assert aside.read_text(encoding="utf-8") == text and [*written()["exercises"]] == [
        "nb01.overflow"
    ]


@pytest.mark.parametrize("depth", [300, 700, 900, 960])
def test_what_lies_deep_is_kept_here_or_there(depth, exercise):
    text = json.dumps(GOOD)[:-1] + ', "new": ' + "[" * depth + "]" * depth + "}"
    FILE.write_text(text, encoding="utf-8")
    assert exercise.check(4) is True and state() == "solved"
    files = [path.read_text(encoding="utf-8") for path in Path().glob(f"{FILE}*")]
    assert max(text.count("[") for text in files) == depth


@pytest.mark.parametrize("version", [0, 2])
def test_a_file_of_another_version_is_left_alone(version, capsys, exercise):
    text = json.dumps({**GOOD, "version": version})
    FILE.write_text(text, encoding="utf-8")
    for _ in range(2):
        assert exercise.check(4) is True
    sentence = (
        f"{FILE} is of another edition of the course and stays as it is: only this "
        "kernel knows your progress.\n"
    )
    assert capsys.readouterr().out == f"Correct.\n{sentence}Correct.\n"
    assert _memory.recall()["exercises"]["nb01.overflow"]["state"] == "solved"
    assert FILE.read_text(encoding="utf-8") == text
    assert {path.name for path in Path().iterdir()} == {FILE.name, f"{FILE.name}.lock"}


def test_each_damaged_file_is_kept(monkeypatch, capsys, exercise):
    for contents in (b"\xff", b"{"):
        FILE.write_bytes(contents)
        _memory.recall()
    assert [Path(f"{FILE}.damaged{i}").read_bytes() for i in (1, 2)] == [b"\xff", b"{"]
    FILE.write_bytes(b"}")
    monkeypatch.setattr(_memory, "FileLock", fails(READ_ONLY))
    assert exercise.check(4) is True and FILE.read_bytes() == b"}", "nobody may rename it"
    assert "cannot be written" in capsys.readouterr().out


def test_it_is_off_where_the_environment_says_so(monkeypatch, capsys, exercise):
    for word in ("off", "OFF"):
        monkeypatch.setenv("CNNKIT_PROGRESS", word)
        exercise.check(4)
    assert _memory.recall()["exercises"] == {} and list(Path().iterdir()) == []
    assert capsys.readouterr().out == "Correct.\nCorrect.\n"
