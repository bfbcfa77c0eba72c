import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnkit.reference import borders, count_positions, effective_size


def borders_of(padding, n_axes=2):
    return borders(padding, [7] * n_axes, [3] * n_axes, [1] * n_axes, [1] * n_axes)


@pytest.mark.parametrize(
    "padding, expected",
    [
        ("valid", [(0, 0), (0, 0)]),
        ("same", [(1, 1), (1, 1)]),
        (2, [(2, 2), (2, 2)]),
        ((1, 2), [(1, 1), (2, 2)]),
        ([(0, 1), (2, 3)], [(0, 1), (2, 3)]),
        ((4, (2, 3)), [(4, 4), (2, 3)]),
        (np.int64(1), [(1, 1), (1, 1)]),
    ],
)
def test_borders_of_images(padding, expected):
    assert borders_of(padding) == expected


@pytest.mark.parametrize(
    "padding, expected", [("valid", (0, 0)), ("same", (1, 1)), (2, (2, 2)), ((1, 2), (1, 2))]
)
def test_borders_of_sequences(padding, expected):
    assert borders_of(padding, n_axes=1) == [expected]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 127),
    *[st.integers(1, 9)] * 3,
    st.one_of(st.sampled_from(["valid", "same"]), st.tuples(*[st.integers(0, 127)] * 2)),
    st.sampled_from([np.int8, np.uint8, np.int16, np.uint64]),
)
def test_small_integers_of_numpy_give_the_same(
    size, kernel_size, strides, dilation, padding, small
):
    axis = size, kernel_size, strides, dilation
    border = borders(padding, *([n] for n in axis))
    given_padding = padding if isinstance(padding, str) else tuple(map(small, padding))
    received = borders(given_padding, *([small(n)] for n in axis))
    assert received == border and {type(n) for pair in received for n in pair} == {int}
    reach = effective_size(kernel_size, dilation)
    assert effective_size(small(kernel_size), small(dilation)) == reach
    if reach <= size + sum(border[0]):
        n = count_positions(size, *border, kernel_size, strides, dilation)
        small_border = tuple(map(small, border[0]))
        numbers = small(kernel_size), small(strides), small(dilation)
        assert count_positions(small(size), small_border, *numbers) == n


def test_borders_of_three_axes():
    assert borders_of(1, n_axes=3) == [(1, 1)] * 3
    assert borders_of((1, 2, (3, 4)), n_axes=3) == [(1, 1), (2, 2), (3, 4)]


@pytest.mark.parametrize(
    "padding",
    [
        "full",
        None,
        -1,
        1.5,
        True,
        (1, -1),
        (1, True),
        (1, 2, 3),
        (0, 0, 0, 0),
        ((1, 2),),
        ((1, 2, 3), 1),
        np.array(1),
    ],
)
def test_what_is_no_padding(padding):
    words = r"integer, \(vertical, horizontal\) or \(\(top, bottom\), \(left, right\)\)"
    with pytest.raises(ValueError, match=f"`padding` must be .*{words}") as error:
        borders_of(padding)
    assert str(error.value).endswith(f"Received: padding={padding!r}")


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_arrays_are_no_padding(n_axes):
    for padding in (np.array([1] * n_axes), np.ones((n_axes, 2), int), np.array("same")):
        with pytest.raises(ValueError, match="`padding` must be .* Received: padding=array"):
            borders_of(padding, n_axes)


@pytest.mark.parametrize("padding", ["full", (1,), (1, 2, 3), ((1, 2),), ((1, 2), (1, 2))])
def test_what_is_no_padding_of_a_sequence(padding):
    with pytest.raises(ValueError, match=r"an integer or a pair \(before, after\)"):
        borders_of(padding, n_axes=1)


def test_what_is_no_padding_of_three_axes():
    with pytest.raises(ValueError, match="3 integers or pairs"):
        borders_of((1, 2), n_axes=3)


def test_same():
    def same(*axis):
        return borders("same", *([n] for n in axis))

    assert [same(7, size, 1, 1) for size in (3, 5, 7)] == [[(1, 1)], [(2, 2)], [(3, 3)]]
    assert same(32, 7, 1, 1) == [(3, 3)]
    assert same(6, 3, 2, 1) == [(0, 1)], "the odd one comes last"
    assert same(7, 3, 1, 2) == [(2, 2)]
    assert same(6, 1, 4, 1) == [(0, 0)], "a stride can leave out more than a kernel needs"


@pytest.mark.parametrize("size, kernel_size, strides, dilation_rate", list(np.ndindex(7, 3, 3, 3)))
def test_positions_are_those_that_fit(size, kernel_size, strides, dilation_rate):
    size, kernel_size, strides, dilation_rate = (
        n + 1 for n in (size, kernel_size, strides, dilation_rate)
    )
    last = [m * dilation_rate for m in range(kernel_size)][-1]
    assert effective_size(kernel_size, dilation_rate) == last + 1
    fitting = [i for i in range(0, size + 3, strides) if i + last < size + 3]
    if fitting:
        assert count_positions(size, (1, 2), kernel_size, strides, dilation_rate) == len(fitting)
    else:
        with pytest.raises(ValueError, match="must fit into the padded image"):
            count_positions(size, (1, 2), kernel_size, strides, dilation_rate)
