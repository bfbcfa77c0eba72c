"""The figure on which an animation plays."""

from matplotlib.figure import Figure

from cnnkit.viz._cells import frame

_WIDTH = 11  # inches


class Stage:
    """A figure of panels that stand still, with a sentence below that changes.

    Args:
        rows: The names of the panels, row by row, as in `Figure.subplot_mosaic`.
        titles: A dictionary from the name of each panel to the text above.
        width_ratios: The widths of the columns.
        height: Of the figure, in inches.
        framed: Whether each panel has a thin frame in place of ticks. Panels with ticks are laid
            out again by `settle`, once all is drawn that stands still.

    Attributes:
        figure: The `matplotlib.figure.Figure`.
        panels: A dictionary from name to `Axes`.
        sentence: The `matplotlib.text.Text` below.
    """

    def __init__(self, rows, titles, width_ratios, height, framed=True):
        # Not made by pyplot: a notebook would show it a second time, standing still.
        self.figure = Figure(figsize=(_WIDTH, height), dpi=90, layout="constrained")
        self.panels = self.figure.subplot_mosaic(rows, width_ratios=width_ratios)
        for name, title in titles.items():
            self.panels[name].set_title(title)
            if framed:
                frame(self.panels[name])
        room = self.figure.supxlabel(" ", fontsize=11)
        self.settle()
        # In a panel, because a saved file has no texts of the figure itself that are animated.
        style = dict(transform=self.figure.transFigure, ha="center", va="bottom", animated=True)
        ax = self.panels[rows[0][-1]]
        self.sentence = ax.text(*room.get_position(), "", fontsize=11, gid="sentence", **style)

    def settle(self):
        """Lay the panels out once and for all: else they would tremble."""
        self.figure.set_layout_engine("constrained")
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")


def window_stage(n_channels, title):
    """A stage for a window that slides over an image, with a row of panels for each channel.

    Args:
        n_channels: Of the image.
        title: Above what the window shows.

    Returns:
        A `Stage` with the panels "image 0", "window 0", "image 1" and so on, and "output".
    """
    rows = [[f"image {i}", f"window {i}", "output"] for i in range(n_channels)]
    titles = {"output": "output"}
    for i in range(n_channels):
        titles[f"image {i}"] = "image" if n_channels == 1 else f"image, channel {i}"
        titles[f"window {i}"] = title
    height = 4.3 if n_channels == 1 else 2.7 * n_channels + 0.5
    return Stage(rows, titles, (1.2, 1, 1), height)
