"""The explorer: a page on which one walks through a network."""

from html import escape

import keras

from cnnkit._places import write_whole
from cnnkit.explore import _live
from cnnkit.explore._arguments import as_class_names, as_images, as_labels, check_network
from cnnkit.explore._page import make_page
from cnnkit.explore._snapshot import make_snapshot
from cnnkit.explore._snapshots import check_snapshots, training

_HEIGHT = 720  # pixels, in a notebook's cell
_STILL = (
    "The explorer runs where scripts are allowed: run this cell, or trust the notebook "
    "(in JupyterLab: View, Activate Command Palette, Trust Notebook)."
)


class Explorer:
    """A page on which one walks through a network; in a notebook it is the output of its cell.

    It holds the weights and the images as they were when it was made, and needs neither Python nor
    a network.

    Attributes:
        name: The model's name.
        is_computed: Whether the page computes the network for any image. Else it shows what was
            recorded for the images given.

    Example:

    >>> from cnnkit import data, explore, models
    >>> digits, labels = data.load_digits(28)
    >>> explorer = explore.explore(models.small_cnn(), digits[:10, ..., None])
    >>> explorer.name, explorer.is_computed
    ('small_cnn', True)
    >>> explorer.save("my_network.html")  # any browser opens it
    """

    def __init__(self, snapshot, model):
        self.name, self.is_computed = snapshot["name"], snapshot["source"] == "computed"
        self._page, self._snapshot, self._model = make_page(snapshot), snapshot, model

    def __repr__(self):
        kind = "computed" if self.is_computed else "recorded"
        size = f"{len(self._page) / 1e6:.1f} MB"
        return f"<Explorer: {self.name!r}, {len(self._snapshot['layers'])} layers, {kind}, {size}>"

    @property
    def _title(self):
        return f"{self.name} – network explorer"

    def _repr_html_(self):
        # In a sandbox the page has no origin: what the notebook's server shows is out of its reach.
        style = f"display: block; width: 100%; height: {_HEIGHT}px; border: 0; resize: vertical"
        return (
            f'<iframe title="{escape(self._title)}" sandbox="allow-scripts" '
            f'srcdoc="{escape(self._page)}" height="{_HEIGHT}" style="{style}">{_STILL}</iframe>'
        )

    def save(self, path):
        """Write the page to a file, which any browser opens, without a network too.

        Args:
            path: The file, such as `"my_network.html"`. Its folder is made.
        """
        write_whole(path, self._page.encode())

    def live(self):
        """Make the page a widget, which asks the kernel for what the page cannot compute.

        Of a network that is recorded, Keras in the kernel then computes what its layers give for a
        picture that was drawn on, moved or brought along, and layers that were not recorded. It
        uses the model as it is by then. A network that is computed in the page asks for nothing.

        The page stays in its sandbox, without an origin and with its policy. What differs: the
        widget around it is part of the notebook, and passes on what the page asks to the kernel,
        which reads it as a picture and a list of layers and computes no more than these. Without a
        kernel, as in a saved page, the widget is not shown: there the explorer itself is.

        Returns:
            An `anywidget.AnyWidget`; show it in a cell of its own.

        Raises:
            ImportError: If anywidget is not installed.
        """
        page = make_page(self._snapshot | {"live": {"seconds": _live.SECONDS}})
        return _live.as_widget(self._model, self._snapshot, self._title, page, _HEIGHT)


def explore(model, images, class_names=None, labels=None, snapshots=None):
    """Make a page on which one walks through a network, from the image to each single number.

    A network of up to 500,000 weights that is made of the usual layers is computed in the page, for
    any image: convolutions, pooling, dense layers, normalisation, activations, dropout and
    branches, in nested models too. Of any other what chosen layers give for the images is recorded.

    Args:
        model: A built `keras.Model` with one image as input, with its channels last.
        images: An array of shape `(n, height, width, channels)`, uint8 or float, with the values
            that the model takes; up to 100 images, which all go into the page.
        class_names: A list of texts, one for each class.
        labels: The right classes of the images: integers of shape `(n,)`.
        snapshots: The `Snapshots` of the model's training, for a slider over its epochs.

    Returns:
        An `Explorer`.

    Raises:
        TypeError: If `model` is no Keras model, or something else is of the wrong kind.
        ValueError: If the model is not built, takes something else than images or has weights that
            are not finite; if the images do not suit it; if there are not as many names or labels
            as there should be; or if `snapshots` are of another model, or of one that is recorded.

    Example:

    >>> from cnnkit import data, explore, models
    >>> digits, labels = data.load_digits(28)
    >>> names = list("0123456789")
    >>> model = models.small_cnn()  # trained, in earnest
    >>> explorer = explore.explore(model, digits[:10, ..., None], names, labels[:10])
    >>> explorer.save("my_network.html")  # in a notebook, end a cell with: explorer
    """
    check_network(model)
    images = as_images(images, model)
    n_outputs = _n_outputs(model)
    class_names = as_class_names(class_names, n_outputs)
    n_classes = len(class_names) if class_names else 2 if n_outputs == 1 else n_outputs
    labels = as_labels(labels, len(images), n_classes)
    check_snapshots(snapshots, model)
    snapshot = make_snapshot(model, images, class_names, labels)
    if snapshots is not None:
        if "reason" in snapshot:
            raise ValueError(
                f"`snapshots` must be of a network that the page computes. {snapshot['reason']} "
                f"Received: the model {model.name!r}"
            )
        snapshot["training"] = training(snapshots, model, images)
    return Explorer(snapshot, model)


def _n_outputs(model):
    """How many numbers a model gives for an image; None if it is not known, or they are maps."""
    outputs = keras.tree.flatten(getattr(model, "outputs", None) or [])
    if len(outputs) != 1 or len(outputs[0].shape) != 2:
        return None
    return outputs[0].shape[1]
