"""The exercises of notebook 01b, more about networks and features."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, Number, Value

_rng = np.random.default_rng(2)


def _standardized(train, other, axis=0, spread=np.std, shift=True, epsilon=0):
    mean, std = train.mean(axis), spread(train, axis) + epsilon
    return (other - mean * shift) / np.where(std == 0, 1, std)


def _both(train, test, **slip):
    return tuple(_standardized(train, images, **slip) for images in (train, test))


def _without_check(train, test, own=False):
    with np.errstate(invalid="ignore", divide="ignore"):
        test_by = test if own else train
        return ((train - train.mean(0)) / train.std(0), (test - test_by.mean(0)) / test_by.std(0))


def _centred_alone(train, test):
    return train - train.mean(0), test - train.mean(0)


def _shift(train):
    """What is subtracted if the brackets are forgotten."""
    return train.mean(0) / np.where(train.std(0) == 0, 1, train.std(0))


def _leak(train, test):
    together = np.concatenate([train, test])
    return _standardized(together, train), _standardized(together, test)


_TRAIN, _TEST = _rng.normal(90, 30, (12, 5)), _rng.normal(140, 60, (6, 5))
_TRAIN[:, 2], _TEST[:, 2] = 7, (7, 7, 7, 7, 9, 9)  # as a pixel at the edge of a scan


# Exercise 1b.1
@Function(
    cases=[(_TRAIN, _TEST), (_TRAIN[:7], _TEST)],
    hints=[
        "With whose mean and deviation? The test set stands for pictures still to come, one at a "
        "time. Of which set are both known by then?",
        "`train.mean(axis=0)` has one mean for each pixel, `train.std(axis=0)` one deviation.",
        "Some pixel may never change. What do you divide by then? `np.where(std == 0, 1, std)`",
    ],
    mistakes=[
        (
            lambda train, test: (_standardized(train, train), _standardized(test, test)),
            "The test set was standardised with its own mean and deviation. In use, examples "
            "come one by one: only the training set's statistics are known.",
        ),
        (
            partial(_without_check, own=True),
            "The test set was standardised with its own statistics; take the training set's. "
            "And one pixel never changes: 0/0 is NaN.",
        ),
        (
            _centred_alone,
            "The means are subtracted; what is left is still to be divided by the deviation.",
        ),
        (
            _leak,
            "The mean and the deviation are those of both sets together. The test set must not "
            "take part: it stands for pictures still to come.",
        ),
        (
            _without_check,
            "One training pixel is always the same: its deviation is 0, and 0/0 is NaN.",
        ),
        (
            lambda train, test: tuple(map(np.nan_to_num, _without_check(train, test))),
            "NaN is replaced, but a pixel that is always 7 in training may be 9 in the test. "
            "Divided by 1, its difference from the mean stays, 9 - 7 = 2. Divided by 0 it is "
            "infinite, and `nan_to_num` makes the largest number of that.",
        ),
        (
            lambda train, test: tuple(
                np.where(np.isnan(x), 0, x) for x in _without_check(train, test)
            ),
            "NaN is replaced, but a pixel that is always 7 in training may be 9 in the test. "
            "Divided by 1, its difference from the mean stays, 9 - 7 = 2. Divided by 0 it is "
            "infinite, which nothing mends afterwards.",
        ),
        *(
            (
                partial(_both, epsilon=epsilon),
                f"Adding {epsilon} keeps NaN out, but where the training pixel never changes, a "
                "test pixel may: divided by so tiny a number it is huge. Divide by 1 there.",
            )
            for epsilon in (1e-8, 1e-7, 1e-6)
        ),
        (
            lambda train, test: (
                _standardized(train, train),
                _standardized(train, test) - _standardized(train, test).mean(0),
            ),
            "The test set was centred with its own mean. Take the training set's mean for both.",
        ),
        (
            lambda train, test: tuple(x[:, train.std(0) > 0] for x in _both(train, test)),
            "Keep the constant pixels: the result has as many columns as what was given.",
        ),
        (
            lambda train, test: tuple(x * (train.std(0) > 0) for x in _both(train, test)),
            "Where the training pixel never changes, your result is 0. A test pixel may change "
            "there: divide by 1, and its difference from the mean remains.",
        ),
        (
            lambda train, test: tuple(
                (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True) for x in (train, test)
            ),
            "Each image was standardised by itself, as with `axis=1`. Here each pixel has a mean "
            "of its own, over all images: `axis=0`.",
        ),
        (
            lambda train, test: tuple(
                np.where(train.std(0) == 0, 1, x) for x in _both(train, test)
            ),
            "Where the training pixel never changes, your result is 1. The 1 belongs in the place "
            "of the deviation, before you divide: `np.where(std == 0, 1, std)`.",
        ),
        (
            partial(_both, axis=None),
            "You took one mean for all pixels. Here each pixel has its own: `axis=0`.",
        ),
        (partial(_both, spread=np.var), "Divide by the standard deviation, not by the variance."),
        (
            partial(_both, spread=partial(np.std, ddof=1)),
            "This is the deviation with N - 1. The notebook divides by N, NumPy's default.",
        ),
        (partial(_both, shift=False), "The mean was not subtracted."),
        (
            lambda train, test: tuple(
                np.where(train.std(0) == 0, x, _standardized(train, x)) for x in (train, test)
            ),
            "Where the training pixel never changes, you leave the pixel as it is. Subtract its "
            "mean there too, and divide by 1.",
        ),
        (
            lambda train, test: tuple(
                x / np.where(train.std(0) == 0, 1, train.std(0)) - train.mean(0)
                for x in (train, test)
            ),
            "First subtract the mean, then divide the difference: `(x - mean) / std`.",
        ),
        (
            lambda train, test: (train - _shift(train), test - _shift(train)),
            "Without brackets only the mean is divided. Put brackets: `(train - mean) / std`, and "
            "likewise for `test`.",
        ),
        (
            lambda train, test: (_standardized(train, train), test - _shift(train)),
            "Without brackets only the mean is divided. Put brackets: `(test - mean) / std`.",
        ),
        (
            lambda train, test: (_standardized(train, train), test),
            "The test set comes out as it went in. A `train` that has been standardised has mean 0 "
            "and deviation 1: keep its mean and deviation in variables before.",
        ),
        (
            lambda train, test: (_standardized(train, train), _standardized(train, test, shift=0)),
            "The test set was divided, but not centred. A `train` that has been centred has mean "
            "0: keep its mean in a variable before.",
        ),
        (
            lambda train, test: tuple(
                (x - train.mean()) / np.where(train.std(0) == 0, 1, train.std(0))
                for x in (train, test)
            ),
            "You took one mean for all pixels. Here each pixel has its own: `mean(axis=0)`.",
        ),
    ],
)
def standardize(train, test):
    """Both sets, `(n, pixels)`, standardised pixel by pixel with the training set's statistics."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (train - mean) / std, (test - mean) / std


