import keras
import numpy as np
import pytest

from cnnkit import geometry, viz
from cnnkit.geometry import ReceptiveField

IMAGE = (np.arange(20 * 30).reshape(20, 30) % 256).astype(np.uint8)


def artists(ax, gid):
    return [artist for artist in [*ax.lines, *ax.patches] if artist.get_gid() == gid]


def box(ax):
    """`(left, top, right, bottom)` of the dashed box."""
    (field,) = artists(ax, "field")
    (x, y), width, height = field.get_xy(), field.get_width(), field.get_height()
    return x, y, x + width, y + height


def sides(ax):
    """The solid lines, each as `(x0, y0, x1, y1)`."""
    lines = artists(ax, "inside")
    assert all(line.get_linestyle() == "-" for line in lines)
    return sorted(tuple(line.get_xydata().ravel().tolist()) for line in lines)


def test_a_field_inside_has_four_solid_sides():
    field = ReceptiveField((4, 6), (2, 3), (1, 0))
    ax = viz.plot_receptive_field(field, IMAGE, position=(2, 1))
    # Rows 5 to 8 and columns 3 to 8; a pixel reaches half a pixel around its middle.
    left, top, right, bottom = 2.5, 4.5, 8.5, 8.5
    assert sides(ax) == sorted(
        [
            (left, top, left, bottom),
            (right, top, right, bottom),
            (left, top, right, top),
            (left, bottom, right, bottom),
        ]
    )
    assert not artists(ax, "field"), "nothing is dashed"
    (middle,) = artists(ax, "middle")
    assert middle.get_xydata().tolist() == [[5.5, 6.5]]
    assert ax.get_title() == "unit (2, 1) sees 4 × 6 pixels"
    assert (ax.images[0].get_array() == IMAGE).all()


def test_it_is_dashed_where_it_leaves_the_image():
    ax = viz.plot_receptive_field(
        ReceptiveField((7, 5), (2, 2), (-3, -2)), IMAGE, position=(0, 0), title="corner"
    )
    assert box(ax) == (-2.5, -3.5, 2.5, 3.5)
    assert artists(ax, "field")[0].get_linestyle() == "--"
    assert sides(ax) == [(-0.5, 3.5, 2.5, 3.5), (2.5, -0.5, 2.5, 3.5)]
    assert ax.get_title() == "corner"
    (x0, x1), (y1, y0) = ax.get_xlim(), ax.get_ylim()
    assert x0 < -2.5 and y0 < -3.5 and x1 > 29.5 and y1 > 19.5, "all is seen"


def test_a_field_larger_than_the_image_has_no_solid_side():
    ax = viz.plot_receptive_field(ReceptiveField((99, 99), (8, 8), (-40, -40)), IMAGE)
    assert not sides(ax) and len(artists(ax, "field")) == 1
    assert ax.get_xlim()[0] < -0.5 and ax.get_xlim()[1] > 29.5


@pytest.mark.parametrize("seed", range(6))
def test_the_box_holds_what_a_model_sees(seed):
    rng = np.random.default_rng(seed)
    kernel, stride = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    model = keras.Sequential([keras.Input((20, 30, 1))])
    for strides in (1, stride):
        padding = str(rng.choice(["same", "valid"]))
        options = dict(strides=strides, padding=padding, kernel_initializer="ones")
        model.add(keras.layers.Conv2D(1, kernel, **options))
    maps = np.asarray(model(np.zeros((1, 20, 30, 1))))
    position = tuple(int(rng.integers(size)) for size in maps.shape[1:3])
    ax = viz.plot_receptive_field(geometry.receptive_field(model), IMAGE, position=position)
    # A pixel is seen if the unit changes with it.
    impulses = np.eye(600, dtype=np.float32).reshape(600, 20, 30, 1)
    seen = np.asarray(model(impulses))[:, position[0], position[1], 0].reshape(20, 30) != 0
    drawn = np.array([line.get_xydata() for line in artists(ax, "inside")])
    rows, columns = np.nonzero(seen)
    found = [columns.min() - 0.5, columns.max() + 0.5, rows.min() - 0.5, rows.max() + 0.5]
    ends = [*np.sort(drawn[..., 0].ravel())[[0, -1]], *np.sort(drawn[..., 1].ravel())[[0, -1]]]
    assert ends == found


@pytest.mark.parametrize(
    "field, unit",
    [
        (ReceptiveField((4, 4), (2, 2), (0, 0)), (4, 6)),  # rows 8 to 11, columns 12 to 15
        (ReceptiveField((20, 30), (0, 0), (0, 0)), (0, 0)),
        (ReceptiveField((7, 7), (4, 4), (-3, -3)), (2, 4)),
    ],
)
def test_the_unit_in_the_middle(field, unit):
    ax = viz.plot_receptive_field(field, IMAGE)
    assert ax.get_title().startswith(f"unit {unit} ")
    (middle,) = artists(ax, "middle")
    ((x, y),) = middle.get_xydata()
    reach = [stride / 2 + 0.01 for stride in field.strides]
    assert abs(y - 9.5) <= reach[0] and abs(x - 14.5) <= reach[1]


