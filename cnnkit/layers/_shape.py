"""The shapes of tensors, and in words what there is instead of one."""


def shape_of(tensor, may_be_ragged=False):
    """The shape as a tuple; None of what is no tensor, of unknown rank, or ragged."""
    shape = getattr(tensor, "shape", None)
    is_ragged = hasattr(tensor, "to_tensor") and not may_be_ragged  # TensorFlow's
    if shape is None or is_ragged or getattr(shape, "rank", 0) is None:
        return None
    return tuple(shape)


def describe_shape(name, tensor, may_be_ragged=False):
    """For messages: `name` with its shape, or with the reason why it has none."""
    shape = shape_of(tensor, may_be_ragged)
    if shape is not None:
        return f"{name}.shape={shape}"
    if hasattr(tensor, "shape") and not hasattr(tensor, "to_tensor"):
        return f"{name} of unknown rank"
    return f"{name} of type {type(tensor).__name__}"
