import numpy as np
import pytest

from cnnkit.exercises._messages import shown, shown_call, told_result, told_value

BIG = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    "thing, text",
    [
        (np.ones((3, 2, 5)), "[3×2×5 array]"),
        (np.arange(99), "[array of 99]"),
        (np.array([1.0, 3, 6.5]), "[1, 3, 6.5]"),
        (np.array([[0.3], [-2]]), "[[0.3], [-2]]"),
        (np.arange(2) / 7, "[array of 2]"),
        (np.array(["Rex", "Ada"]), "['Rex', 'Ada']"),
        (np.float32(0.1), "0.1"),
        (np.int64(3_600_000_100), "3600000100"),
        (np.bool_(True), "True"),
        (2 / 3, "0.666667"),
        ([(3, 1), (2, 2)], "[(3, 1), (2, 2)]"),
        ((np.int64(8),), "(8,)"),
        ((BIG, 3), "([3×4 array], 3)"),
        ("valid", "'valid'"),
        (np.abs, "absolute"),
        (lambda: 3, "[a function]"),
        (None, "None"),
        ([7] * 99, f"[{'7, ' * 18}7, ...]"),
    ],
)
def test_arguments_are_shown_short(thing, text):
    assert shown(thing) == text


def test_a_call_names_the_arguments():
    def filter_size(kernel, n, *, unused=None): ...

    assert shown_call(filter_size, (BIG, 5)) == "filter_size(kernel=[3×4 array], n=5)"


RESULTS = [
    (4, 5, "gave 4. Expected: 5."),
    ([4], 5, "gave the list [4]. Expected: one number, 5."),
    (4, [4, 4], "gave one number, 4. Expected: the list [4, 4]."),
    (4, BIG, "gave one number, 4. Expected: an array of shape (3, 4)."),
    (BIG.T, BIG, "gave an array of shape (4, 3). Expected: an array of shape (3, 4)."),
    ((18, 8), 18, "gave the tuple (18, 8). Expected: one number, 18."),
    ("4", 4, "gave the text '4'. Expected: one number, 4."),
    ({}, 4, "gave something of type dict. Expected: one number, 4."),
    (None, 4, "gave None. Expected: one number, 4. A function gives back what stands after `retu"),
    (np.array([1, 2]), np.array([1, 3]), "gave [1, 2]. Expected: [1, 3]."),
    (BIG > 3, BIG > 2, "gave False at [0, 3]. Expected: True there. 1 of 12 values is wrong."),
    (BIG * (BIG != 6), BIG, "gave 0 at [1, 2]. Expected: 6 there. 1 of 12 numbers is wrong."),
    (BIG[0, :2] / 7, BIG[1, :2], "gave [0, 0.142857]. Expected: [4, 5]."),
    (BIG[:2] / 7, BIG[1:] / 7, "gave 0 at [0, 0]. Expected: 0.571429 there. 8 of 8 numbers are"),
    (-0.0, 1.5, "gave 0. Expected: 1.5."),
    (0.5, True, "gave 0.5. Expected: True."),
    (BIG * 1.001, BIG, "That is close, but not exact enough."),
    (-np.inf, 0.5, "gave -inf. Expected: 0.5. inf, infinity, comes from a division by 0"),
    (np.nan, 0.5, "gave nan. Expected: 0.5. nan, not a number, comes from 0 / 0"),
    (BIG, BIG.astype("uint8"), "gave numbers of type float64. Expected: pixels, of type uint8."),
    (
        (BIG, BIG[0]),
        (BIG, BIG[1]),
        "gave 2 results. The second is [0, 1, 2, 3]. Expected: [4, 5, 6, 7]. The first is right.",
    ),
    ((1, 2, 9), (1, 2, 3), "The third is 9. Expected: 3. The first and second are right."),
    ((1, 2, 3, 9), (1, 2, 3, 4), "Expected: 4. The first, second and third are right."),
    ((BIG[:1], 3), (BIG, 4), "gave 2 results. The first is an array of shape (1, 4). Expected: an"),
    (np.array([0.5, 0.2]), (0.5, 0.3), "gave 2 results. The second is 0.2. Expected: 0.3."),
    (
        BIG,
        (BIG, BIG),
        "gave an array of shape (3, 4). Expected: a tuple of 2, as from `return a, b`",
    ),
    ([BIG, BIG[0], 3], (BIG, BIG), "], 3]. Expected: a tuple of 2, as from `return a, b`."),
    (None, (1, 2), "Expected: a tuple of 2, as from `return a, b`. A function gives back what"),
]


@pytest.mark.parametrize("received, expected, text", RESULTS, ids=[text for *_, text in RESULTS])
def test_of_a_result_it_is_told_what_came_and_what_was_expected(received, expected, text):
    assert text in told_result(received, expected)


VALUES = [
    (3, 16, "3 is too small."),
    (20, 16, "20 is too large."),
    (15.5, 16, "15.5 is too small, and the answer is a whole number."),
    (3.0, 4.0, "3 is too small. It must be exact to 0.0001, or to 0.01 % of its size: let Python"),
    (0.71, 0.708, "0.71 is too large, but close. It must be exact to"),
    (np.nan, 4.0, "nan is not a number."),
    ([16], 16, "write a number without brackets: 16, not [16]."),
    ([1, 2], 16, "the answer is one number. Received: [1, 2]"),
    ("16", 16, "the answer is one number, without quotation marks. Received: '16'"),
    (None, 16, "the answer is one number. Received: None"),
    (8, (8, 7, 6), "the answer is a tuple of numbers, such as `(2, 3)`. Received: 8"),
    ((8, 7), (8, 7, 6), "(8, 7) has fewer numbers than the answer."),
    ((8, 7, 6, 5), (8, 7, 6), "(8, 7, 6, 5) has more numbers than the answer."),
    ((8, 5, 6), (8, 7, 6), "in (8, 5, 6) the second number is wrong."),
    (3, BIG, "the answer is an array of numbers. Received: 3"),
    (BIG.T, BIG, "the answer is an array of shape (3, 4). Received: one of shape (4, 3)."),
    (BIG * (BIG != 6), BIG, "the number at [1, 2] is wrong, 0."),
    ("The same", "other", "'The same' is not the answer."),
]


@pytest.mark.parametrize("received, expected, text", VALUES, ids=[text for *_, text in VALUES])
def test_of_a_value_it_is_told_what_is_wrong_but_not_the_answer(received, expected, text):
    told = told_value(received, expected)
    assert text in told
    right = shown(expected)
    assert right in shown(received) or right not in told