def test_heat_covers_where_it_is_strong():
    heat = np.zeros((20, 30))
    heat[5, 7], heat[6, 7] = 8, 2
    ax = viz.plot_receptive_field(ReceptiveField((4, 4), (2, 2), (0, 0)), IMAGE, heat=heat)
    _, overlay = ax.images
    assert overlay.get_gid() == "heat" and overlay.get_cmap().name == "viridis"
    assert (overlay.get_array() == heat / 8).all() and overlay.get_clim() == (0, 1)
    alpha = overlay.get_alpha()
    assert alpha[0, 0] == 0 and 0 < alpha[6, 7] < alpha[5, 7] <= 1
    dead = viz.plot_receptive_field(ReceptiveField((4, 4), (2, 2), (0, 0)), IMAGE, heat=heat * 0)
    assert not dead.images[1].get_alpha().any()


@pytest.mark.parametrize(
    "image, settings, words",
    [
        (IMAGE, dict(heat=np.zeros((30, 20))), r"`heat` .*\(20, 30\).*heat.shape=\(30, 20\)"),
        (IMAGE, dict(heat=np.full((20, 30), -1)), "smallest -1"),
        (IMAGE, dict(heat=np.full((20, 30), np.nan)), "`heat` must hold finite"),
        (IMAGE, dict(position=(10, 0)), r"`position` .* starts at row 20, column 0"),
        (IMAGE, dict(position=(-3, 0)), r"position=\(-3, 0\)"),
        (np.zeros((20, 30, 5)), {}, "1, 3 or 4 channels"),
    ],
)
def test_bad_input(image, settings, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_receptive_field(ReceptiveField((4, 4), (2, 2), (0, 0)), image, **settings)


HEAT = np.zeros((20, 30))
HEAT[5, 7], HEAT[6, 6], HEAT[7, 5], HEAT[8, 8] = 4, 3, 2, 1


def test_in_words():
    field = ReceptiveField((4, 6), (2, 3), (1, 0))
    ax = viz.plot_receptive_field(field, IMAGE, position=(2, 1), heat=HEAT)
    # The inner half is rows 6 and 7, columns 5 and 6 and half of columns 4 and 7: of heat 3 and 2.
    assert ax.figure.alt_text == (
        "The unit in row 2, column 1 of its map, counted from 0, has a receptive field of 4 rows "
        "by 6 columns: rows 5 to 8, columns 3 to 8 of an image of 20 rows by 30 columns. The unit "
        "depends most on the pixel in row 5, column 7. The inner half of the field's rows and "
        "columns has 50 % of the dependence, and 25 % of its pixels."
    )
    viz.plot_receptive_field(field, IMAGE, heat=HEAT * 0, ax=ax, title="dead")
    assert "pixels. dead. The unit in row" in ax.figure.alt_text, "two plots in one figure"
    assert ax.figure.alt_text.endswith(" columns. The unit depends on none of the pixels.")


def test_equal_heat_where_the_field_leaves_the_image_in_words():
    heat = np.zeros((20, 30))
    heat[:5, :6] = 1  # rows 0 to 4 of the field's -3 to 4, columns 0 to 5 of -2 to 5
    field = ReceptiveField((8, 8), (2, 2), (-3, -2))
    text = viz.plot_receptive_field(field, IMAGE, position=(0, 0), heat=heat).figure.alt_text
    # The inner half is rows -1 to 2, columns 0 to 3; in the image 3 by 4 of 5 by 6.
    assert text.endswith(
        "most on 30 pixels alike. The inner half of the field's rows and columns has 40 % of the "
        "dependence, and 40 % of its pixels in the image."
    )


@pytest.mark.parametrize(
    "field, position, words",
    [
        (((7, 5), (2, 2), (-3, -2)), (0, 0), "0 to 3, columns 0 to 2; 3 rows and 2 columns"),
        (((7, 5), (2, 2), (-3, -2)), (9, 1), "15 to 19, columns 0 to 4; 2 rows and 0 columns"),
        (((99, 31), (8, 8), (-40, -1)), (0, 0), "0 to 19, columns 0 to 29; 79 rows and 1 column"),
    ],
)
def test_what_lies_outside_in_words(field, position, words):
    ax = viz.plot_receptive_field(ReceptiveField(*field), IMAGE, position=position)
    words = words.replace(";", " of an image of 20 rows by 30 columns;")
    assert ax.figure.alt_text.endswith(f"{words} of the field lie outside of the image.")


def test_fields_between_pixels():
    """After upsampling by 2, units (4, 6) and (5, 7) see the pixel (2, 3)."""
    field = ReceptiveField((1.5, 1.5), (0.5, 0.5), (-0.5, -0.5))
    for position in ((4, 6), (5, 7)):
        ax = viz.plot_receptive_field(field, IMAGE, position=position)
        assert ax.get_title().endswith("sees 1 × 1 pixels")
        assert artists(ax, "middle")[0].get_xydata().tolist() == [[3, 2]]
        assert "rows 2 to 2, columns 3 to 3" in ax.figure.alt_text
    gaps = ReceptiveField((1, 1), (0.5, 0.5), (0, 0))  # each second unit sees nothing
    with pytest.raises(ValueError, match="`position` must be a unit that sees a part"):
        viz.plot_receptive_field(gaps, IMAGE, position=(5, 7))


@pytest.mark.parametrize(
    "paths, words", [(("gate",), "'gate' it"), (("a", "b", "c"), "'a' and 2 other layers it")]
)
def test_what_lies_beyond_is_said(paths, words):
    field = ReceptiveField((4, 6), (2, 3), (1, 0), beyond=paths)
    ax = viz.plot_receptive_field(field, IMAGE, position=(2, 1))
    assert ax.get_title() == "unit (2, 1) sees 4 × 6 pixels, and more"
    assert ax.figure.alt_text.endswith(f"By {words} depends on pixels beyond its field too.")
