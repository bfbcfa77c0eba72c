"""Drawn animals, for lessons without photos: endless, labelled, and as hard as you like."""

import math
import sys
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
from tqdm import tqdm

from cnnkit._checks import as_integer_seed
from cnnkit.data._canvas import Canvas, arc, ellipse, inside, leaf, segment

WHITE, BLACK = (0.97, 0.96, 0.93), (0.10, 0.09, 0.09)
_PINK, _LIPS = (0.93, 0.62, 0.62), (0.25, 0.14, 0.13)
_FURS = (  # coat and second colour, the same for cats and dogs
    ((0.87, 0.56, 0.26), (0.98, 0.88, 0.72)),  # ginger
    ((0.45, 0.44, 0.46), (0.84, 0.84, 0.85)),  # grey
    ((0.20, 0.19, 0.20), (0.93, 0.92, 0.90)),  # black
    ((0.93, 0.89, 0.82), (0.72, 0.52, 0.36)),  # cream
    ((0.50, 0.33, 0.20), (0.88, 0.76, 0.60)),  # brown
    ((0.70, 0.63, 0.53), (0.95, 0.92, 0.86)),  # fawn
)
_EYES = ((0.45, 0.62, 0.25), (0.85, 0.65, 0.15), (0.40, 0.62, 0.80), (0.45, 0.27, 0.12))
_PATTERNS = ("plain", "stripes", "patch", "blaze", "spots")
_WALLS = (
    (0.55, 0.74, 0.80), (0.93, 0.80, 0.58), (0.63, 0.76, 0.55), (0.90, 0.68, 0.62),
    (0.72, 0.67, 0.82), (0.86, 0.84, 0.78), (0.36, 0.50, 0.58), (0.50, 0.46, 0.42),
)  # fmt: skip


@dataclass
class Face:
    """What an animal looks like; lengths in units of the head's radius, `y` downwards."""

    coat: tuple
    second: tuple
    head: tuple = (1.0, 0.9)
    # Pairs of ears: kind, x and y of the root, length, half-width, angle from upright, front.
    ears: list = field(default_factory=list)
    inner_ear: tuple = _PINK
    eyes: tuple = (0.42, -0.12, 0.2)  # x, y, radius
    iris: tuple = _EYES[3]
    pupil: tuple = (0.6, 0.8)  # half-axes in units of the iris
    muzzle: tuple = (0.34, 0.36, 0.27)  # y, half-axes
    nose: tuple = (0.22, 0.13, 0.09)  # y, half-axes
    nose_color: tuple = BLACK
    mouth: float = 0.2  # width of one half, 0 for none
    nostrils: bool = False
    beak: bool = False
    tongue: bool = False
    whiskers: bool = False
    pattern: str = "plain"
    body: tuple = (0.0, 1.55, 0.95, 1.0)  # x, y, half-axes


def _choose(rng, options):
    return options[int(rng.random() * len(options))]


def _between(rng, low, high):
    return float(low + (high - low) * rng.random())


def _vary(rng, color, amount=0.07):
    return tuple(min(max(c + _between(rng, -amount, amount), 0.03), 0.99) for c in color)


def _fur(rng):
    coat, second = _choose(rng, _FURS)
    return _vary(rng, coat), _vary(rng, second, 0.04)


def _cat(rng):
    coat, second = _fur(rng)
    y, lean = _between(rng, -0.52, -0.42), _between(rng, 22, 36)
    ear = ("leaf", _between(rng, 0.5, 0.6), y, _between(rng, 0.62, 0.9), 0.34, lean, False)
    return Face(
        coat,
        second,
        head=(1.0, _between(rng, 0.78, 0.88)),
        ears=[ear],
        eyes=(_between(rng, 0.38, 0.46), _between(rng, -0.14, -0.04), _between(rng, 0.18, 0.24)),
        iris=_vary(rng, _choose(rng, _EYES[:3])),
        pupil=(_between(rng, 0.2, 0.75), 0.88),
        muzzle=(0.36, _between(rng, 0.3, 0.4), 0.22),
        nose=(0.24, 0.1, 0.07),
        nose_color=_choose(rng, (_PINK, (0.45, 0.27, 0.25), BLACK)),
        mouth=0.15,
        whiskers=True,
        pattern=_choose(rng, _PATTERNS),
    )


