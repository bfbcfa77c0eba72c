import asyncio
import copy
import sys

import keras
import numpy as np
import pytest

from cnnkit.exercises import nb02, nb03, nb05
from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value

CASES = [(np.ones(3),), (np.zeros(2),)]


@Function(cases=CASES, hints=["Twice."], mistakes=[(lambda x: 3 * x, "This is three times x.")])
def double(x):
    """Twice x."""
    return 2 * x


@pytest.fixture
def said(capsys):
    """What was printed since the last call."""
    return lambda: capsys.readouterr().out


def test_repr():
    assert repr(nb02.correlate2d) == "<Exercise correlate2d: check(answer), hint(), solution()>"
    assert repr(slip) == "<Exercise slip: show(), check(answer), hint(), solution()>"


@pytest.mark.parametrize("make", [lambda: guess_of(0.7), lambda: slip, lambda: double])
def test_a_forgotten_check_keeps_the_right_answer(make, said):
    exercise = make()
    right = exercise.right_answer()
    assert exercise(...) is False
    assert said() == (
        f"Write `.check(…)`: `{exercise.answer.__name__}.check(…)` judges an answer.\n"
        "Not attempted yet: write your answer in place of the `...`.\n"
    )
    assert exercise(right) is True and exercise.right_answer() == right
    said()
    assert exercise.check(exercise) is False
    assert said() == "Not yet: this is the exercise itself. Write your answer in its place.\n"


# A function


def test_the_case_is_named_with_what_came_and_what_was_expected(said):
    assert double.check(lambda x: x + (x == 1)) is True
    assert double.check(lambda x: x + 1) is False
    assert said() == "Correct.\nNot yet: `double(x=[0, 0])` gave [1, 1]. Expected: [0, 0].\n"


def test_a_usual_mistake_comes_before_the_case(said):
    assert double.check(lambda x: x + x + x) is False
    assert said() == (
        "Not yet: This is three times x.\n`double(x=[1, 1, 1])` gave [3, 3, 3]. Expected: "
        "[2, 2, 2].\n"
    )


def test_a_forgotten_return(said):
    def forgets(x):
        print(2 * x)

    assert double.check(forgets) is False
    assert said() == (
        "[2. 2. 2.]\n[0. 0.]\nNot yet: `double(x=[1, 1, 1])` gave None. Expected: an array of "
        "shape (3,). A function gives back what stands after `return`: is it missing? (`print` "
        "only shows.)\n"
    )


def test_an_answer_that_leaves(said):
    def leaves(x):
        raise SystemExit

    assert double.check(leaves) is False
    assert said().startswith("Your code raised SystemExit, in `raise SystemExit`. The call was")


def test_tensors(said):
    assert double.check(lambda x: keras.ops.convert_to_tensor(2 * x)) is True
    assert double.check(lambda x: keras.KerasTensor((3,))) is False
    assert "gave something of type KerasTensor. Expected: an array of shape (3,)." in said()
    assert double.check(lambda x: map(float, 2 * x)) is False
    assert "gave something of type map" in said()


def test_answers_may_not_change_what_they_get(said):
    def in_place(x):
        y = x
        y *= 2
        return y

    assert double.check(in_place) is False
    assert said() == (
        "Not yet: you changed `x` in `y *= 2`. Write `y = y * 2`, which makes a new array.\n"
    )
    assert double.cases[0][0].tolist() == [1, 1, 1]


def test_a_change_that_fails_otherwise_too_is_named(said):
    def in_place(images):
        images -= 0.5
        return images

    exercise = Function(cases=[(np.ones(2, "uint8"),)], hints=[], mistakes=[])(lambda images: 0)
    assert exercise.check(in_place) is False
    assert "you changed `images` in `images -= 0.5`. Write `images = images - 0.5`" in said()


def pops_layers(layers):
    size, jump = 1, 1
    while layers:
        kernel, stride = layers.pop(0)
        size, jump = size + (kernel - 1) * jump, jump * stride
    return size


def pops_losses(losses, patience, min_delta):
    best, epoch, least = 0, 0, losses[0]
    while losses and epoch - best < patience:
        loss = losses.pop(0)
        best, least = (epoch, loss) if loss < least - min_delta else (best, least)
        epoch += 1
    return best


@pytest.mark.parametrize(
    "exercise, answer", [(nb03.receptive_field, pops_layers), (nb05.early_stop, pops_losses)]
)
def test_an_answer_that_empties_its_list_spoils_nothing(exercise, answer, said):
    cases = copy.deepcopy(exercise.cases)
    for _ in range(2):
        exercise.check(answer)
        assert exercise.check(lambda *args: 1) is False
        assert exercise.check(exercise.right_answer()) is True
    assert exercise.cases == cases
    assert nb03.receptive_field.check(pops_layers) is True, "judged by what it returns"
    for mistake, text in exercise.mistakes:
        assert exercise.check(mistake) is False and text in said()