# Exercise 1b.2
@Number(
    within=0.01,
    hints=[
        "Write down the factors one after another, from x to the result: x, a slope, a weight, a "
        "slope, a weight, and so on.",
        "The slope of the sigmoid at 0 is the top of its dashed curve. It comes three times.",
    ],
    mistakes=[
        (32, "This is x * w2 * w3 * w4. Each sigmoid brings its slope as a factor, too."),
        (
            4,
            "Here each sigmoid counts as 1/2, which is its value at 0. The factor is its slope "
            "there.",
        ),
        (
            0.125,
            "If the weights and the slopes are there: how much does z1 move with w1? Or have you "
            "counted four sigmoids? There are three.",
        ),
        (
            1 / 32,
            "The factors are x, three slopes and three weights. 1/32 is three slopes and one "
            "weight.",
        ),
        (0.0625, "The slopes and x are there. The weights w2, w3 and w4 are factors as well."),
        (1 / 64, "These are the slopes alone. Which other factors has the chain rule?"),
        (2, "Two slopes of the sigmoid are in this. How many sigmoids lie behind w1?"),
        (8, "One slope of the sigmoid is in this. How many sigmoids lie behind w1?"),
        (0.25, "The sigmoids come three times, and so do the weights: w2, w3 and w4."),
        (1, "This is a factor of 2 too much. Of the weights only w2, w3 and w4 are factors."),
        (0, "At 0 the slope of the sigmoid is not 0: there it is steepest."),
    ],
    note="Where z is positive, ReLU in place of the sigmoid would make it 32.",
)
def sigmoid_slope():
    """The slope in w1: x, three times the sigmoid's slope at 0, and three weights."""
    x, slope, weight = 4, 1 / 4, 2
    return weight * slope * weight * slope * weight * slope * x


