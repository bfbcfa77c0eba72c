"""What a figure shows, in words: the alternative text for those who cannot see it."""

import html
import sys
from functools import partial

import numpy as np
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter

_N_PANELS, _N_NAMES = 6, 10  # that are listed: more is tiring to listen to


def show_alt_text():
    """Give every figure that Jupyter displays from now on its alternative text.

    To be called once in a notebook. A screen reader then reads a sentence where it would meet a
    nameless picture, in JupyterLab, Colab and the pages of nbconvert. It is the sentence of the
    `plot_` function, made from what it draws, or the figure's attribute `alt_text`, which anybody
    can set: `figure.alt_text = "A cat on a sofa."` Without either it says what the figure is made
    of: its titles, axes, lines, bars and images. Pictures get twice the pixels, so that they are
    sharp on fine screens. Outside of Jupyter this does nothing.
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
        A dictionary from a type to data, HTML with the alternative text, and a PNG for what knows
        no HTML, such as LaTeX; and a dictionary with the size and the text of the latter. None, if
        the figure is empty.
    """
    from IPython.core.pylabtools import retina_figure  # only notebooks need, and have, IPython

    picture = retina_figure(figure, base64=True, **options)
    if picture is None:
        return None
    png, size = picture
    text = " ".join((getattr(figure, "alt_text", "") or _in_words(figure)).split())
    width, height = size["width"], size["height"]
    image = (
        f'<img src="data:image/png;base64,{png}" alt="{html.escape(text)}" width="{width}" '
        f'height="{height}" style="max-width: 100%; height: auto">'
    )
    data = {"text/html": image, "image/png": png, "text/plain": repr(figure)}
    return data, {"image/png": {**size, "alt": text}}


def describe(figure, sentence):
    """Add a sentence to the alternative text of a figure, which several plots may share.

    Args:
        figure: A `matplotlib.figure.Figure`, or a part of one, which keeps the text as its
            `alt_text`.
        sentence: What was drawn, how much of it, in which range, and what is to be seen.
    """
    figure = figure.get_figure(root=True)
    earlier = getattr(figure, "alt_text", "")
    figure.alt_text = f"{earlier} {sentence}".strip()


def _in_words(figure):
    """What a figure without a sentence is made of."""
    panels = [ax for ax in figure.axes if ax.has_data() and ax.get_label() != "<colorbar>"]
    texts = [_panel_in_words(ax) for ax in panels[:_N_PANELS]]
    if len(panels) == 1:
        texts = [f"Figure: {texts[0]}."]
    else:
        texts = [f"Panel {i}: {text}." for i, text in enumerate(texts, start=1)]
        texts.insert(0, f"Figure with {len(panels)} panels.")
    return " ".join([figure.get_suptitle(), *texts])


def _panel_in_words(ax):
    counts = {name: n for name, n in _count(ax).items() if n}
    things = ", ".join(f"{n} {name}{'s' * (n > 1)}" for name, n in counts.items())
    names = ax.get_legend_handles_labels()[1][:_N_NAMES]
    parts = [ax.get_title(), things + (f" ({', '.join(names)})" if names else "")]
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
        "image": len(ax.images) + len(kinds[QuadMesh]),
        "contour map": len(kinds[ContourSet]),
        "area": len(ax.collections) - n_known,
        "shape": len(set(ax.patches) - set(bars)),
    }


def _axis_in_words(axis, name, ends):
    """The name of an axis, and its categories or from where to where the data go."""
    name = axis.get_label_text() or name
    if not len(axis.get_ticklocs()) or not np.isfinite(ends).all():
        return ""
    formatter = axis.get_major_formatter()
    if isinstance(formatter, FixedFormatter | StrCategoryFormatter):
        return f"{name}: {', '.join(t.get_text() for t in axis.get_ticklabels()[:_N_NAMES])}"
    low, high = (formatter.format_data_short(end).strip() for end in sorted(ends))
    return f"{name} from {low} to {high}"