def _dog(rng):
    coat, second = _fur(rng)
    dark = tuple(0.7 * c for c in coat)
    kind = rng.random()
    if kind < 0.5:  # hanging ears
        length, lean = _between(rng, 0.8, 1.2), _between(rng, 160, 196)
        ear = ("drop", 0.82, -0.5, length, _between(rng, 0.26, 0.36), lean, True)
    elif kind < 0.85:  # pricked ears
        length, lean = _between(rng, 0.7, 0.95), _between(rng, 8, 22)
        ear = ("leaf", _between(rng, 0.44, 0.54), -0.5, length, 0.3, lean, False)
    else:  # folded ears
        ear = ("drop", 0.62, -0.62, 0.55, 0.26, _between(rng, 115, 140), True)
    return Face(
        coat,
        second,
        head=(_between(rng, 0.8, 0.92), _between(rng, 0.9, 1.0)),
        ears=[ear],
        inner_ear=dark,
        eyes=(_between(rng, 0.32, 0.4), _between(rng, -0.22, -0.12), _between(rng, 0.14, 0.18)),
        iris=_vary(rng, _EYES[3]),
        pupil=(0.7, 0.7),
        muzzle=(_between(rng, 0.36, 0.44), _between(rng, 0.4, 0.52), _between(rng, 0.36, 0.48)),
        nose=(_between(rng, 0.16, 0.24), _between(rng, 0.17, 0.24), 0.14),
        nose_color=_choose(rng, (BLACK, BLACK, (0.32, 0.2, 0.16))),
        mouth=0.24,
        tongue=rng.random() < 0.4,
        pattern=_choose(rng, _PATTERNS),
    )


def _bear(rng):
    coat = _vary(rng, _choose(rng, ((0.42, 0.27, 0.17), (0.28, 0.2, 0.16), (0.9, 0.88, 0.84))))
    return Face(
        coat,
        _vary(rng, (0.8, 0.66, 0.5)),
        head=(1.0, 0.92),
        ears=[("disc", 0.74, -0.66, 0.0, _between(rng, 0.27, 0.34), 0, False)],
        inner_ear=tuple(0.75 * c for c in coat),
        eyes=(_between(rng, 0.34, 0.4), -0.14, 0.1),
        iris=(0.2, 0.12, 0.08),
        muzzle=(0.36, 0.4, 0.32),
        nose=(0.22, 0.18, 0.12),
        tongue=rng.random() < 0.25,
    )


def _fox(rng):
    coat = _vary(rng, _choose(rng, ((0.86, 0.42, 0.16), (0.75, 0.36, 0.18), (0.6, 0.58, 0.58))))
    ear = ("leaf", 0.6, -0.42, _between(rng, 0.9, 1.15), 0.36, _between(rng, 16, 28), False)
    return Face(
        coat,
        WHITE,
        head=(1.02, 0.76),
        ears=[ear],
        inner_ear=BLACK,
        eyes=(0.42, -0.08, 0.14),
        iris=(0.72, 0.5, 0.14),
        pupil=(0.45, 0.85),
        muzzle=(0.46, 0.26, 0.36),
        nose=(0.52, 0.12, 0.1),
        mouth=0.1,
        whiskers=rng.random() < 0.4,
        pattern="cheeks",
    )


