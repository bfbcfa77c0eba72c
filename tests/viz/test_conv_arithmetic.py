import keras
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from cnnkit import viz


def cells(ax, gid):
    """The middles `(row, column)` of the cells of a kind."""
    found = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_gid() == gid]
    return {
        (round(p.get_y() + p.get_height() / 2), round(p.get_x() + p.get_width() / 2)) for p in found
    }


def shape(places):
    rows, columns = zip(*places, strict=True)
    return max(rows) - min(rows) + 1, max(columns) - min(columns) + 1


def random_settings(n):
    rng = np.random.default_rng(0)
    for _ in range(n):
        size, kernel = rng.integers(3, 10, 2), rng.integers(1, 4, 2)
        strides, dilation_rate = (
            (rng.integers(1, 4, 2), (1, 1)) if rng.random() < 0.6 else ((1, 1), (2, 2))
        )
        padding = str(rng.choice(["valid", "same"]))
        reach = (kernel - 1) * np.array(dilation_rate) + 1
        if padding == "same" or (reach <= size).all():
            yield (
                [tuple(int(v) for v in pair) for pair in (size, kernel, strides, dilation_rate)],
                padding,
            )


@pytest.mark.parametrize("settings, padding", list(random_settings(30)))
def test_sizes_and_pixels_as_in_keras(settings, padding):
    size, kernel_size, strides, dilation_rate = settings
    options = dict(strides=strides, padding=padding, dilation_rate=dilation_rate)
    ax = viz.plot_conv_arithmetic(size, kernel_size, **options)
    layer = keras.layers.Conv2D(1, kernel_size, kernel_initializer="ones", **options)
    n_rows, n_columns = layer.compute_output_shape((1, *size, 1))[1:3]
    assert shape(cells(ax, "input")) == size and len(cells(ax, "input")) == size[0] * size[1]
    output = cells(ax, "output")
    assert shape(output) == (n_rows, n_columns) and len(output) == n_rows * n_columns
    left = min(column for _, column in output)

    # Each pixel alone tells which outputs read it.
    pixels = np.eye(size[0] * size[1], dtype=np.float32).reshape(-1, *size, 1)
    reads = np.asarray(layer(pixels))[..., 0] > 0
    unread = {divmod(int(i), size[1]) for i in np.flatnonzero(~reads.any(axis=(1, 2)))}
    assert cells(ax, "unread") == unread
    for i in range(3):
        if not cells(ax, f"gives {i}"):
            continue
        ((row, column),) = cells(ax, f"gives {i}")
        read = {divmod(int(k), size[1]) for k in np.flatnonzero(reads[:, row, column - left])}
        assert cells(ax, f"read {i}") & cells(ax, "input") == read
        assert cells(ax, f"read {i}") - read <= cells(ax, "border")


def test_small_integers_of_numpy_draw_the_same():
    plain = viz.plot_conv_arithmetic(5, 3, padding=1)
    small = viz.plot_conv_arithmetic(np.uint8(5), np.uint8(3), padding=np.uint8(1))
    assert cells(small, "border") == cells(plain, "border") and len(cells(small, "border")) == 24


def gives(ax):
    return [cells(ax, f"gives {i}") for i in range(3)]


def test_the_first_second_and_last_position():
    first, second, last = gives(viz.plot_conv_arithmetic(5, 3))
    assert [first, second, last] == [{(0, 8)}, {(0, 9)}, {(2, 10)}]
    assert gives(viz.plot_conv_arithmetic(3, 3)) == [{(0, 6)}, set(), set()]
    assert gives(viz.plot_conv_arithmetic((4, 3), 3)) == [{(0, 6)}, {(1, 6)}, set()]
    assert gives(viz.plot_conv_arithmetic(5, 3, strides=2))[2] == {(1, 9)}


def test_the_legend_names_the_positions_that_are_drawn():
    for size, names in [
        (5, ["first", "second", "last"]),
        ((5, 3), ["first", "second", "last"]),
        (3, ["first"]),
        ((4, 3), ["first", "second"]),
    ]:
        ax = viz.plot_conv_arithmetic(size, 3)
        entries = [text.get_text() for text in ax.get_legend().get_texts()]
        others = ["others, not drawn"] if size == 5 else []  # it has nine positions
        assert entries == [f"{name} position" for name in names] + others
        for i, handle in enumerate(ax.get_legend().legend_handles[: len(names)]):
            (cell,) = [p for p in ax.patches if p.get_gid() == f"gives {i}"]
            assert to_rgb(handle.get_color()) == to_rgb(cell.get_facecolor())


