"""Where a gradient on its way back begins: how a score depends on the outputs of a model."""

import tensorflow as tf

from cnnkit.explain._recording import tensors_in


def floats(structure):
    """The tensors that have gradients."""
    return [tensor for tensor in tensors_in(structure) if tensor.dtype.is_floating]


def output_gradients(score, outputs, n_examples):
    """Compute the gradients of a score with respect to each of the outputs of a model.

    Args:
        score: A function from `outputs` to a tensor of shape `(n_examples,)`.
        outputs: A structure of tensors.
        n_examples: How many numbers the score must give.

    Returns:
        A list of tensors, one for each of `floats(outputs)` and of its shape. Those of an example
        do not depend on the others.

    Raises:
        ValueError: If the score gives another number of numbers, or has no gradient.
    """
    sources = floats(outputs)
    with tf.GradientTape() as tape:
        tape.watch(sources)
        scores = tf.convert_to_tensor(score(outputs))
        total = tf.reduce_sum(scores)  # whose gradient holds those of the examples side by side
    if scores.shape != (n_examples,):
        raise ValueError(
            f"`score` must give one number for each of the {n_examples} examples. "
            f"Received: a result of shape {tuple(scores.shape)}"
        )
    gradients = tape.gradient(total, sources)
    if all(gradient is None for gradient in gradients):
        raise ValueError(
            "`score` must be computed from the outputs with keras.ops or TensorFlow, not NumPy. "
            f"Received: score={score!r}, which has no gradient"
        )
    return [
        tf.zeros_like(output) if gradient is None else tf.convert_to_tensor(gradient)
        for output, gradient in zip(sources, gradients, strict=True)
    ]