def _frog(rng):
    coat = _vary(rng, _choose(rng, ((0.42, 0.66, 0.26), (0.3, 0.55, 0.4), (0.6, 0.62, 0.25))))
    return Face(
        coat,
        tuple(min(1.0, c + 0.25) for c in coat),
        head=(1.12, 0.72),
        ears=[("disc", 0.56, -0.6, 0.0, 0.32, 0, False)],
        inner_ear=coat,
        eyes=(0.56, -0.62, 0.23),
        iris=_vary(rng, (0.9, 0.78, 0.25)),
        pupil=(0.8, 0.35),
        muzzle=(0.4, 0.7, 0.24),
        nose=(0.02, 0.0, 0.0),
        mouth=0.42,
        nostrils=True,
        pattern=_choose(rng, ("plain", "spots")),
    )


def _koala(rng):
    coat = _vary(rng, (0.58, 0.58, 0.62))
    return Face(
        coat,
        WHITE,
        head=(1.0, 0.86),
        ears=[("disc", 0.98, -0.46, 0.0, _between(rng, 0.42, 0.54), 0, False)],
        inner_ear=_vary(rng, (0.86, 0.76, 0.78)),
        eyes=(0.44, -0.1, 0.1),
        iris=(0.2, 0.13, 0.1),
        muzzle=(0.45, 0.26, 0.16),
        nose=(0.2, 0.2, 0.32),
        nose_color=(0.18, 0.16, 0.18),
        mouth=0.12,
    )


def _mouse(rng):
    coat = _vary(rng, _choose(rng, ((0.62, 0.58, 0.55), (0.7, 0.56, 0.42), (0.92, 0.9, 0.88))))
    return Face(
        coat,
        _vary(rng, (0.92, 0.86, 0.8)),
        head=(0.8, 0.82),
        ears=[("disc", 0.78, -0.76, 0.0, _between(rng, 0.46, 0.58), 0, False)],
        eyes=(0.34, -0.06, 0.12),
        iris=BLACK,
        muzzle=(0.46, 0.3, 0.26),
        nose=(0.4, 0.1, 0.08),
        nose_color=(0.88, 0.5, 0.52),
        mouth=0.1,
        whiskers=True,
    )


def _owl(rng):
    coat = _vary(rng, _choose(rng, ((0.55, 0.42, 0.3), (0.48, 0.46, 0.48), (0.86, 0.82, 0.76))))
    return Face(
        coat,
        tuple(min(1.0, 1.25 * c + 0.08) for c in coat),
        head=(0.95, 0.92),
        ears=[("leaf", 0.56, -0.62, _between(rng, 0.35, 0.55), 0.2, 34, False)],
        inner_ear=coat,
        eyes=(0.4, -0.12, _between(rng, 0.3, 0.36)),
        iris=_vary(rng, _choose(rng, ((0.95, 0.72, 0.15), (0.92, 0.5, 0.12)))),
        pupil=(0.55, 0.55),
        muzzle=(0.3, 0.0, 0.0),
        nose=(0.2, 0.0, 0.0),
        mouth=0.0,
        beak=True,
        pattern="discs",
    )


def _pig(rng):
    coat = _vary(rng, _choose(rng, ((0.94, 0.7, 0.68), (0.86, 0.6, 0.56), (0.5, 0.4, 0.38))))
    dark = tuple(0.82 * c for c in coat)
    ear = ("leaf", 0.62, -0.6, _between(rng, 0.45, 0.65), 0.28, _between(rng, 48, 75), True)
    if rng.random() < 0.4:  # folded ears
        ear = ("drop", 0.7, -0.62, 0.6, 0.26, _between(rng, 115, 145), True)
    return Face(
        coat,
        coat,
        head=(1.0, 0.92),
        ears=[ear],
        inner_ear=dark,
        eyes=(0.42, -0.16, 0.09),
        iris=(0.22, 0.14, 0.12),
        muzzle=(0.3, 0.36, 0.26),
        nose=(0.3, 0.36, 0.27),
        nose_color=dark,
        mouth=0.0,
        nostrils=True,
    )


