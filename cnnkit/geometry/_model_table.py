"""A table of the layers of a model: what each makes, what it costs, what it sees."""

import math
from dataclasses import dataclass

import keras

from cnnkit._checks import check_built, check_model
from cnnkit._keras import find_calls, find_graph
from cnnkit._tables import INDENT, ShownAsTable, Table
from cnnkit.geometry._cost_rules import call_multiply_adds, rows_of_an_example
from cnnkit.geometry._receptive_field import ReceptiveField, receptive_fields

_TITLES = (
    *("layer", "type", "output", "parameters", "trainable", "multiply-adds"),
    *("field", "stride", "memory"),
)
_N_TEXT_COLUMNS = 3  # the others are numbers


@dataclass(frozen=True)
class TableRow:
    """What `model_table` tells of one call of a layer. None stands for what is not known.

    Attributes:
        name: The layer's name, behind the names of the models it is in: "model/layer".
        type: The name of its class.
        output_shape: Shape of its output for one example. The first one's, if there are several.
        parameters, trainable_parameters: How many numbers it holds, and how many of them are
            trained. A layer that is called again counts none.
        multiply_adds: Those for one example, as `geometry.multiply_adds` counts them. Layers that
            treat each value alone, such as BatchNorm, count 0.
        field: Its `ReceptiveField`.
        memory: Bytes of its output for one example, in float32.
    """

    name: str
    type: str
    output_shape: tuple[int | None, ...] | None
    parameters: int
    trainable_parameters: int
    multiply_adds: int | None
    field: ReceptiveField | None
    memory: int | None


@dataclass(frozen=True, repr=False)
class ModelTable(ShownAsTable):
    """The layers of a model, which prints as a table, in a notebook as one of HTML.

    The column "field" gives height x width of the receptive field in pixels, one number if they
    are equal; "stride" is "-" where all units see the same. "?" stands for what is not known.

    Attributes:
        name: The model's name.
        rows: A list of `TableRow`, in the order of computation.
        total_parameters, trainable_parameters: Parameters of the model, and how many are trained.
        total_multiply_adds: Those for one example, of all layers whose cost is known.
    """

    name: str
    rows: list[TableRow]
    total_parameters: int
    trainable_parameters: int
    total_multiply_adds: int

    def _table(self):
        return Table(_TITLES, _lines(self.rows), self._summary(), _N_TEXT_COLUMNS)

    def _summary(self):
        unknown = sum(row.multiply_adds is None for row in self.rows)
        without = f", without {unknown} layers of unknown cost" if unknown else ""
        return (
            f"{self.name}: {self.total_parameters:,} parameters, {self.trainable_parameters:,} of "
            f"them trainable; {self.total_multiply_adds:,} multiply-adds{without}"
        )


def model_table(model: keras.Model) -> ModelTable:
    """Tell of each layer of a model what it makes, what it costs and what it sees.

    Nothing is computed but shapes. Layers in nested Sequential and functional models have their own
    rows. Of a subclassed model it is not known how its layers are connected: each has a row with
    its parameters, and "?" elsewhere.

    Args:
        model: A built `keras.Model`.

    Returns:
        A `ModelTable`.
    """
    check_model(model)
    check_built(model)
    graph, counted = find_graph(model), set()
    if graph is None:
        rows = [_row(layer.name, layer, counted) for layer in model.layers]
    else:
        calls = find_calls(graph)
        fields, n_rows = receptive_fields(calls), rows_of_an_example(calls)
        rows = [
            _row_of_call(call, fields, n_rows, counted) for call in calls if not call.is_expanded
        ]
    return ModelTable(
        name=model.name,
        rows=rows,
        total_parameters=_count(model.weights),
        trainable_parameters=_count(model.trainable_weights),
        total_multiply_adds=sum(row.multiply_adds or 0 for row in rows),
    )


def _row_of_call(call, fields, rows, counted):
    shape, field = call.outputs[0].shape[1:], fields[id(call.outputs[0])]
    sizes = [math.prod(t.shape[1:]) for t in call.outputs if None not in t.shape[1:]]
    return _row(
        call.path,
        call.layer,
        counted,
        output_shape=shape,
        n_products=call_multiply_adds(call, rows),
        field=field if isinstance(field, ReceptiveField) else None,
        memory=4 * sum(sizes) if len(sizes) == len(call.outputs) else None,
    )


def _row(name, layer, counted, output_shape=None, n_products=None, field=None, memory=None):
    """A row, which counts those weights that are not yet in the set `counted`."""
    new = [w for w in getattr(layer, "weights", []) if id(w) not in counted]  # a function has none
    counted.update(id(w) for w in new)
    n_trained = _count([w for w in new if w.trainable])
    kind = type(layer).__name__
    return TableRow(name, kind, output_shape, _count(new), n_trained, n_products, field, memory)


def _count(weights):
    return sum(math.prod(w.shape) for w in weights)


def _lines(rows):
    """The cells of each row, and before the rows of a nested model one with its name alone."""
    lines, current = [], []
    for row in rows:
        *models, name = row.name.split("/")
        for depth, model in enumerate(models):
            if current[: depth + 1] != models[: depth + 1]:
                lines.append((INDENT * depth + f"{model}:", *[""] * (len(_TITLES) - 1)))
        current = models
        lines.append((INDENT * len(models) + name, *_cells(row)))
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
        "?" if field is None else _pair(field.size),
        "?" if field is None else "-" if field.strides == (0, 0) else _pair(field.strides),
        "?" if row.memory is None else f"{row.memory:,}",
    )


def _sizes(shape):
    return "x".join("?" if size is None else str(size) for size in shape)


def _pair(pair):
    return str(pair[0]) if pair[0] == pair[1] else _sizes(pair)
