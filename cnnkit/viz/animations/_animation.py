"""Animations that a notebook plays, and that are saved as a GIF."""

from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.animation import FuncAnimation, HTMLWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

MAX_STEPS = 36
_MILLISECONDS = 600  # that a frame is seen
_N_COLORS = 256  # of a frame
_MAX_CHARACTERS = 3_000_000  # of a cell's output; Matplotlib itself stops at 20 MB


class Animation(FuncAnimation):
    """An animation that is the picture of its notebook cell, with buttons to play and to step.

    Args:
        figure: A `matplotlib.figure.Figure` made without pyplot: one that pyplot knows would be
            shown a second time, standing still. What `draw` changes has `animated=True`.
        draw: A function that draws one of `steps` on it.
        steps: A list of what the frames show, at most 36, one each.

    Attributes:
        figure, draw, steps: The arguments.
    """

    def __init__(self, figure, draw, steps):
        if not 1 <= len(steps) <= MAX_STEPS:
            raise ValueError(f"`steps` must be 1 to {MAX_STEPS}. Received: {len(steps)} steps")
        super().__init__(figure, draw, steps, interval=_MILLISECONDS, cache_frame_data=False)
        self.figure, self.draw, self.steps = figure, draw, steps

    def __del__(self):
        """Silent, unlike Matplotlib's: one that is stored and never shown deserves no warning."""

    def __repr__(self):
        return f"<Animation: {len(self.steps)} frames>"

    def _repr_html_(self):
        html = self.to_jshtml()
        if len(html) > _MAX_CHARACTERS:
            return (
                f"<p>This animation would add {len(html) / 1e6:.1f} MB to the notebook. "
                'Write it to a file instead: <code>animation.save("animation.gif")</code></p>'
            )
        # A page of its own: its script runs whenever JupyterLab puts the cell on the screen.
        width, height = self.figure.get_size_inches() * self.figure.dpi
        page = escape(f"<style>body {{margin: 0}} img {{max-width: 100%}}</style>{html}")
        size = f'width="{width:.0f}" height="{height + 110:.0f}" style="border:0; max-width:100%"'
        return f'<iframe srcdoc="{page}" {size}></iframe>'

    def to_jshtml(self, fps=None, embed_frames=True, default_mode="once"):
        """As in `matplotlib.animation.Animation`, but quicker and with smaller frames."""
        fps = fps or 1000 / _MILLISECONDS
        writer = _QuickWriter(fps, embed_frames=embed_frames, default_mode=default_mode)
        with TemporaryDirectory() as folder:
            path = Path(folder, "animation.html")
            super().save(path, writer)
            return path.read_text()

    def save(self, filename, writer=None, **options):
        """Write the animation to a file: a GIF through Pillow, other formats as Matplotlib does.

        Args:
            filename: The file, such as `"convolution.gif"`.
            writer: As in `matplotlib.animation.Animation.save`, and so are the other options.
        """
        if writer is None and str(filename).lower().endswith(".gif"):
            writer = "pillow"
        super().save(filename, writer=writer, **options)


class _QuickWriter(HTMLWriter):
    def setup(self, fig, outfile, dpi=None, frame_dir=None):
        super().setup(fig, outfile, dpi, frame_dir)
        self.fig = _MovingParts(fig)  # the writer asks it for nothing but `savefig`


class _MovingParts:
    """Saves a figure again and again, and draws anew what has `animated=True` only.

    Most of the time goes into text, and most of the text, the numbers of an image, stands still.
    """

    def __init__(self, figure):
        self.parts = sorted(
            figure.findobj(lambda artist: artist.get_animated()),
            key=lambda artist: artist.get_zorder(),
        )
        shown = [part.get_visible() for part in self.parts]
        for part in self.parts:  # up to Matplotlib 3.10 images are drawn although they move
            part.set_visible(False)
        canvas = figure.canvas
        self.canvas = FigureCanvasAgg(figure)
        self.canvas.draw()
        figure.set_canvas(canvas)
        self.background = self.canvas.copy_from_bbox(figure.bbox)
        for part, visible in zip(self.parts, shown, strict=True):
            part.set_visible(visible)

    def savefig(self, file, format, **_):
        """Write a PNG; with a palette it has a third of the size."""
        self.canvas.restore_region(self.background)
        for part in self.parts:
            part.draw(self.canvas.get_renderer())
        pixels = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        pixels.quantize(_N_COLORS, dither=Image.Dither.NONE).save(file, format=format)
