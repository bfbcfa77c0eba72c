import numpy as np
import pytest

from cnnkit import viz

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def test_one_kernel_with_its_numbers():
    panels = viz.plot_kernels(SOBEL)
    (axis,) = panels
    assert [int(text.get_text()) for text in axis.texts] == SOBEL.ravel().tolist()
    assert axis.images[0].get_clim() == (-2, 2) and axis.get_title() == ""
    assert len(panels.figure.axes) == 2, "with a colour bar"


def test_several_of_different_sizes():
    panels = viz.plot_kernels([SOBEL, np.ones((5, 5)) / 25], titles=["Sobel", "blur"])
    assert [axis.get_title() for axis in panels] == ["Sobel", "blur"]
    assert {axis.images[0].get_clim() for axis in panels} == {(-2, 2)}
    assert panels.axes[0, 1].texts[0].get_text() == "0.040"
    assert len(viz.plot_kernels(SOBEL.tolist()).values) == 1
    assert len(viz.plot_kernels(np.ones((5, 3, 3)), n_cols=2).axes) == 3


@pytest.mark.parametrize("channels, filters", [(1, 1), (1, 10), (2, 4), (3, 8), (5, 2)])
def test_weights_of_a_layer(channels, filters):
    weights = np.random.default_rng(0).normal(size=(3, 2, channels, filters))
    panels = viz.plot_kernels(weights)
    for i, axis in enumerate(panels):
        channel, kernel = (0, i) if channels == 1 else divmod(i, filters)
        assert (axis.images[0].get_array() == weights[:, :, channel, kernel]).all()
        limit = np.abs(weights).max()
        assert axis.images[0].get_clim() == (-limit, limit)
    if channels > 1:
        assert panels.axes.shape == (channels, filters)
        names = [axis.get_ylabel() for axis in panels.axes[:, 0]]
        assert names == (
            ["red", "green", "blue"] if channels == 3 else list(channel_names(channels))
        )


def channel_names(n):
    return (f"channel {i}" for i in range(n))


def test_numbers_only_where_they_are_legible():
    assert not next(iter(viz.plot_kernels(np.ones((3, 3, 1, 13))))).texts
    assert not next(iter(viz.plot_kernels(np.full((5, 5, 1, 8), 0.123)))).texts
    assert not next(iter(viz.plot_kernels(np.ones((7, 7))))).texts


def test_zeros():
    assert next(iter(viz.plot_kernels(np.zeros((3, 3))))).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize(
    "weights, titles, words",
    [
        (np.zeros((3, 3, 64, 64)), None, r"`weights\[:, :, :4, :8\]`. Received: 4096 kernels"),
        (np.zeros(3), None, r"Received: weights.shape=\(3,\)"),
        (np.zeros((3, 0)), None, r"Received: weights.shape=\(3, 0\)"),
        (np.zeros((3, 3, 1, 2, 1)), None, "`weights` must have shape"),
        (np.full((3, 3), np.inf), None, "9 infinite"),
        (np.zeros((3, 3, 3, 2)), ["a"] * 6, "each of the 2 filters"),
    ],
)
def test_bad_input(weights, titles, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_kernels(weights, titles=titles)


def test_in_words():
    kernels = [SOBEL, np.full((3, 3), 1 / 3), np.zeros((3, 3))]
    panels = viz.plot_kernels(kernels, titles=["Sobel", "blur", ""])
    assert panels.figure.alt_text == (
        "3 kernels of 3 by 3, weights row by row: (−1, 0, 1; −2, 0, 2; −1, 0, 1), "
        "(0.333, 0.333, 0.333; 0.333, 0.333, 0.333; 0.333, 0.333, 0.333), (0, 0, 0; 0, 0, 0; 0, 0, "
        "0). Titles: 1: Sobel; 2: blur."
    )
    assert viz.plot_kernels([[5]]).figure.alt_text == (
        "1 kernel of 1 by 1, weights row by row: (5)."
    )


def test_many_weights_in_words():
    weights = np.zeros((2, 5, 3, 4))
    weights[0, 0, 1, 2], weights[0, 1, 1, 2] = -3, 4
    assert viz.plot_kernels(weights).figure.alt_text == (
        "4 filters of 3 input channels: 12 kernels of 2 rows by 5 columns, weights from −3 to 4, "
        "less than 1 % of them negative; the strongest kernel, of norm 5, is filter 2 for input "
        "channel 1."
    )
    grey = viz.plot_kernels([np.ones((3, 3)), np.full((5, 5), -2)])
    assert grey.figure.alt_text == (
        "2 kernels of 3 by 3 and 5 by 5, weights from −2 to 1, 74 % of "
        "them negative; the strongest kernel, of norm 10, is number 2."
    )
    assert viz.plot_kernels(np.ones((6, 6))).figure.alt_text == (
        "1 kernel of 6 by 6, weights all 1, none of them negative."
    )
