"""The exercises of notebook 06b, architectures."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number

_rng = np.random.default_rng(62)


# Exercise 6b.1
@Number(
    within=0.5,
    hints=[
        "Work out the side of the maps, layer by layer. The first layer makes (224 - 11)/4 + 1 of "
        "224, rounded down.",
        "54, then three pools with windows of 3, two pixels apart. What is left has 256 channels.",
    ],
    mistakes=[
        (9216, "So many are made of 227 pixels. Here the first maps are 54 pixels wide."),
        (25, "These are the places of one map. How many maps are there?"),
        (1280, "The side is counted once: a map has rows *and* columns."),
        (9600, "The last convolution has 256 filters, the one before it 384."),
        (12544, "A pool leaves out what fills no window: round down."),
        (5, "This is the side of the last maps. How many numbers are in all of them?"),
        (36_864, "The last pool is still missing: 12 is halved once more."),
        (43_264, "So many come to the last pool, of 227 pixels. Take 224, and pool once more."),
        (279_936, "So many does the first convolution make. Follow them through all layers."),
        (290_400, "So many does the first convolution make of 227 pixels. Take 224, and go on."),
        (4096, "So many units there are. How many numbers come to each of them?"),
    ],
    note="54, 26, 12, 5: 5 * 5 * 256. So a Dense layer ties a network to one size of image.",
)
def flat_numbers():
    """The numbers behind AlexNet's last pool, for a photo of 224 x 224 pixels."""
    side = (224 - 11) // 4 + 1
    for _ in range(3):  # three pools
        side = (side - 3) // 2 + 1
    return side * side * 256


# Exercise 6b.2
@Number(
    within=0.5,
    hints=[
        "How many channels does one filter see, if only the maps of its own card are there?",
        "256 filters of 5 × 5 × 48 weights, and a bias for each.",
    ],
    mistakes=[
        (614_656, "So many has the layer in one piece, where each filter sees all 96 maps."),
        (614_400, "Each filter sees 48 maps, those of its own card. And it has a bias."),
        (307_200, "These are the weights. Each filter has a bias, too."),
        (307_712, "The 256 filters are on both cards together, half on each: 256 biases."),
        (307_328, "There are 256 filters on both cards together, so 256 biases."),
        (153_728, "This is one card. Count both."),
        (153_600, "These are the weights of one card. Count both, and the biases."),
        (153_856, "Either the maps are halved, or the filters of one card are counted: not both."),
        (12_544, "A kernel of 5 × 5 has 25 weights."),
    ],
    note="Half of the weights, as each filter sees half of the maps.",
)
def second_on_two_cards():
    """The parameters of 256 filters of 5 x 5 that see 48 of 96 maps."""
    return 5 * 5 * 48 * 256 + 256


# Exercise 6b.3
@Number(
    within=0.5,
    hints=[
        "How many weights has a layer of 7 × 7 that makes 64 channels of 64?",
        "49 · 64 · 64 against three times 9 · 64 · 64.",
    ],
    mistakes=[
        (22, "So many for one channel in and one out. Here each of 64 filters sees 64 channels."),
        (1408, "Each of the 64 filters sees 64 channels: 64 · 64, not 64."),
        (
            110_592,
            "So many have the three small layers. Subtract them from the large one's.",
        ),
        (200_704, "So many has the large layer. Subtract those of the three small ones."),
        (163_840, "This subtracts one layer of 3 × 3. It takes three to see 7 × 7."),
        (126_976, "This subtracts two layers of 3 × 3, which see 5 × 5. It takes three."),
        (-90_112, "The small layers have fewer: this is how many *more* the large one has."),
    ],
    note="(49 - 27) * 64 * 64, nearly half of the weights.",
)
def saved_weights():
    """What three layers of 3 x 3 save against one of 7 x 7, on 64 channels."""
    return (7 * 7 - 3 * 3 * 3) * 64 * 64


def _branch(side, c_in, c_mid, c_out, k, power=2, second=None):
    places, second = side**2, c_mid if second is None else second
    first = places * k**power * c_in * c_out
    return first, places * (c_in * c_mid + k**power * second * c_out)