def test_the_padding_is_said():
    lines = [
        viz.plot_conv_arithmetic(5, 3, padding=padding).texts[0].get_text().split("\n")[2:]
        for padding in ("valid", "same", 2, (1, 0))
    ]
    assert lines == [[], ["padding 1"], ["padding 2"], ["padding 1 above, 1 below"]]


def test_what_is_written():
    ax = viz.plot_conv_arithmetic(6, 3, strides=2, padding="same")
    assert ax.get_title() == "⌊(6 + 1 − 3) / 2⌋ + 1 = 3"
    assert [t.get_text() for t in ax.texts] == [
        "input 6 × 6\nkernel 3 × 3\npadding 1 below, 1 right\nstride 2",
        "output 3 × 3",
    ]
    assert shape(cells(ax, "border")) == (7, 7), "the odd pixel goes to the bottom and right"
    assert min(cells(ax, "border")) == (0, 6)
    ax = viz.plot_conv_arithmetic(
        (5, 7), (3, 2), strides=(1, 2), padding=((1, 0), (2, 0)), title="mine"
    )
    assert ax.get_title() == "mine" and "stride (1, 2)" in ax.texts[0].get_text()
    assert len(cells(ax, "border")) == 6 * 9 - 5 * 7


@pytest.mark.parametrize(
    "settings, words",
    [
        (dict(image_size=0, kernel_size=3), "`image_size` must be a positive integer"),
        (dict(image_size=5, kernel_size=3.0), "`kernel_size` must be"),
        (dict(image_size=5, kernel_size=3, strides=0), "`strides` must be"),
        (dict(image_size=5, kernel_size=3, dilation_rate=(1, 0)), "`dilation_rate` must be"),
        (dict(image_size=5, kernel_size=3, padding="full"), "`padding` must be"),
        (dict(image_size=2, kernel_size=3), "must fit into the padded image"),
        (
            dict(image_size=32, kernel_size=3, padding="same"),
            "at most 32 rows .* Received: 34 x 34",
        ),
    ],
)
def test_bad_input(settings, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_conv_arithmetic(**settings)


ROUNDED = "for (7 − 3) / 3 = 1.33 is rounded down to 1, + 1"


@pytest.mark.parametrize(
    "sizes, settings, words",
    [
        (
            (7, 3),
            dict(strides=3),
            f"Input 7 by 7, kernel 3 by 3, stride 3: output 2 by 2, {ROUNDED}. Never read "
            "(hatched): 13 of 49, row 6 and column 6, counted from 0.",
        ),
        (
            (7, 3),
            dict(strides=2),
            "stride 2: output 3 by 3, (7 − 3) / 2 + 1. All inputs are read.",
        ),
        (
            (5, 3),
            dict(padding="same"),
            "Input 5 by 5 with a border of 1 on each side, kernel 3 by 3, stride 1: output 5 "
            "by 5, (5 + 2 − 3) / 1 + 1. All inputs are read.",
        ),
        (
            (7, 3),
            dict(dilation_rate=2),
            "kernel 3 by 3 with dilation rate 2, which reaches over 5 by 5, stride 1: output "
            "3 by 3, (7 − 5) / 1 + 1. All inputs are read.",
        ),
        (
            (8, 2),
            dict(strides=3),
            "output 3 by 3, (8 − 2) / 3 + 1. Never read (hatched): 28 of 64, rows 2 and 5 and "
            "columns 2 and 5, counted from 0.",
        ),
        (
            (8, 1),
            dict(strides=2),
            "= 3.5 is rounded down to 3, + 1. Never read (hatched): 48 of 64.",
        ),
        (
            ((5, 6), (3, 2)),
            dict(strides=(2, 1), padding=((1, 0), (0, 2)), dilation_rate=(1, 2)),
            "Input 5 rows by 6 columns with a border of 1 above and 2 on the right, kernel 3 rows "
            "by 2 columns with dilation rate 1 by 2, which reaches over 3 by 3, strides of 2 "
            "rows and 1 column: output 2 rows by 6 columns; rows for (5 + 1 − 3) / 2 = 1.5 is "
            "rounded down to 1, + 1; columns (6 + 2 − 3) / 1 + 1. Never read (hatched): 6 of 30, "
            "row 4, counted from 0.",
        ),
    ],
)
def test_in_words(sizes, settings, words):
    assert viz.plot_conv_arithmetic(*sizes, **settings).figure.alt_text.endswith(words)


def test_two_plots_in_one_figure_in_words():
    ax = viz.plot_conv_arithmetic(7, 3, title="first")
    viz.plot_conv_arithmetic(7, 3, title="second", ax=ax)
    assert ax.figure.alt_text.startswith("first. Input 7")
    assert "read. second. Input 7" in ax.figure.alt_text
