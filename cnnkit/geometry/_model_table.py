"""A table of the layers of a model: what each makes, what it costs, what it sees."""

import math
from dataclasses import dataclass

import keras
import numpy as np

from cnnkit._checks import check_built, check_model
from cnnkit._keras import find_calls, find_graph
from cnnkit._tables import INDENT, ShownAsTable, Table
from cnnkit.geometry._cost_rules import call_multiply_adds, rows_of_an_example
from cnnkit.geometry._kept_memory import kept_memory, size_of
from cnnkit.geometry._layer_times import as_arrays, layer_times
from cnnkit.geometry._receptive_field import ReceptiveField, receptive_fields

_TITLES = (
    *("layer", "type", "output", "parameters", "trainable", "multiply-adds"),
    *("field", "jump", "kept"),
)
_N_TEXT_COLUMNS = 3  # the others are numbers


@dataclass(frozen=True)
class TableRow:
    """What `model_table` tells of one call of a layer. None stands for what is not known.

    A list of rows makes a table: `pandas.DataFrame(table.rows)` has a column for each attribute.

    Attributes:
        name: The layer's name, behind the names of the models it is in: "model/layer".
        type: The name of its class.
        output_shape: Shape of its output for one example. The first one's, if there are several.
        parameters, trainable_parameters: How many numbers it holds, and how many of them are
            trained. A layer that is called again counts none.
        multiply_adds: Those for one example, as `geometry.multiply_adds` counts them. Where tiles
            are folded into the batch, those of all tiles of an example.
        field_height, field_width, stride_vertical, stride_horizontal, offset_vertical,
            offset_horizontal, misaligned, beyond: The parts of its `ReceptiveField`.
        memory: Bytes of its output for one example.
        training_memory: Bytes for one example that wait for the backward pass, as `model_table`
            says.
        milliseconds: Time for the batch that was given to `model_table`, if one was.

    Example:

    >>> from cnnkit import geometry, models
    >>> table = geometry.model_table(models.lenet5(), verbose=0)
    >>> row = max(table.rows, key=lambda row: row.multiply_adds)  # the layer that works most
    >>> row.type, row.output_shape, row.parameters, row.multiply_adds
    ('Conv2D', (10, 10, 16), 2416, 240000)
    """

    name: str
    type: str
    output_shape: tuple[int | None, ...] | None = None
    parameters: int = 0
    trainable_parameters: int = 0
    multiply_adds: int | None = None
    field_height: float | None = None
    field_width: float | None = None
    stride_vertical: float | None = None
    stride_horizontal: float | None = None
    offset_vertical: float | None = None
    offset_horizontal: float | None = None
    misaligned: tuple[str, ...] | None = None
    beyond: tuple[str, ...] | None = None
    memory: int | None = None
    training_memory: int | None = None
    milliseconds: float | None = None

    @property
    def field(self) -> ReceptiveField | None:
        """The `ReceptiveField`, put together again."""
        if self.misaligned is None:
            return None
        size = (self.field_height, self.field_width)
        strides = (self.stride_vertical, self.stride_horizontal)
        offset = (self.offset_vertical, self.offset_horizontal)
        return ReceptiveField(size, strides, offset, self.misaligned, self.beyond)