# Exercise 6b.4
@Function(
    cases=[(28, 192, 16, 32, 5), (14, 480, 24, 64, 5), (7, 64, 8, 32, 3)],
    hints=[
        "At each of `side * side` places a convolution of `k * k` from `a` to `b` channels "
        "multiplies `k * k * a * b` times.",
        "The 1 × 1 convolution goes from `c_in` to `c_mid`, the large one from `c_mid` to `c_out`. "
        "Add both.",
    ],
    mistakes=[
        (
            lambda side, c_in, c_mid, c_out, k: (
                side**2 * k**2 * c_in * c_out,
                side**2 * k**2 * c_mid * c_out,
            ),
            "The 1 × 1 convolution multiplies, too: add its work.",
        ),
        (partial(_branch, power=1), "A kernel has `k * k` weights, not `k`."),
        (
            lambda *a: tuple(work // a[0] for work in _branch(*a)),
            "A map has `side * side` places, not `side`.",
        ),
        (
            lambda *a: tuple(work // a[0] ** 2 for work in _branch(*a)),
            "These are the weights. Each works once at every one of the `side * side` places.",
        ),
        (
            lambda side, c_in, c_mid, c_out, k: _branch(side, c_in, c_mid, c_out, k, second=c_in),
            "Behind the 1 × 1 convolution there are `c_mid` channels: the large one sees those.",
        ),
        (lambda *a: _branch(*a)[::-1], "First the work without the bottleneck, then with it."),
        (
            lambda side, c_in, c_mid, c_out, k: (
                side**2 * k**2 * c_in * c_out,
                side**2 * (k**2 * c_in * c_mid + k**2 * c_mid * c_out),
            ),
            "The first of the two has a kernel of 1 × 1: one weight for each channel.",
        ),
        (lambda *a: _branch(*a)[1], "Return both: without the bottleneck, and with it."),
    ],
    note="In GoogLeNet's first module this is 120 million against 12 million.",
)
def branch_work(side, c_in, c_mid, c_out, k):
    """Multiply-adds of a k x k branch on side x side maps: as it is, and with a bottleneck."""
    plain = side * side * k * k * c_in * c_out
    squeezed = side * side * (c_in * c_mid + k * k * c_mid * c_out)
    return plain, squeezed


# Exercise 6b.5
@Number(
    within=0.05,
    hints=[
        "What is the slope of x + F(x), if F has the slope 0.1?",
        "1.1 for one block. Slopes of things done one after the other are multiplied.",
    ],
    mistakes=[
        (0, "So it is without the shortcut: 0.1 to the power of 20. With it a block has 1.1."),
        (1.1, "This is one block. There are twenty, one after the other."),
        (2, "Slopes of things done one after the other are multiplied. And the shortcut adds 1."),
        (2.1, "This adds slopes. Of things done one after the other they are multiplied."),
        (3, "Slopes of things done one after the other are multiplied, not added."),
        (21, "Twenty blocks, each with the slope 1.1: multiply them, do not add 1 to 20."),
        (22, "Slopes of things done one after the other are multiplied: 1.1 to the power of 20."),
        (20, "A block has the slope 1 + 0.1, and twenty of them are multiplied."),
        (1, "The shortcuts alone would make 1. But each block adds a little: 1.1."),
        (6.12, "This is 1.1 to the power of 19. There are twenty blocks."),
        (7.4, "This is 1.1 to the power of 21. There are twenty blocks."),
    ],
    note="1.1 ** 20. Without shortcuts it is 0.1 ** 20, a 1 behind nineteen zeros.",
)
def slope_of_twenty():
    """The slope through twenty residual blocks, each with a branch of slope 0.1."""
    return (1 + 0.1) ** 20


# Exercise 6b.6
@FaultyLine(
    code="""
    def residual_block(x, filters):
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        y = layers.BatchNormalization()(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
        y = layers.BatchNormalization()(y)
        y = layers.Add()([y, y])
        return layers.ReLU()(y)
    """,
    hints=[
        "Follow `x`: where is it used?",
        "What should be added to the output of the two convolutions?",
    ],
    mistakes=[
        (2, "The first convolution sees `x`, and keeps the size: right."),
        (3, "Batch normalisation follows the convolution, which needs no bias then: right."),
        (4, "A ReLU stands between the two convolutions: right."),
        (5, "The second convolution sees what the first one made: right."),
        (6, "The branch ends with batch normalisation, without a ReLU: so ResNet has it."),
        (8, "The last ReLU comes after the addition: so ResNet has it."),
        (1, "All that the block needs comes in: right."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="`layers.Add()([x, y])`. With `[y, y]` nothing passes by, and no error says so.",
)
def faulty_block():
    """It adds the branch to itself, so nothing passes by."""
    return 7


def _relu(z):
    return np.maximum(z, 0)


_X = np.array([2.0, -1.0, 0.5])
_W1, _W2 = _rng.normal(size=(2, 3, 3)).round(1)


# Exercise 6b.7
@Function(
    cases=[
        (_X, _W1, _W2),
        (np.array([-1.0, 3.0]), np.array([[0.5, -1.0], [2.0, 1.0]]), np.array([[-2.0, 2.5]] * 2)),
        (_X, np.zeros((3, 3)), np.zeros((3, 3))),
    ],
    hints=[
        "The branch is `W2 @ relu(W1 @ x)`, where `relu(z)` is `np.maximum(z, 0)`.",
        "Add `x` to the branch, and apply ReLU to the sum.",
    ],
    mistakes=[
        (lambda x, W1, W2: _relu(W2 @ _relu(W1 @ x)), "Nothing passes by: add `x`."),
        (lambda x, W1, W2: x + W2 @ _relu(W1 @ x), "A ReLU follows the addition."),
        (
            lambda x, W1, W2: x + _relu(W2 @ _relu(W1 @ x)),
            "The ReLU comes after the addition: else a block could only add, never take away.",
        ),
        (
            lambda x, W1, W2: _relu(x + _relu(W2 @ _relu(W1 @ x))),
            "The branch ends without a ReLU: else a block could only add, never take away.",
        ),
        (lambda x, W1, W2: _relu(x + W2 @ (W1 @ x)), "A ReLU stands between the two layers."),
        (
            lambda x, W1, W2: _relu(x + _relu(x @ W1) @ W2),
            "A row of `W1` has the weights of one unit: `W1 @ x`.",
        ),
        (
            lambda x, W1, W2: _relu(x + W1 @ _relu(W2 @ x)),
            "First `W1`, then `W2`.",
        ),
        (
            lambda x, W1, W2: _relu(_relu(x) + W2 @ _relu(W1 @ x)),
            "`x` passes by as it is: no ReLU on the way.",
        ),
        (lambda x, W1, W2: _relu(x * (W2 @ _relu(W1 @ x))), "Add the two, do not multiply them."),
        (lambda x, W1, W2: _relu(W2 @ _relu(W1 @ x) - x), "Add `x`, do not subtract it."),
    ],
    note="With W1 and W2 of zeros it is the identity, for what is not negative.",
)
def residual(x, W1, W2):
    """The output of a residual block: x plus a branch of two layers, then ReLU."""
    branch = W2 @ np.maximum(W1 @ x, 0)
    return np.maximum(x + branch, 0)


def _separable(height, width, k, c_in, c_out, power=2, channels=None, bias=0):
    weights = k**power * (c_in if channels is None else channels) + c_in * c_out
    return weights + bias * (c_in + c_out), height * width * weights


# Exercise 6b.8
@Function(
    cases=[(56, 56, 3, 64, 128), (14, 20, 5, 32, 32), (7, 7, 7, 96, 24)],
    hints=[
        "The depthwise convolution has one kernel of `k * k` for each of `c_in` channels, the "
        "1 × 1 convolution `c_in * c_out` weights.",
        "Each weight works once at each of `height * width` places.",
    ],
    mistakes=[
        (
            lambda height, width, k, a, b: (k * k * a * b, height * width * k * k * a * b),
            "This is an ordinary convolution, in which each filter has a kernel for each channel.",
        ),
        (partial(_separable, power=1), "A kernel has `k * k` weights, not `k`."),
        (
            lambda height, width, k, a, b: (k * k * a, height * width * k * k * a),
            "This is the depthwise part alone. The 1 × 1 convolution mixes the channels.",
        ),
        (
            lambda height, width, k, a, b: _separable(height, width, k, a, b, channels=b),
            "The depthwise convolution comes first, on `c_in` channels.",
        ),
        (
            lambda height, width, k, a, b: (k * k + a * b, height * width * (k * k + a * b)),
            "Each of the `c_in` channels has a depthwise kernel of its own.",
        ),
        (
            lambda height, width, k, a, b: _separable(height, width, k, a, b, channels=a * a),
            "The first convolution is depthwise: its `c_in` kernels see one channel each.",
        ),
        (
            lambda height, width, k, a, b: (
                k * k * a + k * k * a * b,
                height * width * (k * k * a + k * k * a * b),
            ),
            "The second convolution has kernels of 1 × 1: `c_in * c_out` weights, without `k`.",
        ),
        (
            lambda height, width, k, a, b: (
                k * k * a + a * b,
                height * height * (k * k * a + a * b),
            ),
            "Maps need not be square: they have `height * width` places.",
        ),
        (
            lambda height, width, k, a, b: (k * k * a + a * b, k * k * a + a * b),
            "The weights are right. Each works once at *every* place of the map.",
        ),
        (
            lambda height, width, k, a, b: (k * k * a + a * b, height * (k * k * a + a * b)),
            "A map has `height * width` places.",
        ),
        (
            lambda height, width, k, a, b: (k * k * a + a * b, height * width * k * k * a + a * b),
            "The 1 × 1 convolution works at each of `height * width` places, too.",
        ),
        (
            lambda height, width, k, a, b: _separable(height, width, k, a, a * b),
            "The 1 × 1 convolution has `c_in * c_out` weights: `c_in` counts once.",
        ),
        (partial(_separable, bias=1), "Only weights are asked for, without biases."),
        (
            lambda *a: _separable(*a)[0],
            "Return two numbers: the weights, and the multiply-adds.",
        ),
        (lambda *a: _separable(*a)[::-1], "First the weights, then the multiply-adds."),
    ],
)
def separable_costs(height, width, k, c_in, c_out):
    """Weights and multiply-adds of a depthwise separable convolution that keeps the size."""
    weights = k * k * c_in + c_in * c_out
    return weights, height * width * weights


# Exercise 6b.9
@LineOrder(
    lines=[
        "x = layers.Conv2D(24, 3, strides=2)(images)  # 24 channels",
        'y = layers.Conv2D(144, 1, activation="relu6")(x)',
        'y = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(y)',
        "y = layers.Conv2D(24, 1)(y)  # no activation",
        "y = layers.Add()([x, y])",
        "features = layers.GlobalAveragePooling2D()(y)",
    ],
    hints=[
        "Wide in the middle: first more channels, then the kernels of 3 × 3, then fewer channels.",
        "What is added must have as many channels as `x`.",
    ],
    mistakes=[
        ((2, 1), "`x` must be made before it can be used."),
        ((3, 2), "First the channels are made many: the cheap kernels of 3 × 3 work on those."),
        ((4, 3), "The 1 × 1 convolution that makes few channels of many comes last in the branch."),
        ((5, 4), "`Add` takes arrays of one shape: `y` must have 24 channels again."),
        ((6, 5), "Means of the maps are taken at the end, when there are no more maps to make."),
    ],
)
def inverted_order():
    """Expand, look at neighbours channel by channel, project, add; at the end the means."""


# Exercise 6b.10
@Number(
    within=0.05,
    hints=[
        "How many patches of 16 × 16 are in 384 × 384 pixels, how many in 224 × 224?",
        "24 · 24 = 576 and 14 · 14 = 196. Each patch looks at each.",
    ],
    mistakes=[
        (576 / 196, "So many times as many patches. But each looks at each: square it."),
        (384 / 224, "So many times as many on one side. A photo has two, and each looks at each."),
        (576, "So many patches there are. How many times as many *pairs*?"),
        (331_776, "So many pairs there are. How many times as many as with 224 pixels?"),
        (5.04, "There are rows and columns of patches, and pairs of patches: the fourth power."),
        (25.4, "Each patch looks at each, which makes pairs, not triples."),
        (16, "So it is for twice as many pixels on a side. Here 14 patches become 24."),
        (4, "It is less than twice as many pixels on a side: 24 patches in place of 14."),
    ],
    note="(24/14) ** 4. A convolution would take 2.9 times the work, as each place costs the same.",
)
def pairs_at_384():
    """How many times as many pairs of patches 384 pixels have as 224, with patches of 16."""
    return ((384 / 16) ** 2 / (224 / 16) ** 2) ** 2


_IMAGE = _rng.integers(0, 100, size=(4, 6, 3))


def _cut(image, size):
    (h, w, c), s = image.shape, size
    return image.reshape(h // s, s, w // s, s, c)


# Exercise 6b.11
@Function(
    cases=[(_IMAGE, 2), (np.arange(36).reshape(6, 6, 1), 3), (_IMAGE[:, :4], 4)],
    hints=[
        "Patch (i, j) is `image[i * size : (i + 1) * size, j * size : (j + 1) * size]`. Two loops "
        "are fine.",
        "`.reshape(-1)` lays a patch in one row; `np.array` puts the rows below each other.",
    ],
    mistakes=[
        (
            lambda image, size: image.reshape(-1, size * size * image.shape[-1]),
            "`reshape` alone takes numbers as they lie in memory, row by row of the whole image. "
            "Cut the patches out first.",
        ),
        (
            lambda image, size: (
                _cut(image, size)
                .transpose(2, 0, 1, 3, 4)
                .reshape(-1, size * size * image.shape[-1])
            ),
            "The patches are right, their order is not: the first row of patches from left to "
            "right, then the next.",
        ),
        (
            lambda image, size: (
                _cut(image, size).transpose(0, 2, 1, 3, 4).reshape(-1, size, size, image.shape[-1])
            ),
            "Lay each patch in one row: the shape is (patches, numbers of a patch).",
        ),
        (
            lambda image, size: (
                _cut(image, size)
                .transpose(0, 2, 4, 1, 3)
                .reshape(-1, size * size * image.shape[-1])
            ),
            "Within a patch the channels come last, as in the image.",
        ),
        (
            lambda image, size: (
                _cut(image, size)
                .transpose(0, 2, 3, 1, 4)
                .reshape(-1, size * size * image.shape[-1])
            ),
            "Within a patch, go along its rows, not along its columns.",
        ),
        (
            lambda image, size: np.array(
                [
                    image[i : i + size, j : j + size].reshape(-1)
                    for i in range(image.shape[0] - size + 1)
                    for j in range(image.shape[1] - size + 1)
                ]
            ),
            "These windows overlap. Patches lie side by side: start at multiples of `size`.",
        ),
        (
            lambda image, size: np.array(
                [
                    image[i : i + size, j : j + size].reshape(-1)
                    for i in range(image.shape[0] // size)
                    for j in range(image.shape[1] // size)
                ]
            ),
            "Patch number `i` does not start at pixel `i`, but at `i * size`.",
        ),
        (
            lambda image, size: np.array(
                [
                    image[i : i + size, j : j + size].reshape(-1)
                    for i in range(0, image.shape[0], size)
                    for j in range(0, image.shape[0], size)
                ]
            ),
            "Images need not be square: one loop goes over the height, the other over the width.",
        ),
        (
            lambda image, size: image[:size, :size].reshape(1, -1),
            "This is the first patch. There are `(H // size) * (W // size)` of them.",
        ),
        (
            lambda image, size: (
                _cut(image, size)
                .transpose(0, 2, 1, 3, 4)
                .reshape(image.shape[0] // size, -1, size * size * image.shape[-1])
            ),
            "Put all patches in one list: two axes, not three.",
        ),
    ],
)
def cut_patches(image, size):
    """The patches of an image (H, W, C), row by row: (patches, size * size * C)."""
    height, width = image.shape[:2]
    return np.array(
        [
            image[i : i + size, j : j + size].reshape(-1)
            for i in range(0, height, size)
            for j in range(0, width, size)
        ]
    )


_MEANS = np.array([103.939, 116.779, 123.68])
_PHOTOS = _rng.integers(0, 256, size=(2, 3, 4, 3)).astype(float)


# Exercise 6b.12
@Function(
    cases=[(_PHOTOS,), (_PHOTOS[:1, :1, :1],)],
    hints=[
        "`images[..., ::-1]` turns the last axis round: red, green, blue become blue, green, red.",
        "Turn the channels round, then subtract the three means. NumPy subtracts them from the "
        "last axis.",
    ],
    mistakes=[
        (lambda images: images - _MEANS, "The channels are still red, green, blue: turn them."),
        (lambda images: images[..., ::-1], "The means must be subtracted, too."),
        (
            lambda images: (images - _MEANS)[..., ::-1],
            "The means are those of blue, green, red: subtract them after turning.",
        ),
        (
            lambda images: images[:, :, ::-1] - _MEANS,
            "This mirrors the photos. The channels are the last axis.",
        ),
        (
            lambda images: images[:, ::-1] - _MEANS,
            "This turns the photos upside down. The channels are the last axis.",
        ),
        (
            lambda images: images[::-1] - _MEANS,
            "This turns the order of the photos round. The channels are the last axis.",
        ),
        (lambda images: images[..., ::-1] + _MEANS, "Subtract the means, do not add them."),
        (
            lambda images: images - _MEANS[::-1],
            "The means fit their colours. Now turn the channels round, too.",
        ),
        (
            lambda images: images[..., ::-1] - np.floor(_MEANS),
            "The means are not whole numbers: 103.939 is not 103.",
        ),
        (
            lambda images: images[..., ::-1] / 255 - _MEANS,
            "These weights want values of the range 0 to 255, less the means: do not divide.",
        ),
        (
            lambda images: (images[..., ::-1] - _MEANS) / 255,
            "Order and means are right. These weights want no division after them.",
        ),
        (
            lambda images: images[..., ::-1] - images[..., ::-1].mean(axis=(0, 1, 2)),
            "The means are those of the photos the network has learned from, not of yours.",
        ),
    ],
    note="`keras.applications.vgg16.preprocess_input` does the same.",
)
def as_vgg_wants(images):
    """Photos (n, H, W, 3) in RGB, 0 to 255, as VGG's weights want them: BGR less the means."""
    return images[..., ::-1] - np.array([103.939, 116.779, 123.68])
