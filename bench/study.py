"""`run_study` against the bare trainings: what seeds add, and what tracing once saves.

`small_cnn` on 2,000 random digits, 3 epochs with Adam and an evaluation. "bare" is the time within
`train` for models that have been traced; "loop" builds and traces a new model for each seed, as one
would by hand. Ends with an error if `run_study` adds over 5 % to the bare trainings.
"""

import contextlib
import io
import sys
import time
from statistics import median

import keras
import numpy as np

from cnnkit import models
from cnnkit.study import run_study

SEEDS = range(8)
BOUND = 0.05
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (2000, 28, 28, 1)).astype("float32")
LABELS = RNG.integers(0, 10, 2000)


def build():
    model = models.small_cnn()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def train(model):
    model.fit(IMAGES, LABELS, epochs=3, batch_size=64, verbose=0)
    return model.evaluate(IMAGES, LABELS, batch_size=64, verbose=0, return_dict=True)


def study_times():
    """When each training began and ended; one after the other, but for what the study adds."""
    spans, builds = [], []

    def timed_build():
        start = time.perf_counter()
        model = build()
        builds.append(time.perf_counter() - start)
        return model

    def timed(model):
        start = time.perf_counter()
        metrics = train(model)
        spans.append((start, time.perf_counter()))
        return metrics

    with contextlib.redirect_stdout(io.StringIO()):
        study = run_study(timed_build, timed, {"small_cnn": {}}, SEEDS)
    return spans, builds, study


def loop_times():
    times = []
    for seed in SEEDS:
        start = time.perf_counter()
        keras.utils.set_random_seed(seed)
        metrics = train(build())
        times.append(time.perf_counter() - start)
    return times, metrics


def main():
    train(build())  # what TensorFlow does once
    spans, builds, study = study_times()
    loop, metrics = loop_times()
    bare = median(end - start for start, end in spans[1:])
    gaps = [after[0] - before[1] for before, after in zip(spans[1:], spans[2:], strict=False)]
    added = median(gaps) / bare
    print(f"Keras {keras.__version__}, {len(SEEDS)} seeds")
    print(f"bare training           {bare:.2f} s")
    print(f"study adds to each      {median(gaps):.3f} s, {added:.1%} (bound {BOUND:.0%})")
    print(f"of that, within `build` {median(builds):.3f} s")
    print(f"new model for each seed {median(loop):.2f} s, {median(loop) / bare:.2f} times as long")
    same = [row[3] for row in study.rows[-2:]] == [metrics["accuracy"], metrics["loss"]]
    print(f"last seed gives the same metrics to the bit: {same}")
    sys.exit("too slow" if added > BOUND else 0)


if __name__ == "__main__":
    main()
