"""The explorer as a widget: its page asks the kernel for what it cannot compute."""

import math

import numpy as np

from cnnkit.explore._page import read_page_file
from cnnkit.explore._recorded import answer_of, sentence

SECONDS = 30  # that the page waits for an answer


def as_widget(model, snapshot, title, page, height):
    """Make an anywidget that shows a page in its frame and answers its questions.

    Args:
        model: The `keras.Model` that is asked.
        snapshot: That of the page, a dictionary.
        title, page: Of the frame, texts.
        height: Of the frame, in pixels.

    Raises:
        ImportError: If anywidget is not installed.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            "`live` needs the package anywidget, which is not installed: type "
            '`%pip install "anywidget>=0.9.21"` into a cell and run it, then start the kernel anew'
        ) from error

    class LiveExplorer(anywidget.AnyWidget):
        _esm = read_page_file("relay.js")
        title = traitlets.Unicode().tag(sync=True)
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int().tag(sync=True)

    widget = LiveExplorer(title=title, page=page, height=height)

    def hear(_, content, buffers):
        widget.send(*answer(model, snapshot, content, buffers))

    widget.on_msg(hear)
    return widget


def answer(model, snapshot, content, buffers):
    """What the kernel says to a question of the page, whatever it is.

    Args:
        model: The `keras.Model` that is asked.
        snapshot: That of the page, a dictionary.
        content: The question: `{"id": ..., "layers": [places in the snapshot's layers]}`.
        buffers: The numbers of the picture, float32, as bytes in a list.

    Returns:
        `(content, buffers)`: the same "id", with "layers", as `answer_of` says, and as many
        buffers of float32; or with "error", a sentence.
    """
    identity = content.get("id") if isinstance(content, dict) else None
    try:
        picture, places = _question(snapshot, content, buffers)
        layers, arrays = answer_of(model, picture, snapshot["layers"], places)
    except Exception as error:  # of whatever kind: code of the user's may run
        return {"id": identity, "error": f"The kernel cannot answer: {sentence(error)}"}, []
    return {"id": identity, "layers": layers}, [array.astype("<f4").tobytes() for array in arrays]


def _question(snapshot, content, buffers):
    shape, n_layers = snapshot["images"]["shape"][1:], len(snapshot["layers"])
    places = content["layers"]
    if not all(type(place) is int and 0 <= place < n_layers for place in places):
        raise ValueError(f"The page asks for layers that there are not: {places}.")
    picture = np.frombuffer(buffers[0], "<f4")
    if picture.size != math.prod(shape):
        raise ValueError(f"The picture has {picture.size:,} numbers, not {math.prod(shape):,}.")
    if not np.isfinite(picture).all():
        raise ValueError("The picture has NaN or infinite values.")
    return picture.reshape(1, *shape), places