# Exercise 1b.3
@Value(
    choices=["coordinate", "sum", "product", "square", "radius"],
    hints=[
        "Take four points, (0, 0) and (0, 2) from the middle, (2, 0) and (-2, 0) from the stripes. "
        "Work out each feature at all four.",
        "One threshold must have the points of both stripes on one side, and the middle on the "
        "other.",
    ],
    mistakes=[
        (
            "coordinate",
            "A threshold of x1 cuts off one of the two stripes. What is alike in -2 and 2?",
        ),
        ("sum", "A threshold of x1 + x2 is one slanting line, and there are two stripes."),
        ("product", "The sign of x1 * x2 tells the quadrants, and each stripe lies in two."),
        (
            "radius",
            "The point (0, 2) lies as far from the origin as (2, 0) does, but in the middle.",
        ),
    ],
    note="x1² is above 1 in both stripes, and below 1 between them.",
)
def stripe_feature():
    """The feature that tells both stripes, x1 < -1 and x1 > 1, from what lies between them."""
    return "square"


# Exercise 1b.4
@FaultyLine(
    code="""
    def accuracy_by_features(train_images, train_labels, test_images, test_labels):
        # `make_features` gives a row of features for each image, and none of them is constant
        features = make_features(train_images)
        mean, std = features.mean(axis=0), features.std(axis=0)
        classifier = LogisticRegression()
        classifier.fit((features - mean) / std, train_labels)
        answers = classifier.predict(make_features(test_images))
        return (answers == test_labels).mean()
    """,
    hints=[
        "Follow the features of a training image up to `fit`, then those of a test image up to "
        "`predict`. Do both go the same way?",
        "The classifier has learned from standardised features. What does it get in the test?",
    ],
    mistakes=[
        (6, "The classifier learns from standardised features, which is right."),
        (
            4,
            "One mean and one deviation for each feature, of the training set: this is right. And "
            "none of the features is constant, so that nothing is divided by 0.",
        ),
        (3, "Both sets get their features from the same function, which is right."),
        (5, "A fresh classifier is what is needed here."),
        (8, "The share of right answers is the accuracy."),
        (2, "A comment calculates nothing."),
        (1, "Images and labels of both sets are what the function needs."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="Test features must be scaled as the training features are, with the same mean and std.",
)
def faulty_accuracy():
    """The features of the test images are not standardised."""
    return 7


_GREY = _rng.integers(0, 256, (6, 9), np.uint8)


def _over_cells(image, size, function=np.mean, step=None):
    rows = range(0, len(image), step or size)
    columns = range(0, image.shape[1], step or size)
    return np.array([[function(image[y : y + size, x : x + size]) for x in columns] for y in rows])


def _filled(image, size, cut):
    """The means of what `cut` cuts out for each cell; NumPy's NaN, with a warning, of nothing."""
    means = np.zeros((len(image) // size, image.shape[1] // size))
    for i, j in np.ndindex(means.shape):
        cell = cut(image, size, i, j)
        means[i, j] = cell.mean() if cell.size else np.nan
    return means


def _first_alone(means):
    return np.pad(means[:1, :1], [(0, size - 1) for size in means.shape])


def _short(image, size, i, j):
    return image[i * size : i + size, j * size : j + size]


def _swapped(image, size, i, j):
    return image[j * size : (j + 1) * size, i * size : (i + 1) * size]


# Exercise 1b.5
@Function(
    cases=[(_GREY, 3), (_GREY / 255, 3), (_rng.normal(size=(8, 12)), 4), (_GREY[:4, :4], 1)],
    hints=[
        "Which rows belong to the cells of the first row of cells? And of the second?",
        "Cell (i, j) is `image[i * size : (i + 1) * size, j * size : (j + 1) * size]`.",
        "Make `means = np.zeros((H // size, W // size))` and fill it in two loops.",
    ],
    mistakes=[
        (
            partial(_filled, cut=_short),
            "Does a cell end at `i + size`? From the second row of cells on such a slice is empty. "
            "It ends at `(i + 1) * size`.",
        ),
        (
            partial(_filled, cut=_swapped),
            "Rows and columns are swapped in the slice: `i` counts the rows of cells, so it "
            "belongs into the first slice, and `j` into the second.",
        ),
        (
            lambda image, size: _over_cells(image, size).T,
            "Rows and columns are swapped: the rows of cells come first.",
        ),
        (
            lambda image, size: _over_cells(image, size, step=1)[
                : len(image) // size, : image.shape[1] // size
            ],
            "These cells overlap: `* size` is missing, as cell i begins at row `i * size`, not at "
            "row i.",
        ),
        (partial(_over_cells, function=np.sum), "These are sums: divide by the pixels of a cell."),
        (
            lambda image, size: _over_cells(image, size, np.sum) / size,
            "A cell has size * size pixels. You have divided by size.",
        ),
        (
            lambda image, size: _over_cells(image, size, np.max) * 1.0,
            "This is the largest number of each cell.",
        ),
        (
            partial(_filled, cut=lambda image, size, i, j: image[i * size : (i + 1) * size]),
            "This slice cuts out rows only. The columns need one too, after a comma.",
        ),
        (
            lambda image, size: image[::size, ::size] * 1.0,
            "This takes the upper left pixel of each cell. The mean of all its pixels is asked.",
        ),
        (
            lambda image, size: image.reshape(
                len(image) // size, image.shape[1] // size, size * size
            ).mean(axis=-1),
            "`reshape` reads row after row, so these numbers lie side by side in one row, and do "
            "not form a square.",
        ),
        (
            lambda image, size: image.reshape(
                len(image) // size, size, image.shape[1] // size, size
            ).mean(axis=(1, 2)),
            "After this `reshape` the axes 1 and 3 count inside a cell: the mean is over these.",
        ),
        (
            lambda image, size: image.reshape(
                len(image) // size, size, image.shape[1] // size, size
            ).mean(axis=(0, 2)),
            "This is the mean over all cells, for each place in a cell. Which two axes of this "
            "`reshape` run within a cell?",
        ),
        (
            lambda image, size: _over_cells(image, size).astype(image.dtype),
            "These means have the type of the image, so they are cut off to whole numbers. Make "
            "the result with `np.zeros`, whose numbers are floats.",
        ),
        (
            lambda image, size: _over_cells(image, size).astype(int),
            "These are whole numbers, such as uint8 and int hold, and what comes after the point "
            "is lost. Make the result with `np.zeros`, whose numbers are floats.",
        ),
        (
            lambda image, size: _over_cells(image, size, np.sum) // size**2,
            "`//` rounds down to whole numbers. Divide with `/`.",
        ),
        (
            lambda image, size: (
                _over_cells(image, size, partial(np.sum, dtype=image.dtype)) / size**2
            ),
            "The sum of a cell does not fit into uint8: this is the first trap of notebook 1. "
            "Change the type before you add up.",
        ),
        (
            lambda image, size: _over_cells(image, size) * 0 + image.mean(),
            "Each of these is the mean of the whole image. Take that of the cell.",
        ),
        (
            lambda image, size: _first_alone(_over_cells(image, size)),
            "Only the first cell has its mean. Is `return` within the loops?",
        ),
        (lambda image, size: image.mean(), "This is one mean, that of the whole image."),
        (
            lambda image, size: _over_cells(image, size).ravel(),
            "The means are right, but stand in one row: the shape is (H // size, W // size).",
        ),
    ],
)
def cell_means(image, size):
    """The mean of each cell of `size` by `size` pixels, `(H // size, W // size)`."""
    means = np.zeros((image.shape[0] // size, image.shape[1] // size))
    for i in range(means.shape[0]):
        for j in range(means.shape[1]):
            cell = image[i * size : (i + 1) * size, j * size : (j + 1) * size]
            means[i, j] = cell.mean()
    return means


# Exercise 1b.6
@Value(
    choices=["classification", "detection", "segmentation", "pose estimation"],
    hints=[
        "What must the program know of each pixel, or of each object, to answer?",
        "Moss has no straight edges. Its area is the number of its pixels.",
    ],
    mistakes=[
        (
            "classification",
            "One answer for the whole picture says that there is moss, and not how much.",
        ),
        ("detection", "A box around a patch of moss holds grass too: its area would be too large."),
        (
            "pose estimation",
            "Pose estimation finds certain points of a thing, such as joints. Which would moss "
            "have?",
        ),
    ],
    note="With a class for each pixel, the share of moss is a mean.",
)
def moss_task():
    """Which task answers how large a share of a lawn is moss."""
    return "segmentation"


def _mask(height, width, *parts):
    mask = np.zeros((height, width), bool)
    for rows, columns in parts:
        mask[rows, columns] = True
    return mask


_MASKS = [
    _mask(8, 12, (slice(2, 4), slice(6, 9)), (slice(3, 7), slice(3, 6)), (6, 8)),
    _mask(6, 9, (1, 4), (slice(4, 6), slice(0, 2))),  # in two pieces, and at the edge
    _mask(5, 7, (3, 2)),
]


def _ends(mask):
    rows, columns = np.nonzero(mask)
    return rows.min(), rows.max(), columns.min(), columns.max()


def _box(mask, one=1):
    top, bottom, left, right = _ends(mask)
    return top, left, bottom - top + one, right - left + one


def _first_pixel(mask):
    rows, columns = np.nonzero(mask)
    return (rows[0], columns[0], *_box(mask)[2:])


def _first_and_last(mask):
    rows, columns = np.nonzero(mask)
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def _counts(mask):
    rows, columns = np.nonzero(mask)
    return (*_box(mask)[:2], len(np.unique(rows)), len(np.unique(columns)))


# Exercise 1b.7
@Function(
    cases=[(mask,) for mask in _MASKS],
    hints=[
        "`rows.min()` is the row in which the box begins. In which row does it end?",
        "Rows 2, 3 and 4 are three rows, though 4 - 2 is 2.",
    ],
    mistakes=[
        (
            partial(_box, one=0),
            "The first and the last row both belong to the box: rows 2 to 4 are three rows.",
        ),
        (
            lambda mask: np.array(_ends(mask))[[0, 2, 1, 3]],
            "These are the first row and column, then the last ones. Height and width are asked.",
        ),
        (
            lambda mask: np.array(_ends(mask)),
            "These are the rows and columns of the ends. Asked are top, left, height, width.",
        ),
        (
            lambda mask: np.array(_box(mask))[[1, 0, 3, 2]],
            "Rows and columns are swapped: the order is top, left, height, width.",
        ),
        (
            lambda mask: np.array(_box(mask))[[0, 1, 3, 2]],
            "Height and width are swapped: the height counts rows.",
        ),
        (
            lambda mask: np.array(_box(mask))[[1, 0, 2, 3]],
            "Top and left are swapped: the top is a row.",
        ),
        (
            lambda mask: np.array(_box(mask)) + [0, 0, _ends(mask)[0], _ends(mask)[2]],
            "The box does not begin in row 0 and column 0: subtract where it begins.",
        ),
        (
            _first_pixel,
            "The first pixel from the top need not be the leftmost: left is the smallest column.",
        ),
        (
            _first_and_last,
            "`np.nonzero` goes row by row: its first and last pixels need not be the leftmost and "
            "the rightmost. Take the smallest and the largest column.",
        ),
        (
            _counts,
            "You have counted the rows and columns with a pixel in them. Between two pieces there "
            "may be some without: take the last minus the first.",
        ),
        (
            lambda mask: (*_box(mask)[:2], mask.sum(), mask.sum()),
            "`rows` and `columns` have an entry for each True pixel, so you have counted pixels.",
        ),
        (lambda mask: (0, 0, *mask.shape), "This is the box of the whole picture."),
    ],
)
def box_around(mask):
    """The smallest box around the True pixels of `mask`: `(top, left, height, width)`."""
    rows, columns = np.nonzero(mask)
    top, left = rows.min(), columns.min()
    return top, left, rows.max() - top + 1, columns.max() - left + 1