def _rabbit(rng):
    coat, second = _fur(rng)
    length = _between(rng, 1.15, 1.5)
    ear = ("long", 0.34, -0.62, length, 0.22, _between(rng, 2, 22), False)
    if rng.random() < 0.4:  # hanging ears
        ear = ("drop", 0.78, -0.5, 0.9 * length, 0.26, _between(rng, 165, 190), True)
    return Face(
        coat,
        WHITE,
        head=(0.84, 0.88),
        ears=[ear],
        eyes=(0.46, -0.1, 0.17),
        iris=_vary(rng, (0.3, 0.18, 0.12)),
        muzzle=(0.38, 0.34, 0.24),
        nose=(0.26, 0.09, 0.06),
        nose_color=_PINK,
        mouth=0.12,
        whiskers=True,
    )


KINDS = {
    "cat": _cat,
    "dog": _dog,
    "bear": _bear,
    "fox": _fox,
    "frog": _frog,
    "koala": _koala,
    "mouse": _mouse,
    "owl": _owl,
    "pig": _pig,
    "rabbit": _rabbit,
}


def draw_pets(
    n,
    *,
    seed=None,
    kinds=("cat", "dog"),
    image_size=64,
    viewpoint=0.0,
    illumination=0.0,
    occlusion=0.0,
    clutter=0.0,
    verbose=1,
):
    """Draw animals from random numbers.

    The four knobs run from 0 (off) to 1. Image `i` of a seed shows the same animal at every size
    and every setting of the knobs, and does not depend on `n`.

    Args:
        n: How many images.
        seed: An integer of 0..2**32-1 gives the same animals at each call, another one others: a
            training and a test set need different seeds. None draws new ones at each call, and a
            `numpy.random.Generator` is drawn from.
        kinds: Which animals, of those in `KINDS`; they take turns.
        image_size: Height and width in pixels.
        viewpoint: Turns, shifts, shrinks and squeezes the animal.
        illumination: Changes brightness and colour of the light, and lets it come from one side.
        occlusion: Puts leaves and posts in front of the animal.
        clutter: Fills the background with shapes and colours of animals.
        verbose: 1 shows a progress bar if it takes more than a second, 0 does not.

    Returns:
        `(images, labels)`: uint8 of shape `(n, image_size, image_size, 3)` in 0..255, and int32 of
        shape `(n,)`, indices into `kinds`.

    Example:

    >>> from cnnkit import data, viz
    >>> pets, labels = data.draw_pets(8, seed=0)
    >>> pets.shape, labels.tolist()
    ((8, 64, 64, 3), [0, 1, 0, 1, 0, 1, 0, 1])
    >>> panels = viz.plot_images(pets)
    >>> harder, labels = data.draw_pets(8, seed=0, viewpoint=1, clutter=1)  # the same animals
    """
    knobs = dict(viewpoint=viewpoint, illumination=illumination)
    knobs |= dict(occlusion=occlusion, clutter=clutter)
    _check(n, kinds, image_size, knobs)
    seed, kinds = as_integer_seed(seed), tuple(kinds)
    images = np.empty((n, image_size, image_size, 3), np.uint8)
    labels = np.arange(n, dtype=np.int32) % len(kinds)
    bar_options = dict(unit="image", delay=1, leave=False, file=sys.stdout, disable=not verbose)
    for i in tqdm(range(n), "drawing", **bar_options):
        images[i] = draw_face(KINDS[kinds[labels[i]]], [seed, i], image_size, **knobs)
    return images, labels


def _check(n, kinds, image_size, knobs):
    for name, value, least in (("n", n, 0), ("image_size", image_size, 8)):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(
                f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}"
            )
    unknown = [kind for kind in kinds if kind not in KINDS]
    if isinstance(kinds, str) or unknown or not len(kinds):
        raise ValueError(
            f"`kinds` must be some of {', '.join(KINDS)}, in a list. Received: kinds={kinds!r}"
        )
    for name, value in knobs.items():
        if not 0 <= value <= 1:
            raise ValueError(f"`{name}` must be in 0..1. Received: {name}={value!r}")