@dataclass(frozen=True, repr=False)
class ModelTable(ShownAsTable):
    """The layers of a model, which prints as a table, in a notebook as one of HTML.

    The column "field" gives height x width of the receptive field in pixels, one number if they
    are equal, with "+" if units depend on pixels beyond it too; "jump" is "-" where all units see
    the same; "kept" is the `training_memory`, in bytes; "ms" the time, if it was asked for. "?"
    stands for what is not known.

    Attributes:
        name: The model's name.
        rows: A list of `TableRow`, in the order of computation.
        total_parameters, trainable_parameters: Parameters of the model, and how many are trained.
        total_multiply_adds: Those for one example, of all layers whose cost is known.
        total_training_memory: Bytes that wait for the backward pass, for one example, of all layers
            of which it is known.
        n_images: How many images the times are for. None if no times were taken.

    Example:

    >>> from cnnkit import geometry, models
    >>> table = geometry.model_table(models.lenet5(), verbose=0)
    >>> table.total_parameters, table.total_multiply_adds
    (61706, 416520)
    >>> text = str(table)  # what `print(table)` shows
    """

    name: str
    rows: list[TableRow]
    total_parameters: int
    trainable_parameters: int
    total_multiply_adds: int
    total_training_memory: int
    n_images: int | None = None

    def to_markdown(self) -> str:
        """The table as Markdown, with the summary above it."""
        return self._table().as_markdown()

    def _table(self):
        timed = self.n_images is not None
        titles = (*_TITLES, "ms") if timed else _TITLES
        return Table(titles, _lines(self.rows, timed), self._summary(), _N_TEXT_COLUMNS)

    def _summary(self):
        unknown = _without(self.rows, "multiply_adds", "cost")
        kept = _without(self.rows, "training_memory", "need")
        text = (
            f"{self.name}: {self.total_parameters:,} parameters, {self.trainable_parameters:,} of "
            f"them trainable; {self.total_multiply_adds:,} multiply-adds{unknown}; "
            f"{self.total_training_memory:,} bytes kept in training{kept}"
        )
        if self.n_images is None:
            return text
        total = sum(row.milliseconds or 0 for row in self.rows)
        return f"{text}; {total:.1f} ms for {self.n_images} images, each layer run alone"


def _without(rows, name, what):
    unknown = sum(getattr(row, name) is None for row in rows)
    return f", without {unknown} layer{'s' * (unknown > 1)} of unknown {what}" if unknown else ""


def model_table(
    model: keras.Model, images: np.ndarray | list | dict | None = None, *, verbose: int = 1
) -> ModelTable:
    """Tell of each layer of a model what it makes, what it costs and what it sees.

    Nothing is computed but shapes, unless times are asked for. Layers in nested Sequential and
    functional models have their own rows. Of a subclassed model it is not known how its layers are
    connected: each has a row with its parameters, and "?" elsewhere.

    The bytes kept in training are those that TensorFlow holds from the forward pass until the
    backward pass has used them: each input, output or intermediate result, in the dtype in which it
    is computed with, that the gradients of the trainable weights are computed from, once, in the
    row of the layer that makes it. So a frozen layer in front of all that is trained keeps nothing,
    nor do layers whose gradient needs no values, such as additions; reshaping copies nothing. The
    loss, the weights and buffers that come and go are not counted.

    The time of a layer is that of its call alone at inference, compiled, on what it receives in the
    model: the median of 7 runs after one to warm up. It holds for this machine and this batch, and
    has the overhead of a call, some tenths of a millisecond, which is all that is seen of a small
    layer; and a whole model, compiled together, is faster than the sum.

    Args:
        model: A built `keras.Model`.
        images: A batch of what the model takes, to time each layer on it: an array of shape
            `(n_images, height, width, channels)`, or a list of one for each input, or a dictionary
            by its name. None takes no times. Images give a model that leaves their size open a size
            as well.
        verbose: 1 to show progress while times are taken, 0 not to.

    Returns:
        A `ModelTable`.

    Raises:
        ValueError: If the model is not built, or `images` do not suit it.
        RuntimeError: If `images` are given and Keras does not run on TensorFlow.

    Example:

    >>> from cnnkit import data, geometry, models
    >>> images, labels = data.draw_pets(8, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> table = geometry.model_table(model, images, verbose=0)  # images: to take times
    >>> slowest = max(table.rows, key=lambda row: row.milliseconds or 0)
    >>> table.total_parameters, table.n_images
    (548258, 8)
    """
    check_model(model)
    check_built(model)
    graph = find_graph(model)
    if graph is None and images is not None:
        raise ValueError(
            "`images` can be given for a Sequential or functional model only: of others it is not "
            f"known what their layers receive. Received: {model.name!r}, a {type(model).__name__}"
        )
    if graph is None:
        counted = set()
        rows = [TableRow(**_of_layer(layer.name, layer, counted)) for layer in model.layers]
    else:
        rows = _rows(graph, None if images is None else as_arrays(graph, images), verbose)
    return ModelTable(
        name=model.name,
        rows=rows,
        total_parameters=_count(model.weights),
        trainable_parameters=_count(model.trainable_weights),
        total_multiply_adds=sum(row.multiply_adds or 0 for row in rows),
        total_training_memory=sum(row.training_memory or 0 for row in rows),
        n_images=None if images is None else len(as_arrays(graph, images)[0]),
    )