def test_a_wrong_answer_that_empties_its_list_is_told_so_and_printed_once(said):
    def answer(layers):
        print(len(layers))
        return pops_layers(layers) + len(layers) + 1

    assert nb03.receptive_field.check(answer) is False
    assert said().endswith("Expected: 22.\nYour function also changes `layers`: work on a copy.\n")
    nb03.receptive_field.check(answer)
    assert said().startswith("6\n3\n1\n2\nNot yet: ")


def test_what_the_call_for_the_arguments_prints_is_not_seen(capsys):
    def answer(layers):
        print("mine", file=sys.stderr)
        return -1

    assert nb03.receptive_field.check(answer) is False
    assert capsys.readouterr().err.count("mine") == len(nb03.receptive_field.cases)


def test_mistakes_and_reference_get_copies_too(said):
    def second(numbers, x):
        numbers.pop(0)
        return numbers.pop(0)

    mistakes = [(lambda numbers, x: numbers.pop(0), "No.")]
    exercise = Function(cases=[([1, 2, 3], np.ones(2))], hints=[], mistakes=mistakes)(second)
    for _ in range(3):
        assert exercise.check(lambda numbers, x: numbers[0]) is False
        assert exercise.check(lambda numbers, x: numbers[1]) is True
        assert said() == (
            "Not yet: No.\n`second(numbers=[1, 2, 3], x=[1, 1])` gave 1. Expected: 2.\nCorrect.\n"
        )
    numbers, x = exercise.cases[0]
    assert numbers == [1, 2, 3] and x.flags.writeable, "they are left as they are"


def test_arrays_within_a_list_may_not_be_changed_either(said):
    def in_place(arrays):
        arrays[0] += 1
        return arrays[0]

    exercise = Function(cases=[([np.ones(2)],)], hints=[], mistakes=[])(lambda arrays: 2)
    for _ in range(2):
        assert exercise.check(in_place) is False
        assert "you changed `arrays` in `arrays[0] += 1`" in said()


@pytest.mark.parametrize(
    "error", [GeneratorExit, SystemExit, BaseException, asyncio.CancelledError, StopIteration]
)
def test_no_error_comes_out(error, said):
    def raises(*args):
        raise error("mine")

    assert double.check(raises) is False
    assert f"Your code raised {error.__name__}: mine, in `raise error" in said()
    odd = type("Odd", (), {"__array__": raises, "__repr__": raises})()
    assert double.check(odd) is False and double.check(lambda x: odd) is False
    lines = said().splitlines()
    assert len(lines) == 2
    assert all("Not yet: this cannot be read as an ans" in line for line in lines)
    hostile = type("Hostile", (), {"__class__": property(raises)})()
    assert double.check(hostile) is False and slip.check(hostile) is False


def test_interrupts_come_out():
    def raises(*args):
        raise KeyboardInterrupt

    for answer in (raises, type("Odd", (), {"__repr__": raises})()):
        with pytest.raises(KeyboardInterrupt):
            double.check(answer)


def test_a_mistake_that_raises_the_same_error_is_recognised(said):
    swap = (lambda x: x[5], "Too far.")
    exercise = Function(hints=[], mistakes=[swap], cases=[(np.ones(3),)])(lambda x: x[0])
    assert exercise.check(lambda x: x[7]) is False
    told = said()
    assert told.startswith("Your code raised IndexError") and told.endswith("Too far.\n")


# Values


@pytest.fixture
def choice():
    mistakes = [("much higher", "No information was added.")]
    choices = ["much lower", "the same", "much higher"]
    return Value(choices=choices, hints=[], mistakes=mistakes)(lambda: "the same")


@pytest.mark.parametrize("answer", ["the same", "The same", " THE SAME "])
def test_capitals_of_a_choice_do_not_matter(answer, choice):
    assert choice.check(answer) is True


@pytest.mark.parametrize("answer", ["much lower", "Much higher", "like", 7, None, ["the same"]])
def test_choices_are_listed(answer, choice, said):
    assert choice.check(answer) is False
    told = said()
    assert told.endswith(' Choose one of "much lower", "the same", "much higher".\n')
    assert ("No information was added." in told) == (answer == "Much higher")


def guess_of(right, within=0.1, mistakes=()):
    return Number(within=within, hints=["Guess."], mistakes=mistakes)(lambda: right)