def draw_face(
    make_face, seed, image_size, viewpoint=0.0, illumination=0.0, occlusion=0.0, clutter=0.0
):
    """Draw one animal: `make_face` makes its `Face` from a random generator, `seed` is a list of
    whole numbers. Returns uint8 of shape `(image_size, image_size, 3)`."""
    rng = np.random.default_rng(seed)
    chance = rng.random((2, 5)).tolist()  # drawn first, so that a knob changes nothing else
    face = make_face(rng)
    canvas = Canvas(image_size, _vary(rng, _choose(rng, _WALLS)))
    _draw_room(canvas, rng)
    _draw_clutter(canvas, clutter, np.random.default_rng([*seed, 1]))
    _place(canvas, rng, viewpoint, chance[0])
    _draw_animal(canvas, face, _between(rng, -1, 1), rng)
    canvas.place()
    _draw_occluders(canvas, occlusion, np.random.default_rng([*seed, 2]))
    _light(canvas, illumination, chance[1])
    canvas.pixels += np.float32(0.02) * (rng.random((image_size, image_size), np.float32) - 0.5)
    return canvas.image()


def _draw_room(canvas, rng):
    floor = _vary(rng, _choose(rng, _WALLS))
    y = _between(rng, 0.35, 0.8)
    canvas.paint(ellipse(0, y + 3, 6, 3, _between(rng, -4, 4)), floor, shade=0.2)
    for _ in range(int(3.99 * rng.random())):
        x, y, r = _between(rng, -1, 1), _between(rng, -1, 0.4), _between(rng, 0.15, 0.5)
        canvas.paint(ellipse(x, y, r, r), _vary(rng, _choose(rng, _WALLS)), 0.7, softness=0.06)


def _place(canvas, rng, viewpoint, chance):
    signed = [2 * c - 1 for c in chance]
    canvas.place(
        x=_between(rng, -0.38, 0.38) + 0.3 * viewpoint * signed[0],
        y=_between(rng, -0.25, 0.2) + 0.3 * viewpoint * signed[1],
        scale=_between(rng, 0.32, 0.5) * 2 ** (viewpoint * (0.8 * signed[2] - 0.3)),
        angle=_between(rng, -75, 75) + 120 * viewpoint * signed[3],
        squeeze=1 - 0.45 * viewpoint * chance[4],
    )


def _draw_animal(canvas, face, turn, rng):
    """Body, ears, head and features, from back to front; `turn` from -1 to 1 looks sideways."""
    x, y, rx, ry = face.body
    body, head = ellipse(x, y, rx, ry), ellipse(0, 0, *face.head)
    canvas.paint(body, face.coat, shade=0.25)
    canvas.paint(inside(ellipse(0.15 * turn, y, 0.5 * rx, 0.9 * ry), body), face.second, 0.9)
    canvas.paint(ellipse(0, 0.18, *face.head), _darker(face.coat, 0.55), 0.5, softness=0.3)
    for ear in face.ears:
        if not ear[-1]:
            _draw_ears(canvas, face, ear)
    canvas.paint(head, face.coat, shade=0.18)
    _draw_pattern(canvas, face, head, turn, rng)
    for ear in face.ears:
        if ear[-1]:
            _draw_ears(canvas, face, ear)
    _draw_muzzle(canvas, face, 0.14 * turn)
    _draw_eyes(canvas, face, 0.1 * turn)
    _draw_nose(canvas, face, 0.17 * turn)
    if face.whiskers:
        _draw_whiskers(canvas, face, 0.14 * turn)


def _darker(color, factor=0.75):
    return tuple(factor * c for c in color)


