"""Which of Keras's classes, or of those of `cnnkit.layers`, computes what a layer computes."""

_KNOWN = ("keras.", "cnnkit.layers.")
_CHANGES_NOTHING = {"__init__", "get_config", "from_config"}


def keras_kind(layer):
    """Find the class of Keras or of `cnnkit.layers` whose rules hold for a layer.

    Of a layer from there it is its class. A user's class inherits the rules of the first class from
    there that it is made from, if it changes none of what is defined there but how a layer is
    constructed and stored, or has the attribute `keras_rules_hold`.

    Args:
        layer: A `keras.Operation`, such as a layer.

    Returns:
        A class, or None if the user's class may compute something else.
    """
    classes = type(layer).__mro__
    kind = next(each for each in classes if each.__module__.startswith(_KNOWN))
    for own in classes[: classes.index(kind)]:
        if vars(own).get("keras_rules_hold"):
            continue
        changed = {name for name in vars(own) if hasattr(kind, name)} - _CHANGES_NOTHING
        if any(name == "__call__" or not name.startswith("__") for name in changed):
            return None
    return kind
