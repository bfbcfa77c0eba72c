"""The exercises of notebook 06, augmentation."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number

_rng = np.random.default_rng(6)


# Exercise 6.1
@Number(
    within=0.05,
    hints=[
        "How often do you have to multiply 1.28 million by ten to get 300 million? Not a whole "
        "number of times.",
        "`np.log10(300 / 1.28)` times.",
    ],
    mistakes=[
        (3 * np.log2(300 / 1.28), "This is the gain if each doubling brought three points."),
        (3 * np.log(300 / 1.28), "`np.log` is the natural logarithm: here count the tens."),
        (np.log10(300 / 1.28), "So many times ten. And each of them brings three points."),
        (3 * 300 / 1.28, "Not each image brings the same: each *factor of ten* does."),
        (3 * 300 / 12.8, "Not each image brings the same: count how often ten is a factor."),
        (3 * np.log10(300 / 14), "This starts from the 14 million of all of ImageNet."),
        (
            3 * (np.log10(300) - 1.28),
            "Take the logarithm of both numbers, or of their quotient.",
        ),
        (3 * np.log10(300 - 1.28), "How many times as many are they? Divide, do not subtract."),
        (6, "More than two factors of ten: `np.log10` counts the part of one, too."),
        (9, "Less than three factors of ten: `np.log10` counts the part of one, too."),
        (300 / 1.28, "So many times as many images. Now count the tens: `np.log10`."),
    ],
    note="234 times the images, for seven points.",
)
def log_gain():
    """Points from 1.28 to 300 million images, where ten times as many bring three."""
    return 3 * np.log10(300 / 1.28)


# Exercise 6.2
@Number(
    within=0.5,
    hints=[
        "In how many places can the left edge of the window stand, from the first to the last?",
        "From 0 to 256 - 224: these are 33 places. So for the top edge, too.",
    ],
    mistakes=[
        (2048, "AlexNet's paper says so. But from 0 to 32 there are 33 places."),
        (1024, "From 0 to 32 there are 33 places, and each crop has a mirror image."),
        (1089, "Each crop has a mirror image."),
        (
            2 * (256 / 224) ** 2,
            "This compares two areas. Count the places where a crop can lie: crops may overlap.",
        ),
        (66, "Every row goes with every column: multiply."),
        (130, "33 places across and 33 down make 33 times 33 crops."),
        (4356, "Only left and right are swapped: a factor of two, not four."),
        (2112, "33 places across, and 33 down."),
        (
            2 * 256 * 256,
            "Not every pixel can be a crop's corner: all of the crop is in the picture.",
        ),
    ],
    note="33 * 33 * 2; AlexNet's paper counts 32 * 32 * 2 = 2048.",
)
def n_crops():
    """The crops of 224 x 224 pixels in a picture of 256 x 256, and their mirror images."""
    return 2 * (256 - 224 + 1) ** 2


def _arrow(image, label, to=(2, 1, 0, 3), turn=np.fliplr):
    return turn(image), to[label]


_ARROW = np.zeros((5, 6))
_ARROW[2, 1:] = _ARROW[1, 2] = _ARROW[3, 2] = 1  # points to the left
_TOWARDS_TOP = np.zeros((6, 5))
_TOWARDS_TOP[1:, 1] = _TOWARDS_TOP[2, 0] = _TOWARDS_TOP[2, 2] = 1


# Exercise 6.3
@Function(
    cases=[
        (_ARROW, 0),
        (np.ascontiguousarray(_ARROW[:, ::-1]), 2),
        (_TOWARDS_TOP, 1),
        (np.ascontiguousarray(_TOWARDS_TOP[::-1]), 3),
    ],
    hints=[
        "`image[:, ::-1]` is the mirror image. Which way does each of the four arrows point there?",
        "Left and right change places, up and down stay: `(2, 1, 0, 3)[label]`.",
    ],
    mistakes=[
        (partial(_arrow, to=(0, 1, 2, 3)), "In the mirror, left is right."),
        (
            partial(_arrow, to=(2, 3, 0, 1)),
            "In this mirror, an arrow that points up still points up.",
        ),
        (partial(_arrow, turn=np.flipud), "Left and right are columns, the second axis."),
        (
            partial(_arrow, to=(0, 3, 2, 1), turn=np.flipud),
            "This swaps top and bottom, and so it does with the labels: the wrong mirror.",
        ),
        (lambda i, k: (i, (2, 1, 0, 3)[k]), "The labels are right; the picture is not mirrored."),
        (lambda i, k: (i[:, ::-1], 2 - k), "2 - label swaps left and right; but 3, down, stays 3."),
        (
            lambda i, k: (i[:, ::-1], 3 - k),
            "3 - label makes down of left. Left and right change places, up and down stay.",
        ),
        (lambda i, k: (i[:, ::-1], -k), "-label is no label, except 0: the four are 0 to 3."),
        (partial(_arrow, to=(1, 2, 3, 0)), "This turns the label by 90°. The picture is mirrored."),
        (lambda i, k: (i[:, :, ::-1], k), "One image has rows and columns, and no batch axis."),
    ],
    note="A change that moves the label is fine, if the label moves with it.",
)
def mirror_arrow(image, label):
    """The mirror image of an arrow (H, W), and its label: 0 left, 1 up, 2 right, 3 down."""
    return image[:, ::-1], (2, 1, 0, 3)[label]


_PICTURES = _rng.uniform(size=(4, 3, 3))


def _jitter(images, rng):
    return images + rng.normal(size=(len(images), 1, 1))


def _epochs(images, augment, n_epochs, seed):
    rng = np.random.default_rng(seed)
    return np.stack([augment(images, rng) for _ in range(n_epochs)])


def _growing(images, augment, n_epochs, seed):
    rng, seen = np.random.default_rng(seed), []
    for _ in range(n_epochs):
        images = augment(images, rng)
        seen.append(images)
    return np.stack(seen)


# Exercise 6.4
@Function(
    cases=[(_PICTURES, _jitter, 3, 0), (_PICTURES, _jitter, 2, 5)],
    hints=[
        "What is drawn again in each epoch, and what only once?",
        "Make `rng` once, before the epochs, and call `augment(images, rng)` in each of them.",
    ],
    mistakes=[
        (
            lambda x, augment, n, seed: np.stack([augment(x, np.random.default_rng(seed))] * n),
            "Each epoch shows the same pictures. Either `augment` is called only once, or each "
            "epoch makes a new generator from the same seed, which draws the same numbers again.",
        ),
        (
            lambda x, f, n, seed: np.concatenate([_epochs(x, f, 1, seed + i) for i in range(n)]),
            "Keep one generator, and let it go on: do not make one for each epoch.",
        ),
        (
            _growing,
            "This changes the pictures of the epoch before, again and again. Start from "
            "`images` each time.",
        ),
        (lambda *a: np.concatenate(_epochs(*a)), "The shape is (epochs, images, height, width)."),
        (lambda x, augment, n, seed: np.stack([x] * n), "Nothing is augmented here."),
        (lambda *a: _epochs(*a[:3], a[3] + 1), "The generator starts from `seed`."),
    ],
)
def seen_in_training(images, augment, n_epochs, seed):
    """All that a network sees: (epochs, images, height, width), drawn anew in each epoch."""
    rng = np.random.default_rng(seed)
    return np.stack([augment(images, rng) for _ in range(n_epochs)])


def _turn(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def _shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])


def _about(degrees, height, width, pixel=1, order=1, product=np.matmul):
    x, y = order * (width - pixel) / 2, order * (height - pixel) / 2
    return product(product(_shift(x, y), _turn(degrees)), _shift(-x, -y))


# Exercise 6.5
@Number(
    within=0.01,
    hints=[
        "The matrix at the right acts first: here the shift.",
        "The shift makes (6, 1) of (4, 1). With a cosine of 0 and a sine of 1 the turn makes "
        "(y, -x) of (x, y).",
    ],
    mistakes=[
        (-4, "This turns first and shifts then. The matrix at the right acts first."),
        (6, "The new y is -sin times x. Mind the minus."),
        (1, "This is the new x."),
        (3, "This is the new x of the wrong order, -4 its y. The matrix at the right acts first."),
        (4, "Here the turn came first, and the minus was lost."),
        (-1, "The turn makes y of x, and x of y: (y, -x)."),
        (-2, "The turn is about the origin, not about the point."),
    ],
    note="In the other order the point would be (3, -4): the order of a product counts.",
)
def turned_point():
    """The new y of (4, 1), shifted by 2 to the right and then turned by 90 degrees."""
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    shift = np.array([[1, 0, 2], [0, 1, 0], [0, 0, 1]])
    return (turn @ shift @ [4, 1, 1])[1]


# Exercise 6.6
@Function(
    cases=[(30, 9, 13), (-90, 32, 32), (120, 4, 7)],
    hints=[
        "Three steps: move the centre to the origin, turn, move it back.",
        "The centre of the pixels 0 to n - 1 is (n - 1) / 2. x belongs to the width.",
        "`there @ turn @ back`: the matrix at the right acts first.",
    ],
    mistakes=[
        (lambda degrees, height, width: _turn(degrees), "This turns about the first pixel."),
        (
            lambda *_: np.eye(3),
            "This is the identity, the matrix that changes nothing. There and back undo each "
            "other: the turn belongs between them.",
        ),
        (
            partial(_about, pixel=0),
            "Half a pixel off: the centre of the pixels 0 to n - 1 is (n - 1) / 2.",
        ),
        (
            lambda a, h, w: _about(a, h // 2, w // 2, pixel=0, order=2),
            "`//` rounds down. The centre may lie between two pixels, at (n - 1) / 2.",
        ),
        (
            lambda a, h, w: _about(a, (h - 1) // 2, (w - 1) // 2, pixel=0, order=2),
            "`//` rounds down: the centre of an even number of pixels lies between two of them.",
        ),
        (lambda a, h, w: _about(a, w, h), "x runs along the width, y along the height."),
        (partial(_about, order=-1), "The other way round: the matrix at the right acts first."),
        (lambda a, h, w: _about(-a, h, w), "The sense is wrong: see where the minus stands."),
        (
            lambda a, h, w: _about(np.degrees(a), h, w),
            "`np.cos` wants radians: `np.radians(degrees)`.",
        ),
        (
            lambda a, h, w: _turn(np.degrees(a)),
            "This turns about the first pixel, and `np.cos` wants radians: `np.radians(degrees)`.",
        ),
        (
            lambda a, height, width: _turn(a) @ _shift(-(width - 1) / 2, -(height - 1) / 2),
            "And back: the centre must stay where it is.",
        ),
        (
            lambda *a: _about(*a, product=np.multiply),
            "`*` multiplies number by number; `@` is the product of matrices.",
        ),
    ],
)
def rotation_about_center(degrees, height, width):
    """The 3 x 3 matrix that turns points (x, y, 1) about the image's centre, by degrees."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y = (width - 1) / 2, (height - 1) / 2
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    there = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    back = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    return back @ turn @ there