def _rows(graph, arrays, verbose):
    calls, counted, rows = find_calls(graph, shapes=_shapes(graph, arrays)), set(), []
    fields, n_rows = receptive_fields(calls), rows_of_an_example(calls)
    kept = kept_memory(calls, n_rows)
    times = {} if arrays is None else layer_times(graph, calls, arrays, verbose)
    for i, call in enumerate(calls):
        if call.is_expanded:
            continue
        sizes = [size_of(tensor, n_rows) for tensor in call.outputs]
        row = TableRow(
            **_of_layer(call.path, call.layer, counted),
            **_of_field(fields[id(call.outputs[0])]),
            output_shape=tuple(call.outputs[0].shape[1:]),
            multiply_adds=call_multiply_adds(call, n_rows),
            memory=None if None in sizes else sum(sizes),
            training_memory=kept[i],
            milliseconds=times.get(i),
        )
        rows.append(row)
    return rows


def _shapes(graph, arrays):
    """Those of the inputs, with the sizes of the images where the model leaves them open."""
    if arrays is None:
        return None
    pairs = zip(graph.inputs, arrays, strict=True)
    return [(tensor.shape[0], *array.shape[1:]) for tensor, array in pairs]


def _of_layer(name, layer, counted):
    """The parts of a row about a layer's weights: those that are not yet in the set `counted`."""
    new = [w for w in getattr(layer, "weights", []) if id(w) not in counted]  # a function has none
    counted.update(id(w) for w in new)
    n_trained = _count([w for w in new if w.trainable])
    kind = type(layer).__name__
    return dict(name=name, type=kind, parameters=_count(new), trainable_parameters=n_trained)


def _of_field(field):
    if not isinstance(field, ReceptiveField):
        return {}
    names = ("field_height", "field_width", "stride_vertical", "stride_horizontal")
    names += ("offset_vertical", "offset_horizontal")
    numbers = dict(zip(names, (*field.size, *field.strides, *field.offset), strict=True))
    return numbers | {"misaligned": field.misaligned, "beyond": field.beyond}


def _count(weights):
    return sum(math.prod(w.shape) for w in weights)


def _lines(rows, timed):
    """The cells of each row, and before the rows of a nested model one with its name alone."""
    lines, current = [], []
    for row in rows:
        *models, name = row.name.split("/")
        for depth, model in enumerate(models):
            if current[: depth + 1] != models[: depth + 1]:
                lines.append((INDENT * depth + f"{model}:", *[""] * (len(_TITLES) - 1 + timed)))
        current = models
        lines.append((INDENT * len(models) + name, *_cells(row), *([_time(row)] if timed else [])))
    return lines


def _cells(row):
    """What a row says, without its name."""
    field = row.field
    return (
        row.type,
        "?" if row.output_shape is None else _sizes(row.output_shape),
        f"{row.parameters:,}",
        f"{row.trainable_parameters:,}",
        "?" if row.multiply_adds is None else f"{row.multiply_adds:,}",
        "?" if field is None else _pair(field.size) + "+" * bool(field.beyond),
        "?" if field is None else "-" if field.strides == (0, 0) else _pair(field.strides),
        "?" if row.training_memory is None else f"{row.training_memory:,}",
    )


def _time(row):
    return "" if row.milliseconds is None else f"{row.milliseconds:.2f}"


def _sizes(shape):
    return "x".join("?" if size is None else str(size) for size in shape)


def _pair(pair):
    height, width = (f"{number:.4g}" if number % 1 else f"{number:.0f}" for number in pair)
    return height if height == width else f"{height}x{width}"
