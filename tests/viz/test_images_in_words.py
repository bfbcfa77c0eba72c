import numpy as np
import pytest

from cnnkit import viz


def words(images, **options):
    return viz.plot_images(images, **options).figure.alt_text


def test_each_of_a_few_images():
    half = np.zeros((4, 2), np.uint8)
    half[:2] = 200  # 2 of 6 neighbours above each other differ, and none of 4 side by side
    color = np.full((4, 2, 3), [255, 51, 102], np.uint8)
    color[0, 0] = 0  # which is an eighth; 2 of 10 neighbours differ, by 255, 51 and 102 of 255
    assert words([half, color, 0 * half], titles=["half", "red\nmost", ""], n_cols=2) == (
        "3 colour and grey images of 4 rows by 2 columns, in rows of 2; black is 0 and white 255. "
        "1 (half): mean brightness 39 %, neighbouring pixels differ by 16 %; 2 (red most): mean "
        "red 88, green 18 and blue 35 %, neighbouring pixels differ by 11 %; 3: black everywhere, "
        "or nearly."
    )


def test_one_pixel_and_values_beyond():
    assert words(np.full((1, 1, 3), 0.5)) == (
        "1 colour image of 1 by 1; black is 0 and white 1. 1: mean red 50, green 50 and blue 50 %, "
        "neighbouring pixels differ by 0 %."
    )
    transparent = np.full((2, 3, 4), [1.0, 1.0, 1.0, 0.0])
    assert words([np.zeros((1, 5), np.uint8), transparent]) == (
        "2 colour and grey images of 1 row by 5 columns to 2 rows by 3 columns. 1: black "
        "everywhere, or nearly; 2: white everywhere, or nearly."
    )
    many = words(np.full((4, 1, 1, 1), 2.0), value_range=(0, 1))
    assert "and white 1, but there are values all 2 in 4 of the images. 1: white" in many
    assert (
        "and white 1, but there are values from −1 to 2 in image 1. 1: mean brightness 50 %, neigh"
        in words(np.array([[-1.0, 2.0]]), value_range=(0, 1))
    )


IMAGE = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "image, relation",
    [
        (IMAGE.copy(), "the same as image 1"),
        (IMAGE[:, ::-1], "image 1 mirrored left to right"),
        (IMAGE[::-1], "image 1 upside down"),
        (np.rot90(IMAGE, 2), "image 1 turned by half a turn"),
        (IMAGE[..., ::-1], "image 1 with its channels in reverse"),
        (IMAGE[..., 0], "the first channel of image 1"),
        (IMAGE[..., 1], "the second channel of image 1"),
        (IMAGE[..., 2], "the third channel of image 1"),
    ],
)
def test_what_is_made_of_the_first_image(image, relation):
    assert words([IMAGE, image]).endswith(f"; 2: {relation}.")
    many = words([IMAGE, image, *[np.rot90(IMAGE)] * 5])
    assert f". Image 2 is {relation}." in many and "Image 3" not in many


def test_nothing_follows_from_one_color():
    black = np.zeros((2, 2), np.uint8)
    assert words([black, black]).endswith(
        "1: black everywhere, or nearly; 2: black everywhere, or nearly."
    )


def test_of_many_images_the_most_different():
    images = np.full((9, 2, 2), 0.5)
    images[3], images[6] = 0.25, 0.75
    images[4] = [[0, 1], [0, 1]]
    titles = ["cat", "dog", "dog", "night", "cat", "", "cat", "cat", "cat"]
    assert words(images, titles=titles) == (
        "9 grey images of 2 by 2, in rows of 8; black is 0 and white 1. Titles: cat 5 times (1, 5, "
        "7 to 9); dog 2 times (2, 3); night 1 time (4). Darkest is image 4 (night), with mean "
        "brightness of 25 %; brightest is image 7 (cat), with 75 %; image 1 (cat) has 50 %. "
        "Smoothest is image 1 (cat), with a difference of neighbouring pixels of 0 %; roughest is "
        "image 5 (cat), with 50 %."
    )
    assert words(images[:7] * 0 + 0.5).endswith("white 1.")
    assert words(images[:7], titles=list("aabcdef")).startswith(
        "7 grey images of 2 by 2; black is 0 and white 1. Titles: 1: a; 2: a; 3: b; 4: c; "
    )