_IMAGES, _ORDER = _rng.uniform(size=(3, 2, 2, 1)), np.array([2, 0, 1])
_LABELS = np.eye(3)[[0, 2, 1]]


def _mixed(x, weight, order):
    return weight * x + (1 - weight) * x[order]


# Exercise 6.7
@Function(
    cases=[(_IMAGES, _LABELS, 0.7, _ORDER), (_IMAGES, _LABELS, 0.25, np.array([1, 2, 0]))],
    hints=[
        "`images[order]` are the partners.",
        "`weight * x + (1 - weight) * x[order]`, for the images and for the labels.",
    ],
    mistakes=[
        (
            lambda x, y, weight, order: (_mixed(x, weight, order), y),
            "The labels come back as they were. Each picture is a mixture now, so its label is "
            "one, too: of its own and its partner's, `[order]`.",
        ),
        (
            lambda x, y, w, order: (w * x + (1 - w) * order, w * y + (1 - w) * order),
            "`order` holds numbers of images. The partners themselves are `images[order]`.",
        ),
        (
            lambda x, y, w, order: (_mixed(x, 1 - w, order), _mixed(y, 1 - w, order)),
            "The weights are swapped, for images and labels: `weight` is the share of the image "
            "itself, 1 - weight that of its partner.",
        ),
        (
            lambda x, y, w, order: (_mixed(x, 1 - w, order), _mixed(y, w, order)),
            "The labels are right. For the images the weights are swapped: `weight` is the share "
            "of the image itself, 1 - weight that of its partner.",
        ),
        (
            lambda x, y, w, order: (_mixed(x, w, order), _mixed(y, 1 - w, order)),
            "The images are right. For the labels the weights are swapped: `weight` is the share "
            "of the image's own label, 1 - weight that of its partner's.",
        ),
        (
            lambda x, y, w, order: (w * x + (1 - w) * x[::-1], w * y + (1 - w) * y[::-1]),
            "The partner of image i is image order[i]: take `[order]`, not `[::-1]`.",
        ),
        (
            lambda x, y, w, order: (_mixed(x[order], w, order), _mixed(y[order], w, order)),
            "This mixes each partner with its own partner. One of the two is the image itself.",
        ),
        (
            lambda x, y, w, order: (
                _mixed(x, w, np.argsort(order)),
                _mixed(y, w, np.argsort(order)),
            ),
            "The other way round: image i is mixed with image order[i], which is `images[order]`.",
        ),
        (
            lambda x, y, w, order: (_mixed(y, w, order), _mixed(x, w, order)),
            "Return the images first, then the labels.",
        ),
        (lambda x, y, w, o: (x + x[o], y + y[o]), "The shares must add up to one."),
        (
            lambda x, y, w, order: (_mixed(x, w, order), y if w > 0.5 else y[order]),
            "The label of the stronger one alone says nothing of the other.",
        ),
        (lambda x, y, w, o: (x, _mixed(y, w, o)), "The labels are mixed, the images are not."),
        (
            lambda x, y, w, order: (_mixed(x, w, order), _mixed(y, 0.5, order)),
            "The labels take the same weights as the images.",
        ),
    ],
)
def mixup(images, labels, weight, order):
    """Images (B, H, W, C) and one-hot labels (B, classes), each mixed with its partner."""
    mixed = weight * images + (1 - weight) * images[order]
    return mixed, weight * labels + (1 - weight) * labels[order]


