import keras
import numpy as np
import tensorflow as tf
from captured_models import chain, check, close, flat
from explained_models import SHAPE, Counting, FixedBatch, images, sequential
from keras import layers

from cnnkit.explain import capture, capture_gradients
from cnnkit.explain._engine import traces
from cnnkit.explain._trace import Trace


def test_a_trace_by_itself():
    parts, x = flat(), images()
    model = sequential(parts)
    trace = Trace(model, None, None, tf.TensorSpec([None, *SHAPE]), image=0)
    assert trace.model() is model and trace.layer() is parts[2] and trace.call == 0
    activations, outputs = trace.capture(tf.constant(x))
    close(activations, chain(*parts[:3])(x))
    close(outputs, model(x))
    same, gradients, _ = trace.capture_gradients(tf.constant(x), lambda y: y[:, 1])
    assert np.array_equal(same, activations)
    close(gradients, capture_gradients(model, x, score=lambda y: y[:, 1]).gradients)


def test_what_is_made_of_a_trace_is_kept():
    trace = Trace(sequential(flat()), None, None, tf.TensorSpec([None, *SHAPE]), image=0)
    made = []

    def make(trace):
        made.append(trace)
        return len(made)

    assert trace.kept(make) == trace.kept(make) == 1 and made == [trace]
    assert trace.kept(id) == id(trace)


def test_scores_of_all_kinds():
    counting = Counting()
    model, x = sequential([counting, *flat()]), images(3)
    targets = [2, 0, 1]
    by_hand = capture_gradients(model, x, score=lambda y: tf.gather(y, targets, batch_dims=1))
    one_by_one = [
        capture_gradients(model, x[i : i + 1], score=lambda y, k=k: y[:, k])
        for i, k in enumerate(targets)
    ]
    close(by_hand.gradients, np.concatenate([one.gradients for one in one_by_one]))
    calls = counting.calls
    capture_gradients(model, x, score=lambda y: keras.ops.log(y[:, 0]))
    assert counting.calls == calls


def test_the_second_call_does_not_trace_again():
    counting = Counting()
    model = sequential([counting, *flat()])
    calls = counting.calls
    for n in (2, 2, 5):
        capture(model, images(n))
    assert counting.calls == calls + 1
    for n in (2, 2, 5):
        capture_gradients(model, images(n))
    assert counting.calls == calls + 2
    capture(model, images(2).astype(np.uint8))
    assert counting.calls == calls + 3


def test_new_weights_count():
    parts = flat()
    model, x = sequential(parts), images(4)
    before = capture(model, x).activations
    model.set_weights([2 * weights for weights in model.get_weights()])
    check(model, x, None, chain(*parts[:3]), chain(*parts[3:]))
    doubled = capture(model, x).activations
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, np.array([0, 1, 2, 0]), verbose=0)
    check(model, x, None, chain(*parts[:3]), chain(*parts[3:]))
    assert not np.array_equal(doubled, capture(model, x).activations)
    assert not np.array_equal(doubled, before) and len(traces[model]) == 1


def test_model_that_needs_the_batch_size():
    conv = layers.Conv2D(2, 3)
    model = FixedBatch([conv], layers.Dense(2))
    model(images(1, (6, 7, 3)))
    for n in (2, 3):
        check(model, images(n, (6, 7, 3)), None, conv, model.after)
