"""The questions of `review`: their form, and that what they say is right."""

from collections import Counter

import keras
import numpy as np

from cnnkit import geometry, reference
from cnnkit.exercises._memory import NOTEBOOKS
from cnnkit.exercises._questions import QUESTIONS

Conv2D = keras.layers.Conv2D


def right(name):
    """The answer that counts as right."""
    question = QUESTIONS[name]
    return question.choices["abcd".index(question.right)]


def test_each_notebook_has_questions():
    counts = Counter(name.partition(".")[0] for name in QUESTIONS)
    assert set(counts) == set(NOTEBOOKS) and set(counts.values()) <= {3, 4}


def test_each_question_has_different_choices_and_a_sentence_why():
    for question in QUESTIONS.values():
        assert 3 <= len(set(question.choices)) == len(question.choices) <= 4
        assert question.right in "abcd"[: len(question.choices)]
        assert question.text.endswith("?") and question.why.endswith(".")
    assert len({question.text for question in QUESTIONS.values()}) == len(QUESTIONS)


def test_no_letter_and_no_length_gives_the_answer_away():
    letters = Counter(question.right for question in QUESTIONS.values())
    assert max(letters.values()) <= len(QUESTIONS) / 2
    longest = [
        name
        for name, question in QUESTIONS.items()
        if len(right(name)) > max(len(c) for c in question.choices if c != right(name))
    ]
    assert len(longest) <= len(QUESTIONS) / 2, longest


def test_the_numbers_are_right():
    assert right("nb01.overflow") == str(np.add(*np.uint8([[200], [100]])).item())
    assert float(right("nb01b.noise")) == 8 / np.sqrt(16)
    assert right("nb02.parameters") == str(geometry.parameters(Conv2D(8, 3), (20, 20, 3)))
    shape = Conv2D(4, 3, strides=2).compute_output_shape((1, 9, 9, 1))
    assert right("nb02.size") == str(shape[1])
    matrix = reference.toeplitz2d(np.ones((3, 3)), (5, 5))
    assert right("nb02b.places") == str(np.count_nonzero(matrix)) and matrix.shape == (9, 25)
    assert right("nb02b.uniform") == f"{np.log(10):.3f}"
    layers = [keras.Input((20, 20, 1)), Conv2D(1, 3), Conv2D(1, 3)]
    model = keras.Sequential(layers)
    side, _ = geometry.receptive_field(model, model.layers[-1]).size
    assert right("nb03.field") == f"{side} × {side}"
    assert right("nb03.weights") == "none" and not keras.layers.MaxPooling2D(2).weights
    norm = keras.layers.BatchNormalization()
    norm.build((32, 8, 8, 16))
    assert right("nb04.means") == str(norm.moving_mean.shape[0])
    assert f"{0.99**40:.2f}" in QUESTIONS["nb04.momentum"].why
    growth = 1 / (1 - 0.9)
    assert round(growth) == 10 and right("nb04b.momentum") == "ten times as long"
    dropped = keras.layers.Dropout(0.2, seed=0)(np.ones((1, 100)), training=True)
    assert right("nb05.scale") == " and ".join(f"{x:g}" for x in np.unique(dropped))
    assert f"{np.log(10):.1f}" in right("nb05b.start")
    assert float(keras.ops.sigmoid(float(right("nb07.logit")))) == 0.5