def _seen(height, width, top, left, rows, columns, swap=False, more=0, lost=0):
    top, left = (left, top) if swap else (top, left)
    rows, columns = min(rows, height - lost - top), min(columns, width - lost - left)
    covered = (rows + more) * (columns + more)
    return 1 - covered / (height * width)


# Exercise 6.8
@Function(
    cases=[
        (32, 32, 4, 10, 12, 8),
        (32, 32, 26, 10, 12, 8),
        (20, 40, 15, 36, 10, 16),
        (20, 40, 0, 0, 20, 40),
    ],
    hints=[
        "How many pixels are covered? Of how many?",
        "`top` and `left` are 0 or more: only below and on the right can a patch hang over. One "
        "that starts at row `top` ends before row `min(top + rows, height)`.",
    ],
    mistakes=[
        (
            lambda height, width, top, left, rows, columns: 1 - rows * columns / (height * width),
            "What hangs over the border is not seen: cut it off.",
        ),
        (
            lambda *a: 1 - _seen(*a),
            "This is the share of the patch. What is left of the first picture?",
        ),
        (
            lambda h, w, i, j, rows, columns: 1 - min(rows, h - i) * min(columns, w - j),
            "A share is between 0 and 1. Divide the covered pixels by those of the picture, "
            "`height * width`.",
        ),
        (
            lambda h, w, i, j, rows, columns: 1 - rows * columns,
            "Divide by the pixels of the picture, `height * width`. And what hangs over the border "
            "is not seen.",
        ),
        (
            lambda h, w, i, j, rows, columns: h * w - min(rows, h - i) * min(columns, w - j),
            "So many pixels are still seen. Their share is a part of all `height * width`.",
        ),
        (
            lambda h, w, i, j, rows, columns: (
                1 - min(rows, h - i) * min(columns, w - j) / (rows * columns)
            ),
            "This divides by the area of the patch. The share is of the picture, `height * width`.",
        ),
        (
            lambda h, w, i, j, rows, columns: 1 - min(rows, h - i) * min(columns, w - j) / h * w,
            "`/ height * width` divides by the height and multiplies by the width. Put brackets: "
            "`/ (height * width)`.",
        ),
        (
            lambda h, w, i, j, rows, columns: 1 - rows * columns / h * w,
            "Put brackets: `/ (height * width)`. And what hangs over the border is not seen.",
        ),
        (lambda h, w, i, j, rows, columns: 1 - min(rows, h - i) / h, "Count areas, not sides."),
        (partial(_seen, swap=True), "Rows start at `top`, columns at `left`."),
        (partial(_seen, more=1), "A patch of 12 rows has 12 rows, not 13."),
        (partial(_seen, more=-1), "A patch of 12 rows has 12 rows, not 11."),
        (
            partial(_seen, lost=1),
            "From row `top` on `height - top` rows are left, not one fewer; so with the columns.",
        ),
        (
            lambda h, w, i, j, rows, columns: 1 - min(rows, h - i) * columns / (h * w),
            "The rows are cut off, the columns are not: they hang over at the right.",
        ),
        (
            lambda h, w, i, j, rows, columns: 1 - rows * min(columns, w - j) / (h * w),
            "The columns are cut off, the rows are not: they hang over at the bottom.",
        ),
        (lambda *_: 0.5, "One half is right only if the patch covers half of the picture."),
    ],
    note="A patch of 12 x 8 in 32 x 32 leaves 1 - 96/1024 = 0.90625.",
)
def cutmix_weight(height, width, top, left, rows, columns):
    """The share of the first picture, after a patch of another covers rows and columns of it.

    `top` and `left` are at least 0: the patch starts within the picture.
    """
    rows, columns = min(rows, height - top), min(columns, width - left)
    return 1 - rows * columns / (height * width)


