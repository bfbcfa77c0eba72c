"""Draw what four tasks of computer vision ask of one photo."""

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from cnnkit.viz._alt_text import counted, describe, percent
from cnnkit.viz._figure import image_panels, name_panels
from cnnkit.viz._images import as_image, draw_image
from cnnkit.viz._ranges import value_ranges

_TITLES = (
    "classification: what is it?",
    "detection: what is where?",
    "segmentation: which pixels?",
    "pose: where are certain points?",
)


def plot_vision_tasks(image, label, boxes, masks, keypoints, skeleton):
    """Draw one image four times, each with what one task answers about it.

    Classification gives the image a class, detection each object a box and a class, segmentation
    pixels a class, and pose estimation the places of certain points. The answers are given:
    somebody drew them, or a network gave them.

    Args:
        image: An image in one of the forms that `plot_images` takes.
        label: Text: the class of the image.
        boxes: Dictionary from the class of an object to `(top, left, height, width)` of its box.
        masks: Dictionary from a class to a Boolean array of shape `(height, width)`: its pixels.
        keypoints: Dictionary from the name of a point to its `(row, column)`: points of the first
            object in `boxes`, such as joints. Lines between them have its colour.
        skeleton: List of pairs of these names, which lines join.

    Returns:
        `Panels`, four in a row. A class has the same colour in all of them.

    Example:

    >>> import numpy as np
    >>> from cnnkit import data, viz
    >>> cat = data.load_photo("cat")
    >>> mask = np.zeros(cat.shape[:2], bool)
    >>> mask[60:290, 60:330] = True  # drawn with care, in earnest
    >>> places = {"left eye": (112, 160), "right eye": (112, 230), "nose": (150, 195)}
    >>> lines = [("left eye", "nose"), ("right eye", "nose")]
    >>> boxes = {"cat": (20, 50, 275, 300)}
    >>> panels = viz.plot_vision_tasks(cat, "cat", boxes, {"cat": mask}, places, lines)
    """
    image = as_image(image)
    masks = {name: np.asarray(mask, bool) for name, mask in masks.items()}
    _check(image, boxes, masks, keypoints, skeleton)
    colors = {name: f"C{i}" for i, name in enumerate(dict.fromkeys([*boxes, *masks]))}
    ((low, high),) = value_ranges([image])
    panels = image_panels([image] * 4, titled=True)
    name_panels(panels, _TITLES)
    for ax in panels:
        draw_image(ax, image, low, high)
    whole, detection, segmentation, pose = panels
    _write(whole, image.shape[0] - 1, 0, label, "0.2")
    _draw_boxes(detection, boxes, colors)
    _draw_masks(segmentation, masks, colors)
    _draw_pose(pose, keypoints, skeleton, next(iter(colors.values()), "C0"))
    describe(panels.figure, _in_words(label, boxes, masks, keypoints, skeleton))
    return panels


def _in_words(label, boxes, masks, keypoints, skeleton):
    found = [
        f"{name} in rows {top} to {top + height - 1}, columns {left} to {left + width - 1}"
        for name, (top, left, height, width) in boxes.items()
    ]
    areas = [f"{name} {percent(mask.mean())}" for name, mask in masks.items()]
    places = [f"{name} ({row}, {column})" for name, (row, column) in keypoints.items()]
    answers = {
        "Classification": label,
        "Detection": "; ".join(found),
        "Segmentation, in shares of all pixels": ", ".join(areas),
        "Pose, points at (row, column)": ", ".join(places),
    }
    words = " ".join(f"{task}: {answer or 'nothing'}." for task, answer in answers.items())
    return f"One image with four answers. {words[:-1]}; {counted(len(skeleton), 'line')} join them."


def _write(ax, row, column, text, color):
    """Write on a plate whose lower left corner is at a pixel."""
    pad = 1.5  # points; without an offset the plate would reach beyond the image
    plate = dict(facecolor=color, edgecolor="none", pad=pad)
    place = dict(xytext=(pad, pad), textcoords="offset points", va="bottom")
    ax.annotate(text, (column, row), color="white", fontsize="small", bbox=plate, **place)


def _draw_boxes(ax, boxes, colors):
    for name, (top, left, height, width) in boxes.items():
        style = dict(fill=False, edgecolor=colors[name], linewidth=2)
        # The pixel in column 0 reaches from -0.5 to 0.5.
        ax.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, **style))
        _write(ax, top, left, name, colors[name])


def _draw_masks(ax, masks, colors):
    for name, mask in masks.items():
        layer = np.zeros((*mask.shape, 4))
        layer[mask] = to_rgba(colors[name], 0.6)
        ax.imshow(layer)
        rows, columns = np.nonzero(mask)
        if rows.size:  # at the first pixel from the top
            _write(ax, rows[0], columns[0], name, colors[name])


def _draw_pose(ax, keypoints, skeleton, color):
    for pair in skeleton:
        (row, column), (end_row, end_column) = (keypoints[name] for name in pair)
        ax.plot([column, end_column], [row, end_row], color=color, linewidth=2.5)
    left, right = ax.get_xlim()
    for name, (row, column) in keypoints.items():
        ax.plot(column, row, "o", color="white", markeredgecolor="0.2", markersize=5)
        share = (column - left) / (right - left)  # a name near an edge is written inwards
        ax.annotate(
            name,
            (column, row),
            xytext=(0, 4),
            textcoords="offset points",
            ha="left" if share < 0.2 else "right" if share > 0.8 else "center",
            va="bottom",
            color="white",
            fontsize="x-small",
            path_effects=[withStroke(linewidth=2, foreground="0.2")],
            clip_on=True,
        )


def _check(image, boxes, masks, keypoints, skeleton):
    height, width = image.shape[:2]
    for name, (top, left, rows, columns) in boxes.items():
        if (
            min(top, left) < 0
            or min(rows, columns) < 1
            or top + rows > height
            or left + columns > width
        ):
            raise ValueError(
                "`boxes` must hold (top, left, height, width) inside the image of "
                f"{(height, width)}. Received: {name!r}: {(top, left, rows, columns)}"
            )
    for name, mask in masks.items():
        if mask.shape != (height, width):
            raise ValueError(
                f"`masks` must have the size of the image, {(height, width)}. "
                f"Received: {name!r} of shape {mask.shape}"
            )
    for name, (row, column) in keypoints.items():
        if not (0 <= row < height and 0 <= column < width):
            raise ValueError(
                f"`keypoints` must hold (row, column) inside the image of {(height, width)}. "
                f"Received: {name!r}: {(row, column)}"
            )
    unknown = sorted({name for pair in skeleton for name in pair} - set(keypoints))
    if unknown:
        raise ValueError(
            f"`skeleton` must hold pairs of names of `keypoints`, which are {list(keypoints)}. "
            f"Received: {unknown}"
        )
