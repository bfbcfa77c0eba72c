"""Sizes, costs and receptive fields: what can be told of a network without running it."""

from cnnkit.geometry.costs import multiply_adds, parameters
from cnnkit.geometry.fields import ReceptiveField, receptive_field
from cnnkit.geometry.sizes import output_size
from cnnkit.geometry.table import ModelTable, TableRow, model_table

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
