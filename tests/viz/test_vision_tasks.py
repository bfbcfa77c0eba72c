import numpy as np
import pytest
from matplotlib.colors import to_hex

from cnnkit import viz

PHOTO = np.arange(20 * 30, dtype=np.float64).reshape(20, 30) / 600
LEFT = np.zeros((20, 30), bool)
LEFT[5:, :6] = True
ANSWERS = dict(
    label="walker",
    boxes={"person": (5, 0, 15, 6), "dog": (14, 10, 6, 9)},
    masks={"person": LEFT, "lead": ~LEFT},
    keypoints={"head": (6, 3), "hand": (12, 5), "foot": (19, 2)},
    skeleton=[("head", "hand"), ("head", "foot")],
)


def colors(ax):
    """The words written on an `Axes`, and the colours of their plates."""
    plates = {text.get_text(): text.get_bbox_patch().get_facecolor() for text in ax.texts}
    return {word: to_hex(color) for word, color in plates.items()}


def test_one_image_has_four_answers():
    panels = viz.plot_vision_tasks(PHOTO, **ANSWERS)
    whole, detection, segmentation, pose = panels
    assert all((ax.images[0].get_array() == PHOTO).all() for ax in panels)
    assert [ax.get_title().split(":")[0] for ax in panels] == [
        *("classification", "detection", "segmentation", "pose")
    ]
    assert list(colors(whole)) == ["walker"]
    assert [patch.get_bbox().bounds for patch in detection.patches] == [
        *((-0.5, 4.5, 6, 15), (9.5, 13.5, 9, 6))
    ]
    for picture, mask in zip(segmentation.images[1:], (LEFT, ~LEFT), strict=True):
        assert ((picture.get_array()[..., 3] > 0) == mask).all()
    assert [text.get_text() for text in pose.texts] == ["head", "hand", "foot"]
    joints = [line.get_xydata().tolist() for line in pose.lines]
    assert joints[:2] == [[[3, 6], [5, 12]], [[3, 6], [2, 19]]], "x is the column, y the row"
    assert joints[2:] == [[[3, 6]], [[5, 12]], [[2, 19]]]


def test_a_class_has_one_color():
    _, detection, segmentation, pose = viz.plot_vision_tasks(PHOTO, **ANSWERS)
    names = ["person", "dog", "lead"]
    found = colors(detection) | colors(segmentation)
    assert found == {name: to_hex(f"C{i}") for i, name in enumerate(names)}
    edges = [to_hex(patch.get_edgecolor()) for patch in detection.patches]
    assert edges == [to_hex("C0"), to_hex("C1")]
    person, lead = (picture.get_array() for picture in segmentation.images[1:])
    assert to_hex(person[5, 0, :3]) == to_hex("C0") and to_hex(lead[0, 0, :3]) == to_hex("C2")
    assert to_hex(pose.lines[0].get_color()) == to_hex("C0")


def test_words_stay_within_the_image():
    boxes = {"person": (200, 0, 300, 200)}
    empty = dict(masks={}, keypoints={}, skeleton=[])
    panels = viz.plot_vision_tasks(np.zeros((500, 500)), label="walker", boxes=boxes, **empty)
    panels.figure.draw_without_rendering()
    words = [(ax, text) for ax in panels for text in ax.texts]
    assert [text.get_text() for _, text in words] == ["walker", "person"]
    for ax, text in words:
        plate = text.get_bbox_patch().get_tightbbox()
        assert plate.x0 > ax.bbox.x0 - 1 and plate.y0 > ax.bbox.y0 - 1, text.get_text()


def test_no_object_at_all():
    empty = dict(label="sky", boxes={}, masks={"bird": ~LEFT & LEFT}, keypoints={}, skeleton=[])
    panels = viz.plot_vision_tasks(PHOTO, **empty)
    assert not panels.axes[0, 1].patches and not panels.axes[0, 3].lines
    assert panels.figure.alt_text == (
        "One image with four answers. Classification: sky. Detection: nothing. Segmentation, in "
        "shares of all pixels: bird 0 %. Pose, points at (row, column): nothing; 0 lines join them."
    )


@pytest.mark.parametrize(
    "options, words",
    [
        (dict(boxes={"dog": (14, 10, 7, 9)}), r"`boxes` .* of \(20, 30\). Received: 'dog': \(14, "),
        (dict(boxes={"dog": (-1, 10, 7, 9)}), "inside the image"),
        (dict(boxes={"dog": (1, 10, 0, 9)}), "inside the image"),
        (dict(boxes={"dog": (1, 25, 2, 6)}), "inside the image"),
        (
            dict(masks={"dog": LEFT.T}),
            r"`masks` .* \(20, 30\). Received: 'dog' of shape \(30, 20\)",
        ),
        (dict(keypoints={"head": (3, 30)}, skeleton=[]), r"`keypoints` .* 'head': \(3, 30\)"),
        (dict(skeleton=[("head", "tail")]), r"`skeleton` .*'foot'\]. Received: \['tail'\]"),
    ],
)
def test_bad_input(options, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_vision_tasks(PHOTO, **ANSWERS | options)


def test_in_words():
    assert viz.plot_vision_tasks(PHOTO, **ANSWERS).figure.alt_text == (
        "One image with four answers. Classification: walker. Detection: person in rows 5 to 19, "
        "columns 0 to 5; dog in rows 14 to 19, columns 10 to 18. Segmentation, in shares of all "
        "pixels: person 15 %, lead 85 %. Pose, points at (row, column): head (6, 3), hand (12, 5), "
        "foot (19, 2); 2 lines join them."
    )
