"""Animations that a notebook plays, and that are saved as a GIF."""

import json
from base64 import b64encode
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

MAX_STEPS = 36
_MILLISECONDS = 600  # that a frame is seen
_N_COLORS = 256  # of a frame
_MAX_CHARACTERS = 3_000_000  # of a cell's output; Matplotlib itself stops at 20 MB
_PLAYER = Path(__file__).with_name("_player.html")
_CONTROLS, _NARROWEST = 44, 360  # pixels: of the controls below a picture, and side by side
_STILL = (
    "The animation plays where scripts are allowed: run this cell, or trust the notebook "
    "(in JupyterLab: View, Activate Command Palette, Trust Notebook)."
)


class Animation(FuncAnimation):
    """An animation that is the picture of its notebook cell, with buttons to play and to step.

    Args:
        figure: A `matplotlib.figure.Figure` made without pyplot: one that pyplot knows would be
            shown a second time, standing still. What `draw` changes has `animated=True`.
        draw: A function that draws one of `steps` on it.
        steps: A list of what the frames show, at most 36, one each.

    Attributes:
        figure, draw, steps: The arguments.

    Example:

    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from cnnkit import viz
    >>> figure = Figure()
    >>> (line,) = figure.add_subplot(xlim=(0, 6), ylim=(-1, 1)).plot([], [], animated=True)
    >>> x = np.linspace(0, 6, 100)
    >>> def draw(step):
    ...     line.set_data(x, np.sin(x + step))
    ...
    >>> animation = viz.Animation(figure, draw, steps=[0, 0.2, 0.4])
    >>> animation.save("wave.gif")
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
        page = self.to_jshtml()
        if len(page) > _MAX_CHARACTERS:
            return (
                f"<p>This animation would add {len(page) / 1e6:.1f} MB to the notebook. "
                'Write it to a file instead: <code>animation.save("animation.gif")</code></p>'
            )
        # A page of its own: its script runs whenever JupyterLab puts the cell on the screen. It is
        # as high as its picture is at this width, and the controls below. Who may not show pages in
        # a page, as JupyterLab in a notebook that it does not trust, shows what stands in the tag.
        width, height = (round(size) for size in self.figure.get_size_inches() * self.figure.dpi)
        style = (
            f"display: block; border: 0; width: 100%; max-width: max({width}px, {_NARROWEST}px); "
            f"height: calc(min({width}px, 100cqw) * {height / width:.4f} + {_CONTROLS}px)"
        )
        return (
            f'<div style="container-type: inline-size"><iframe title="{self._title}" '
            f'srcdoc="{escape(page)}" height="{height + _CONTROLS}" style="{style}">'
            f"{self._alt_text} {_STILL}</iframe></div>"
        )

    @property
    def _title(self):
        return f"Animation in {len(self.steps)} pictures"

    @property
    def _alt_text(self):
        return escape(getattr(self.figure, "alt_text", "") or f"{self._title}.")

    def to_jshtml(self, fps=None):
        """Return the page that plays the animation: its script, its pictures, nothing elsewhere.

        Args:
            fps: Pictures a second.
        """
        frames = [f"data:image/png;base64,{b64encode(png).decode()}" for png in self._draw_frames()]
        return Template(_PLAYER.read_text(encoding="utf-8")).substitute(
            title=self._title,
            alt=self._alt_text,
            still=_STILL,
            first=frames[0],
            others=json.dumps(frames[1:]),
            n=len(frames),
            milliseconds=1000 / fps if fps else _MILLISECONDS,
        )

    def _draw_frames(self):
        moving = _MovingParts(self.figure)
        for step in self.steps:
            self.draw(step)
            yield moving.png()

    def save(self, filename, writer=None, **options):
        """Write the animation to a file: a GIF through Pillow, other formats as Matplotlib does.

        Args:
            filename: The file, such as `"convolution.gif"`.
            writer: As in `matplotlib.animation.Animation.save`, and so are the other options.
        """
        if writer is None and str(filename).lower().endswith(".gif"):
            writer = "pillow"
        super().save(filename, writer=writer, **options)


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
        with canvas.callbacks.blocked():  # a first drawing would start Matplotlib's own playing
            self.canvas.draw()
        figure.set_canvas(canvas)
        self.background = self.canvas.copy_from_bbox(figure.bbox)
        for part, visible in zip(self.parts, shown, strict=True):
            part.set_visible(visible)

    def png(self):
        """The bytes of a PNG of the figure as it is; with a palette it has a third of the size."""
        self.canvas.restore_region(self.background)
        for part in self.parts:
            part.draw(self.canvas.get_renderer())
        pixels = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        file = BytesIO()
        pixels.quantize(_N_COLORS, dither=Image.Dither.NONE).save(file, format="png")
        return file.getvalue()
