"""Checks of numbers in tensors, where these are known."""

import keras


def require(condition, message, lowest, highest):
    """Raise an error with a message and two numbers unless a condition holds.

    In a graph of TensorFlow the check runs with the graph; in code that XLA or JAX compiles there
    is none.

    Raises:
        ValueError: Unless it holds; in a graph `tf.errors.InvalidArgumentError`.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if tf.is_symbolic_tensor(condition):
            tf.debugging.Assert(condition, [message, lowest, "to", highest])
            return
    if backend == "jax":
        import jax

        if isinstance(condition, jax.core.Tracer):
            return
    if not condition:
        raise ValueError(f"{message} {float(lowest):.4g} to {float(highest):.4g}")