def test_of_two_mistakes_within_reach_the_nearer_one_is_told(said):
    guess_of(5, 0.3, mistakes=[(1, "The first."), (1.2, "The second.")]).check(1.2)
    assert "The second." in said()


@pytest.fixture
def guess():
    return guess_of(0.7, mistakes=[(2, "Half of it?")])


@pytest.mark.parametrize(
    "answer, right, within",
    [
        (np.uint8(200), 203, 5),
        (np.uint8(2), -1, 5),
        (np.int8(100), 203, 150),
        (100, np.uint8(97), 5),
        (True, np.True_, 0.5),
    ],
)
def test_predictions_of_all_types_are_compared_as_numbers(answer, right, within, said):
    assert guess_of(right, within).check(answer) is True
    assert guess_of(right, within / 100).check(answer) is bool(answer == right)


def test_a_whole_number_is_not_told_how_exact_it_must_be(said):
    assert guess_of(4, 0.5).check(3) is False
    assert guess_of(np.int64(100), 0.5).check(99) is False
    assert guess_of(100, 2).check(97) is False
    assert guess_of(100.5, 0.5).check(101.5) is False
    assert said().splitlines() == [
        "Not yet: 3 is too small.",
        "Not yet: 99 is too small, but close.",
        "Not yet: 97 is too small, but close. Accepted is what is at most 2 from the right answer.",
        "Not yet: 101.5 is too large, but close. "
        "Accepted is what is at most 0.5 from the right answer.",
    ]


@pytest.mark.parametrize("answer", [0.7, 0.6, 0.8, np.float32(0.75)])
def test_a_prediction_near_the_number_is_right(answer, guess):
    assert guess.check(answer) is True


@pytest.mark.parametrize(
    "answer, text",
    [
        (0.81, "0.81 is too large. Accepted is what is at most 0.1 from the right answer."),
        (0.5, "0.5 is too small. Accepted is what is at most 0.1 from the right answer."),
        (2.05, "Half of it?"),
        (np.nan, "nan is not a number."),
        ("0.7", "the answer is one number, without quotation marks. Received: '0.7'"),
        ([0.7], "write a number without brackets: 0.7, not [0.7]."),
        (None, "the answer is one number. Received: None"),
        (lambda: 0.7, "the answer is a value, not a function. Write what it gives."),
    ],
)
def test_other_predictions(answer, text, guess, said):
    assert guess.check(answer) is False
    assert said() == f"Not yet: {text}\n"


CODE = """
    def mean(x):
        total = 0

        return total / len(x)
"""


@FaultyLine(code=CODE, hints=["Where is x?"], mistakes=[(4, "This is right.")])
def slip():
    """Nothing adds the numbers up."""
    return 2


def test_the_code_of_a_faulty_line_is_shown_with_numbers(said):
    slip.show()
    shown = " 1  def mean(x):\n 2      total = 0\n 3\n 4      return total / len(x)\n"
    assert said() == shown


@pytest.mark.parametrize(
    "answer, text",
    [
        (1, "line 1, `def mean(x):`, is not the one with the error."),
        (3.0, "line 3 is not the one with the error."),
        (4, "This is right."),
        (5, "the answer is the number of a line, from 1 to 4. Received: 5"),
        (
            "2",
            "the answer is the number of a line, from 1 to 4, without quotation marks. "
            "Received: '2'",
        ),
        (None, "the answer is the number of a line, from 1 to 4. Received: None"),
        (True, "the answer is the number of a line, from 1 to 4. Received: True"),
    ],
)
def test_other_lines(answer, text, said):
    assert slip.check(2) is True
    assert said() == "Correct.\n"
    assert slip.check(answer) is False
    assert said() == f"Not yet: {text}\n"


LINES = ["for x in numbers:", "    square = x * x", "    total = total + square", "print(total)"]


@LineOrder(lines=LINES, hints=["One after the other."], mistakes=[((3, 2), "Square first.")])
def squares():
    """A square is added once it is known."""


def letters_of(exercise, *lines):
    return "".join(exercise.letters[exercise.mixed.index(line)] for line in lines)


def test_lines_are_mixed_the_same_way_each_time(said):
    squares.show()
    shown = said()
    assert sorted(line[3:] for line in shown.splitlines()) == sorted(LINES)
    assert [line[:3] for line in shown.splitlines()] == ["A  ", "B  ", "C  ", "D  "]
    again = LineOrder(lines=LINES, hints=[], mistakes=[])
    assert again.mixed == squares.mixed != LINES
    again.show()
    assert said() == shown


def test_lines_in_order_are_right_however_they_are_written():
    right = letters_of(squares, *LINES)
    assert right == squares.right_answer()
    for answer in (right, right.lower(), ", ".join(right), " ".join(right), list(right)):
        assert squares.check(answer) is True


