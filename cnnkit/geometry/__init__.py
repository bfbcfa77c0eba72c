"""Sizes, costs and receptive fields: what can be told of a network without running it."""

from cnnkit.geometry._costs import multiply_adds, parameters
from cnnkit.geometry._model_table import ModelTable, TableRow, model_table
from cnnkit.geometry._output_size import output_size
from cnnkit.geometry._receptive_field import ReceptiveField, receptive_field

__all__ = [
    "ModelTable",
    "ReceptiveField",
    "TableRow",
    "model_table",
    "multiply_adds",
    "output_size",
    "parameters",
    "receptive_field",
]
