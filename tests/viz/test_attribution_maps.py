import numpy as np
import pytest

from cnnkit.viz._attribution_maps import check_maps, color_limit, is_strong, n_axes_of


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_how_many_axes(n_axes):
    maps = np.zeros((2, *[4] * n_axes))
    assert n_axes_of(maps) == n_axes_of({"a": maps}) == n_axes_of(list(maps)) == n_axes
    assert n_axes_of({}) == n_axes_of([]) == 2


def test_limits_and_what_is_strong():
    values = np.array([-4.0, 0, 1, 2])
    assert is_strong(values).tolist() == [True, False, False, True]
    assert np.isclose(color_limit([values]), np.percentile(np.abs(values), 99))
    assert color_limit([0 * values]) == 1


def test_maps_that_do_not_fit():
    with pytest.raises(ValueError, match="`maps` must hold at least one method"):
        check_maps({}, [(2, 2)])
    with pytest.raises(ValueError, match=r"`maps\['x'\]` must have one map for each of the 1 vol"):
        check_maps({"x": np.zeros((1, 2))}, [(3,)], "volumes")