def test_lines_out_of_order(said):
    first, second, third, last = LINES
    a, b, c, d = letters_of(squares, *LINES)
    for order, text in [
        ((first, third, second, last), "Square first."),
        ((last, first, second, third), f"{d} does not come first."),
        ((first, second, last, third), f"{a}, {b} is a right start, but {d} does not come next."),
    ]:
        assert squares.check(letters_of(squares, *order)) is False
        assert said() == f"Not yet: {text}\n"
    for answer in ("ABC", "ABCDA", "ABCE", 7, None, [1, 2, 3, 4], lambda: "ABCD"):
        assert squares.check(answer) is False
        told = said()
        assert "a text with each of the letters A to D once" in told, answer
        assert squares.right_answer() not in told


def test_equal_lines_may_change_places():
    lines = ["a = a + 1", "b = a", "a = a + 1"]
    exercise = LineOrder(lines=lines, hints=[], mistakes=[])(lambda: None)
    right = exercise.right_answer()
    assert len(set(right)) == 3
    assert exercise.check(right) is True and exercise.check(right[::-1]) is True
    assert exercise.check(right[1] + right[0] + right[2]) is False


def test_the_first_line_is_no_truth_value():
    first = FaultyLine(code=CODE, hints=[], mistakes=[])(lambda: 1)
    assert first.check(1) is True
    assert first.check(True) is False and first.check(np.True_) is False


@pytest.mark.parametrize("lines", [[], ["a = 1"], ["a = 1", "a = 1"]])
def test_lines_without_an_order_are_refused(lines):
    with pytest.raises(ValueError, match="`lines` must hold .* Received: "):
        LineOrder(lines=lines, hints=[], mistakes=[])


def test_the_solution_of_an_order(said):
    squares.solution()
    lettered = [f"{squares.letters[squares.mixed.index(line)]}  {line}" for line in LINES]
    expected = [squares.right_answer(), *lettered, "A square is added once it is known."]
    assert said().splitlines() == expected


# Hints


@pytest.fixture
def exercise():
    return Function(cases=CASES, hints=["One.", "Two.", "Three."], mistakes=[])(lambda x: 2 * x)


def hints(exercise, said):
    said()
    exercise.hint()
    return [line[:9] for line in said().splitlines() if line.startswith("Hint ")]


def test_hints_stay(exercise, said):
    for _ in range(10):
        assert hints(exercise, said) == ["Hint 1 of"]
    exercise.hint()
    assert said() == "Hint 1 of 3: One.\nFor the next hint, change your answer and check it.\n"


def test_the_next_hint_comes_after_a_changed_answer(exercise, said):
    def answer(x):
        return x

    exercise.check(answer)
    for _ in range(10):
        exercise.check(answer)
        assert len(hints(exercise, said)) == 1
    exercise.check(lambda x: 1 * x)
    for _ in range(10):
        assert len(hints(exercise, said)) == 2
    exercise.check(...)
    exercise.check(lambda x: ...)
    assert len(hints(exercise, said)) == 2, "nothing is no answer"
    exercise.check(answer)
    for _ in range(10):
        assert len(hints(exercise, said)) == 3
    exercise.check(lambda x: 3 * x)
    exercise.hint()
    told = said().splitlines()[-4:]
    assert told[:3] == ["Hint 1 of 3: One.", "Hint 2 of 3: Two.", "Hint 3 of 3: Three."]
    assert told[3] == "There are no more hints; see solution()."


def test_a_hint_before_the_first_answer_is_one_hint(exercise, said):
    assert len(hints(exercise, said)) == 1
    exercise.check(lambda x: x)
    assert len(hints(exercise, said)) == 2


def test_the_same_code_run_again_is_no_changed_answer(exercise, said):
    def define():
        return lambda x: x

    exercise.check(define())
    hints(exercise, said)
    exercise.check(define())
    assert len(hints(exercise, said)) == 1


def test_code_that_calls_a_changed_function_is_a_changed_answer(exercise, said):
    helper = abs

    def answer(x):
        return helper(x)

    exercise.check(answer)
    hints(exercise, said)
    helper = np.cos
    exercise.check(answer)
    assert len(hints(exercise, said)) == 2


def test_values_change_too(said):
    exercise = Value(hints=["One.", "Two."], mistakes=[])(lambda: 3)
    for answer, count in ((1, 1), (1, 1), (2, 2)):
        exercise.check(answer)
        assert len(hints(exercise, said)) == count


def test_the_solution_can_be_seen_at_any_time(said):
    double.solution()
    assert said() == 'def double(x):\n    """Twice x."""\n    return 2 * x\n'
