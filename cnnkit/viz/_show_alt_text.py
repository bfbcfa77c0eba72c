"""Have Jupyter display figures with their alternative text, and sharp on fine screens."""

import base64
import html
import sys
from functools import partial
from io import BytesIO

import numpy as np
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FuncFormatter, ScalarFormatter
from PIL import Image

from cnnkit.viz._alt_text import after_title, counted, range_in_words, rows_and_columns

_N_LISTED = 8  # panels, names: more is tiring to listen to


def show_alt_text():
    """Give every figure that Jupyter displays from now on its alternative text.

    To be called once in a notebook. A screen reader then reads a sentence where it would meet a
    nameless picture, in JupyterLab, Colab and the pages of nbconvert. It is the sentence of the
    `plot_` function, made from what it draws, or the figure's attribute `alt_text`, which anybody
    can set: `figure.alt_text = "A cat on a sofa."` Without either it says what the figure is made
    of: its titles, axes, lines, bars and images. Pictures get twice the pixels, so that they are
    sharp on fine screens. Outside of Jupyter this does nothing.

    Example:

    >>> from cnnkit import data, viz
    >>> viz.show_alt_text()  # once, at the head of a notebook
    >>> pets, labels = data.draw_pets(1, seed=0)
    >>> panels = viz.plot_images(pets)  # read out as the sentence that `plot_images` makes
    >>> panels.figure.alt_text = "A drawn cat."  # or as yours
    """
    ipython = sys.modules.get("IPython")  # who is in a notebook has it
    shell = ipython and ipython.get_ipython()
    if hasattr(shell, "kernel"):
        shell.display_formatter.mimebundle_formatter.for_type(Figure, partial(_show, shell))


def _show(shell, figure):
    """What Jupyter displays of a figure; it needs not draw a second picture by itself."""
    bundle = as_bundle(figure)
    shell.display_formatter.formatters["image/png"].pop(Figure, None)
    return bundle


def as_bundle(figure, **options):
    """A figure as Jupyter displays it.

    Args:
        figure: A `matplotlib.figure.Figure`.
        **options: As for `Figure.savefig`.

    Returns:
        A dictionary from a type to data, HTML with the alternative text, and a PNG of half the
        size for what knows no HTML, such as LaTeX; and a dictionary with the text for the latter.
        None, if the figure is empty.
    """
    from IPython.core.pylabtools import print_figure  # only notebooks need, and have, IPython

    png = print_figure(figure, "retina", **options)
    if png is None:
        return None
    text = " ".join((getattr(figure, "alt_text", "") or _in_words(figure)).split())
    half, buffer = Image.open(BytesIO(png)).reduce(2), BytesIO()
    half.save(buffer, "png")
    image = (
        f'<img src="data:image/png;base64,{_as_base64(png)}" alt="{html.escape(text)}" '
        f'width="{half.width}" height="{half.height}" style="max-width: 100%; height: auto">'
    )
    small = _as_base64(buffer.getvalue())
    data = {"text/html": image, "image/png": small, "text/plain": repr(figure)}
    return data, {"image/png": {"alt": text}}


def _as_base64(data):
    return base64.b64encode(data).decode("ascii")


def _in_words(figure):
    """What a figure without a sentence is made of."""
    panels = [ax for ax in figure.axes if ax.has_data() and ax.get_label() != "<colorbar>"]
    texts = [_panel_in_words(ax) for ax in panels]
    words = f"Figure: {texts[0]}." if texts else "Figure without data."
    if len(texts) > 1:
        numbered = [f"{i}: {text}." for i, text in enumerate(texts[:_N_LISTED], start=1)]
        words = f"Figure with {len(texts)} panels. {' '.join(numbered)}"
    return after_title(figure.get_suptitle(), words)


def _panel_in_words(ax):
    things = [counted(n, name) for name, n in _count(ax).items() if n]
    things += [
        f"image of {rows_and_columns(image.get_size())}, values {range_in_words(image.get_array())}"
        for image in ax.images
    ]
    names = ax.get_legend_handles_labels()[1][:_N_LISTED]
    parts = [ax.get_title(), ", ".join(things) + (f" ({', '.join(names)})" if names else "")]
    if ax.axison:
        ends = ax.dataLim.intervalx, ax.dataLim.intervaly
        parts += map(_axis_in_words, (ax.xaxis, ax.yaxis), "xy", ends)
    return "; ".join(filter(None, parts))


def _count(ax):
    """How many there are of each kind of thing that is drawn."""
    bars = [bar for group in ax.containers if isinstance(group, BarContainer) for bar in group]
    dots = [line for line in ax.lines if line.get_linestyle() in ("None", " ", "")]
    kinds = {
        kind: [part for part in ax.collections if isinstance(part, kind)]
        for kind in (LineCollection, PathCollection, QuadMesh, ContourSet)
    }
    n_known = sum(map(len, kinds.values()))
    return {
        "line": len(ax.lines) - len(dots) + len(kinds[LineCollection]),
        "point": sum(len(part.get_xdata()) for part in dots)
        + sum(len(part.get_offsets()) for part in kinds[PathCollection]),
        "bar": len(bars),
        "heat map": len(kinds[QuadMesh]),
        "contour map": len(kinds[ContourSet]),
        "area": len(ax.collections) - n_known,
        "shape": len(set(ax.patches) - set(bars)),
    }


def _axis_in_words(axis, name, ends):
    """The name of an axis, and its categories, or from where to where the data go."""
    label = axis.get_label_text()
    if not len(axis.get_ticklocs()) or not np.isfinite(ends).all():
        return label
    formatter = axis.get_major_formatter()
    if isinstance(formatter, FixedFormatter | FuncFormatter | StrCategoryFormatter):
        texts = [tick.get_text() for tick in axis.get_ticklabels()[:_N_LISTED]]
        return f"{label or name}: {', '.join(texts)}" if any(texts) else label
    if axis.axes.images and not label:  # it counts a picture's pixels
        return ""
    if isinstance(formatter, ScalarFormatter):
        return f"{label or name} {range_in_words(ends)}"
    low, high = (formatter.format_data_short(end).strip() for end in sorted(ends))
    return f"{label or name} from {low} to {high}"