def _draw_ears(canvas, face, ear):
    kind, x, y, length, width, angle, _ = ear
    for side in (-1, 1):
        lean = side * angle
        up, right = -math.cos(math.radians(lean)), math.sin(math.radians(lean))
        if kind == "leaf":
            canvas.paint(leaf(side * x, y, length, width, lean), face.coat)
            tip = 0.1 * length
            inner = leaf(side * x + tip * right, y + tip * up, 0.72 * length, 0.6 * width, lean)
        elif kind == "disc":
            canvas.paint(ellipse(side * x, y, width, width), face.coat, shade=0.2)
            inner = ellipse(side * x, y, 0.65 * width, 0.65 * width)
        else:
            a, b = side * x + 0.5 * length * right, y + 0.5 * length * up
            coat = _darker(face.coat, 0.8) if kind == "drop" else face.coat
            canvas.paint(ellipse(a, b, width, 0.62 * length, lean), coat, shade=0.15)
            inner = ellipse(a, b, 0.5 * width, 0.48 * length, lean)
        if kind != "drop":
            canvas.paint(inner, face.inner_ear)


def _draw_pattern(canvas, face, head, turn, rng):
    rx, ry = face.head
    if face.pattern == "stripes":
        dark = _darker(face.coat, 0.6)
        for x in (-0.22, 0.0, 0.22):
            line = segment(x + 0.08 * turn, -0.92 * ry, 0.8 * x + 0.08 * turn, -0.42 * ry, 0.09)
            canvas.paint(inside(line, head), dark)
        for side in (-1, 1):
            for y in (0.05, 0.25):
                line = segment(side * rx, y, side * 0.7 * rx, y + 0.06, 0.08)
                canvas.paint(inside(line, head), dark)
    elif face.pattern == "patch":
        side = _choose(rng, (-1, 1))
        patch = ellipse(side * face.eyes[0], face.eyes[1] - 0.1, 0.42, 0.5, 20 * side)
        canvas.paint(inside(patch, head), face.second)
    elif face.pattern == "blaze":
        canvas.paint(inside(leaf(0.1 * turn, -0.4, 0.8, 0.2), head), face.second)
    elif face.pattern == "spots":
        for _ in range(6):
            x, y = _between(rng, -0.9, 0.9) * rx, _between(rng, -0.9, 0.2) * ry
            spot = ellipse(x, y, _between(rng, 0.06, 0.16), _between(rng, 0.06, 0.16))
            canvas.paint(inside(spot, head), _darker(face.coat, 0.65))
    elif face.pattern == "cheeks":
        for side in (-1, 1):
            cheek = leaf(side * 0.6, 0.42, 0.75, 0.32, side * 58)
            canvas.paint(inside(cheek, head), face.second)
    elif face.pattern == "discs":
        for side in (-1, 1):
            canvas.paint(ellipse(side * face.eyes[0], face.eyes[1], 0.45, 0.48), face.second)


def _draw_muzzle(canvas, face, shift):
    y, rx, ry = face.muzzle
    if not rx:
        return
    if face.tongue:
        canvas.paint(ellipse(shift, y + 1.05 * ry, 0.13, 0.26), (0.88, 0.42, 0.45), shade=0.2)
    canvas.paint(ellipse(shift, y, rx, ry), face.second, shade=0.12)
    if face.whiskers:  # two pads
        for side in (-1, 1):
            canvas.paint(ellipse(shift + side * 0.17, y + 0.04, 0.2, 0.17), face.second)


def _draw_eyes(canvas, face, shift):
    x, y, r = face.eyes
    wide, high = face.pupil
    for side in (-1, 1):
        a = side * x + shift
        canvas.paint(ellipse(a, y, 1.18 * r, 1.18 * r), _darker(face.coat, 0.35))
        canvas.paint(ellipse(a, y, r, r), face.iris)
        canvas.paint(ellipse(a + 0.15 * shift, y, wide * r, high * r), BLACK)
        canvas.paint(ellipse(a - 0.3 * r, y - 0.35 * r, 0.26 * r, 0.26 * r), WHITE)


