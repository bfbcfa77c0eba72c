"""Functions that TensorFlow compiles as a whole, because it is slow operation by operation."""

import functools

import keras


def compiled(function):
    """A function of images and other tensors, compiled by XLA where that pays.

    It pays in a graph of TensorFlow, as of `tf.data` or `fit`, which calls it many times with the
    same shapes. Elsewhere (eagerly, with tensors of unknown sizes besides the batch, with another
    backend of Keras, or where XLA does not run) the function is called as it is.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    fast = tf.function(function, autograph=False, jit_compile=True)

    @functools.wraps(function)
    def choose(images, *args):
        shapes = [t.shape for t in keras.tree.flatten((images, args)) if hasattr(t, "shape")]
        is_known = all(None not in shape[1:] for shape in shapes)
        pays = is_known and tf.inside_function() and _can_compile()
        return (fast if pays else function)(images, *args)

    return choose


@functools.cache
def _can_compile():
    """Whether XLA runs here, which it does not on every kind of device and system."""
    import tensorflow as tf

    with tf.init_scope():
        try:
            tf.function(lambda: tf.ones(()) + 1, jit_compile=True)()
        except tf.errors.OpError:
            return False
    return True
