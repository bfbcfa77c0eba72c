"""The map of a bright spot lies on the spot, whatever the network is made of.

One hundred networks, random but always the same, of the helper module `random_graphs`.
"""

import functools
import re
import warnings
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
from random_graphs import random_graph

from cnnkit.explain import grad_cam, score_cam

N_GRAPHS = 100
# So many graphs at least have each of these.
LEAST = {
    10: "BatchNormalization,Cropping,Dropout,LayerNormalization,MaxBlurPooling2D,RandomAffine,"
    "RandomTranslation,RandomWarp,StochasticPooling2D,ZeroPadding,branches,conv same,conv valid,"
    "depthwise,dilated,gate,global context,joined,kernel of 5 to 7,keras.ops,nested functional,one,"
    "ops activation,ops slice,pooling,random layer,residual,shared layer,siamese,"
    "spatial attention,transposed,two images,unusual,upsampling,vector",
    5: "Add,Concatenate,GroupNormalization,Maxout,center crop,nested Sequential,ops pad,separable,"
    "steps,strides of 3",
    2: "Maximum,attention,ops pool,resized,there and back",
}


class Explained(NamedTuple):
    """A graph, explained.

    Attributes:
        ingredients: What it is made of.
        distances: From the name of a method to `strides_away`.
        refusal: The sentence of an error or a warning, without names; None if there was none.
    """

    ingredients: frozenset
    distances: dict
    refusal: str | None


def middle(cam):
    """The centre of mass of what lies above the mean of the least and the largest value.

    A map has a value everywhere if the network adds one, as a mean over the image, or knows no 0;
    and the largest value alone is a whole row of equal ones after upsampling, or one of several
    where a dilated kernel has its weights. What is seen of a spot lies evenly around it.
    """
    high = (cam - (cam.min() + cam.max()) / 2).clip(0)
    return (np.indices(cam.shape) * high).sum(axis=(1, 2)) / high.sum()


def strides_away(cam, graph):
    """How far a map is from the spot, in strides, along the worse axis.

    The nearest unit is half a stride away at most. Where branches meet that see differently, as
    those of even kernels and of none, the spot is between them; hence one stride. It is that of the
    coarsest maps on the way: what is lost there does not come back by upsampling.
    """
    return (np.abs(middle(cam) - graph.spot) / graph.coarsest).max()


@functools.cache
def explained(seed):
    graph = random_graph(seed)
    options = dict(target=0, image=graph.image)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            warnings.filterwarnings("ignore", "The map is that of the layer .* shows a part")
            maps = {"grad_cam": grad_cam(graph.model, graph.inputs, **options)}
            if seed % 5 == 0:
                maps["score_cam"] = score_cam(graph.model, graph.inputs, n_maps=2, **options)
    except (ValueError, UserWarning) as error:
        sentence = re.sub("'.*?'", "…", str(error).split(" Received:")[0])
        return Explained(graph.ingredients, {}, sentence)
    distances = {name: strides_away(cam, graph) for name, (cam,) in maps.items()}
    return Explained(graph.ingredients, distances, None)


slow_proof = pytest.mark.usefixtures("slow_proof")


def check(first, n):
    """Whether the maps of so many graphs lie on the spot."""
    found = {seed: explained(seed).distances for seed in range(first, first + n)}
    far = {seed: each for seed, each in found.items() if not all(d <= 1 for d in each.values())}
    assert not far, "\n".join(
        f"random_graph({seed}): {each}, of {sorted(explained(seed).ingredients)}"
        for seed, each in far.items()
    )


def test_the_map_of_a_bright_spot_lies_on_it():
    check(0, 5)


@slow_proof
@pytest.mark.parametrize("first", range(5, N_GRAPHS, 5))
def test_it_does_in_more_graphs(first):
    check(first, 5)


@slow_proof
def test_nearly_all_are_much_nearer():
    """A map that is off by a pixel or two is seldom off by a stride."""
    found = [d for seed in range(N_GRAPHS) for d in explained(seed).distances.values()]
    assert np.quantile(found, 0.5) < 0.1 and np.quantile(found, 0.9) < 0.4


@slow_proof
def test_all_are_answered():
    refused = {seed: explained(seed).refusal for seed in range(N_GRAPHS)}
    assert {seed: sentence for seed, sentence in refused.items() if sentence} == {}


@slow_proof
def test_the_graphs_are_made_of_everything():
    counts = Counter(part for seed in range(N_GRAPHS) for part in explained(seed).ingredients)
    least = {part: n for n, parts in LEAST.items() for part in parts.split(",")}
    assert {*counts} == {*least}
    assert not {part: counts[part] for part, n in least.items() if counts[part] < n}