def _draw_nose(canvas, face, shift):
    y, rx, ry = face.nose
    if face.mouth:
        for side in (-1, 1):
            half = face.mouth / 2
            middle = y + ry + 0.55 * half
            canvas.paint(arc(shift + side * half, middle, half, 0.8 * half, 0.05), _LIPS)
    if face.beak:
        canvas.paint(leaf(shift, y + 0.1, 0.28, 0.15), (0.95, 0.66, 0.2), shade=0.3)
    if rx:
        canvas.paint(ellipse(shift, y, rx, ry), face.nose_color)
        if not face.nostrils:
            canvas.paint(ellipse(shift - 0.3 * rx, y - 0.4 * ry, 0.3 * rx, 0.22 * ry), WHITE, 0.6)
    if face.nostrils:
        for side in (-1, 1):
            hole = ellipse(shift + side * max(0.13, 0.4 * rx), y, 0.05, 0.08)
            canvas.paint(hole, _darker(face.coat, 0.3))


def _draw_whiskers(canvas, face, shift):
    y = face.nose[0] + 0.12
    for side in (-1, 1):
        for drop in (-0.1, 0.04, 0.18):
            x = shift + side * 0.28
            line = segment(x, y + 0.3 * drop, x + side * 0.72, y + drop, 0.03)
            canvas.paint(line, WHITE, 0.85)


def _draw_clutter(canvas, clutter, rng):
    """Leaves, balls, buttons, and plush heads with no nose, with pointed or hanging ears."""
    for _ in range(round(40 * clutter)):
        x, y, r = _between(rng, -1, 1), _between(rng, -1, 1), _between(rng, 0.1, 0.5)
        color = _vary(rng, _choose(rng, _choose(rng, _FURS)))
        kind, angle = rng.random(), _between(rng, 0, 180)
        if kind < 0.3:
            canvas.paint(leaf(x, y, r, 0.45 * r, angle), color, shade=0.2)
        elif kind < 0.5:
            canvas.paint(ellipse(x, y, r, _between(rng, 0.5, 1) * r, angle), color, shade=0.2)
        elif kind < 0.65:
            canvas.paint(ellipse(x, y, 0.4 * r, 0.4 * r), color)
            canvas.paint(ellipse(x, y, 0.22 * r, 0.22 * r), BLACK)
        else:
            canvas.place(x, y, 0.8 * r, _between(rng, -40, 40))
            for side in (-1, 1):
                if kind < 0.83:
                    canvas.paint(leaf(0.55 * side, -0.45, 0.8, 0.34, 28 * side), color)
                else:
                    canvas.paint(ellipse(0.8 * side, -0.1, 0.28, 0.6), color)
            canvas.paint(ellipse(0, 0, 0.9, 0.85), color, shade=0.2)
            for x in (-0.3, 0.3):
                canvas.paint(ellipse(x, -0.1, 0.14, 0.14), BLACK)
            canvas.place()


def _draw_occluders(canvas, occlusion, rng):
    leaves = _vary(rng, _choose(rng, ((0.2, 0.45, 0.24), (0.42, 0.55, 0.2), (0.62, 0.36, 0.16))))
    for _ in range(round(8 * occlusion)):
        x, y, angle = _between(rng, -0.6, 0.6), _between(rng, -0.7, 0.6), _between(rng, 0, 180)
        length = _between(rng, 0.3, 0.55)
        canvas.paint(leaf(x, y, length, 0.38 * length, angle), _vary(rng, leaves), shade=0.2)
    if rng.random() < occlusion:
        for x in (-0.6, 0.0, 0.6):
            post = segment(x, -2, x + _between(rng, -0.1, 0.1), 2, 0.16)
            canvas.paint(post, (0.55, 0.42, 0.3), shade=0.1)


def _light(canvas, illumination, chance):
    """Gain between a seventh and 1.7, a slope from one side, and a tint."""
    if not illumination:
        return
    angle = 2 * np.pi * chance[0]
    x, y = canvas.axis, canvas.axis[:, None]
    slope = 1 + 0.9 * illumination * (math.cos(angle) * x + math.sin(angle) * y)
    gain = 2 ** (illumination * (3.6 * chance[1] - 2.8))
    tint = [1 + 0.45 * illumination * (2 * c - 1) for c in chance[2:5]]
    canvas.pixels *= gain * np.array(tint, np.float32)[:, None, None] * slope.clip(0.1)
