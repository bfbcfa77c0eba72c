import numpy as np
import pytest
from layer_check import tensorflow_only

from cnnkit.layers import _compiled as module

IMAGES = np.random.default_rng(0).uniform(0, 1, (2, 4, 5, 3)).astype("float32")
pytestmark = tensorflow_only


def traced(shape=(None, 4, 5, 3), other_shape=(None, 1, 1, 3)):
    """The operations of a graph that calls a compiled function, and what the graph gives."""
    import tensorflow as tf

    double = module.compiled(lambda images, factor: images * factor)
    graph = tf.function(lambda images, factor: double(images, factor))
    specs = [tf.TensorSpec(each, "float32") for each in (shape, other_shape)]
    concrete = graph.get_concrete_function(*specs)
    operations = concrete.graph.get_operations()
    compiled = [op for op in operations if "_XlaMustCompile" in op.node_def.attr]
    factor = tf.fill((2, 1, 1, 3), 2.0)
    return len(compiled), concrete(tf.constant(IMAGES), factor).numpy()


def test_in_a_graph_the_function_is_compiled():
    count, outputs = traced()
    assert count == 1
    np.testing.assert_allclose(outputs, 2 * IMAGES)


@pytest.mark.parametrize("unknown", ["shape", "other_shape"])
def test_tensors_of_unknown_sizes_would_be_compiled_for_each_size(unknown):
    count, outputs = traced(**{unknown: (None, None, None, 3)})
    assert count == 0
    np.testing.assert_allclose(outputs, 2 * IMAGES)


def test_without_xla_it_works_too(monkeypatch):
    import tensorflow as tf

    def fails(*args, **options):
        raise tf.errors.UnimplementedError(None, None, "no compiler for this platform")

    module._can_compile.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(tf, "ones", fails)  # what the trial computes
        assert not module._can_compile()
    count, outputs = traced()
    assert count == 0
    np.testing.assert_allclose(outputs, 2 * IMAGES)
    module._can_compile.cache_clear()
    assert module._can_compile()


def test_eagerly_it_is_the_function_itself():
    function = module.compiled(lambda images: type(images).__name__)
    assert function(IMAGES) == "ndarray"  # XLA would have made a tensor of it