# Exercise 6.9
@FaultyLine(
    code="""
    def accuracy_after_training(model, augment, learn, validation):
        x, y = learn
        for epoch in range(10):
            changed = augment(x, training=True)
            model.fit(changed, y, verbose=0)
        x, y = validation
        answers = model.predict(augment(x), verbose=0)
        return np.mean(answers.argmax(axis=1) == y)
    """,
    hints=[
        "Which images stand for those that will come?",
        "What does a layer of augmentation do that is called without `training`?",
    ],
    mistakes=[
        (4, "The images to learn from are changed, and anew in each epoch: right."),
        (5, "`fit` makes one epoch here, with this epoch's images: right."),
        (3, "Ten epochs, with other changes in each: right."),
        (6, "From here on `x` and `y` are the validation images and their labels: right."),
        (8, "The class with the highest answer is compared with the label: right."),
        (2, "It takes the images to learn from out of a pair: right."),
        (1, "All that the function needs comes in: right."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="`augment(x)` assumes training=True. Write `model.predict(x)`.",
)
def faulty_validation():
    """It validates on changed images."""
    return 7


# Exercise 6.10
@LineOrder(
    lines=[
        "dataset = tf.data.Dataset.from_tensor_slices((images, labels))",
        "dataset = dataset.shuffle(len(images))",
        "dataset = dataset.batch(32)",
        "dataset = dataset.map(lambda x, y: (augment(x, training=True), y))",
        "dataset = dataset.prefetch(2)",
        "model.fit(dataset, epochs=10)",
    ],
    hints=[
        "First the data, last the training. Should single images be shuffled, or mini-batches?",
        "Shuffle, then batch; change 32 images at once; keep two mini-batches ready.",
    ],
    mistakes=[
        ((2, 1), "There must be a data set before it can be shuffled."),
        ((6, 5), "The training comes last: it needs the whole pipeline."),
        ((3, 2), "Shuffle single images. After `batch` only whole mini-batches change places."),
        ((4, 3), "Batch first: then the layer changes 32 images at once, not one after the other."),
        ((5, 4), "What is kept ready should be the finished mini-batch, with its changes."),
    ],
)
def pipeline_order():
    """Single images are shuffled, then batched, changed 32 at once, and kept ready."""


def _predict(images):
    """Two probabilities for each image, from what is left, above, and red."""
    left, above = images[:, :, :3].mean(axis=(1, 2, 3)), images[:, :2].mean(axis=(1, 2, 3))
    share = 1 / (1 + np.exp(2 * above - 5 * left + images[..., 0].mean(axis=(1, 2))))
    return np.stack([share, 1 - share], axis=1)


_TESTED = _rng.uniform(size=(5, 4, 6, 3))


# Exercise 6.11
@Function(
    cases=[(_predict, _TESTED), (lambda images: _predict(images) ** 2, _TESTED[:1])],
    hints=[
        "`images[:, :, ::-1]` are the mirror images: axis 0 counts them, axis 1 is the rows.",
        "Call `predict` twice, and take the mean of what it says.",
    ],
    mistakes=[
        (lambda predict, images: predict(images), "Ask for the mirror images, too."),
        (lambda predict, images: predict(images[:, :, ::-1]), "Ask for the images as they are."),
        (
            lambda f, x: (f(x) + f(x[:, ::-1])) / 2,
            "This turns them upside down. Left and right are axis 2.",
        ),
        (
            lambda f, x: (f(x) + f(x)[:, ::-1]) / 2,
            "`predict(images)[:, ::-1]` turns the answers. Turn the images, not the answers.",
        ),
        (
            lambda f, x: (f(x) + f(x[:, :, ::-1])[:, ::-1]) / 2,
            "The images are turned rightly; the answers must stay as they are.",
        ),
        (
            lambda f, x: f(x) + f(x[:, :, ::-1]) / 2,
            "Put brackets: this halves the second answer alone, not the sum.",
        ),
        (
            lambda f, x: np.mean([f(x), f(x[:, :, ::-1])]),
            "`np.mean` without `axis=0` makes one number of all. Each image keeps its own mean.",
        ),
        (
            lambda f, x: np.concatenate([f(x), f(x[:, :, ::-1])]),
            "These are both answers, one below the other. Take their mean.",
        ),
        (lambda f, x: f(x) + f(x[:, :, ::-1]), "Probabilities must add up to one: divide by two."),
        (lambda f, x: np.maximum(f(x), f(x[:, :, ::-1])), "Take the mean of both, not the larger."),
        (
            lambda predict, images: predict((images + images[:, :, ::-1]) / 2),
            "This is the answer to the mean image. Take the mean of the answers.",
        ),
        (lambda f, x: (f(x) + f(x[..., ::-1])) / 2, "The last axis holds the colours."),
    ],
)
def predict_twice(predict, images):
    """The mean of what `predict` says to images (B, H, W, C) and to their mirror images."""
    return (predict(images) + predict(images[:, :, ::-1])) / 2
