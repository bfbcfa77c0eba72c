"""Animate how a Bayesian search chooses what to try next, trial by trial."""

import numpy as np

from cnnkit.viz._alt_text import counted, describe, rounded
from cnnkit.viz.animations._animation import MAX_STEPS, Animation
from cnnkit.viz.animations._stage import Stage

_BAND = 2  # standard deviations on both sides of the mean


def animate_search(search, *, xlabel="setting", ylabel="score"):
    """Animate a Bayesian search over a single setting.

    Above, each frame shows what was tried so far, the score that is expected of each candidate, and
    a band of two standard deviations around it. Below it shows the expected improvement, 0 where
    one was tried, as a share of the highest in this frame, which the sentence gives: it becomes
    ever smaller. A dashed line marks the candidate that is tried next, and the next frame holds
    its score. The last frame shows all trials.

    Args:
        search: A `study.BayesianSearch` whose candidates have one setting, with up to 36 steps.
        xlabel, ylabel: What the setting and the score are.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are those of the search. It is saved by
        `.save("search.gif")`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import study, viz
    >>> rates = np.linspace(-4, -1, 31)
    >>> search = study.bayesian_search(lambda rate: -((rate[0] + 2.5) ** 2), rates, 8, seed=0)
    >>> animation = viz.animate_search(search, xlabel="exponent of the learning rate")
    """
    if search.candidates.shape[1] != 1:
        raise ValueError(
            "`search` must be over one setting. Received: candidates of shape "
            f"{search.candidates.shape}"
        )
    if len(search.steps) > MAX_STEPS:
        raise ValueError(
            f"`search` must have at most {MAX_STEPS} steps. Received: {len(search.steps)} steps"
        )
    scene = _Scene(search, xlabel, ylabel)
    describe(scene.stage.figure, _in_words(search, xlabel, ylabel))
    return Animation(scene.stage.figure, scene.draw, search.steps)


class _Scene:
    """Scores, mean and band above; the expected improvement below."""

    def __init__(self, search, xlabel, ylabel):
        self.places = search.candidates[:, 0]
        self.order = np.argsort(self.places)
        self.n_drawn = len(search.steps[0].tried)
        titles = {
            "score": "what was tried, and the mean and band in between",
            "improvement": "expected improvement (0 where one was tried)",
        }
        self.stage = Stage([["score"], ["improvement"]], titles, (1,), 6, framed=False)
        score, improvement = self.stage.panels.values()
        score.set(ylabel=ylabel, ylim=_limits(search))
        improvement.set(xlabel=xlabel, ylabel="share of the highest", ylim=(0, 1.1))
        self.band = score.fill_between([], [], [], color="C0", alpha=0.2, lw=0, animated=True)
        self.band.set_label("band: ± 2 standard deviations")
        (self.mean,) = score.plot([], [], color="C0", label="mean", animated=True)
        tried = dict(color="k", markersize=7, label="tried", animated=True)
        (self.tried,) = score.plot([], [], "o", **tried)
        (self.improvement,) = improvement.plot([], [], color="C2", animated=True)
        next_one = dict(color="C1", linestyle="--", animated=True)
        self.next = [ax.axvline(np.nan, **next_one) for ax in (score, improvement)]
        self.next[0].set_label("tried next")
        handles = [self.tried, self.mean, self.band, self.next[0]]
        self.stage.figure.legend(handles=handles, loc="outside upper center", ncols=4)
        margin = 0.03 * np.ptp(self.places)
        for ax in (score, improvement):
            ax.set_xlim(self.places.min() - margin, self.places.max() + margin)
        self.stage.settle()

    def draw(self, step):
        """Draw one frame."""
        x, mean, std = (values[self.order] for values in (self.places, step.mean, step.std))
        self.band.set_data(x, mean - _BAND * std, mean + _BAND * std)
        self.mean.set_data(x, mean)
        self.tried.set_data(self.places[step.tried], step.scores)
        highest = step.improvement.max() or 1  # 0 if nothing is expected to be better
        self.improvement.set_data(x, step.improvement[self.order] / highest)
        place = np.nan if step.next is None else self.places[step.next]  # nan draws nothing
        for line in self.next:
            line.set_xdata([place] * 2)
        self.stage.sentence.set_text(self._sentence(step))

    def _sentence(self, step):
        best = step.scores.argmax()
        then = "the end"
        if step.next is not None:
            more = np.format_float_positional(step.improvement.max(), 1, fractional=False, trim="-")
            then = f"next {self.places[step.next]:.3g} ({more} more expected)"
        return (
            f"{counted(len(step.tried), 'trial')}, {self.n_drawn} of them drawn:  "
            f"best {step.scores[best]:.3g} at {self.places[step.tried[best]]:.3g},  {then}"
        )


def _limits(search):
    """So that all scores and bands are seen."""
    low = min(search.scores.min(), *((s.mean - _BAND * s.std).min() for s in search.steps))
    high = max(search.scores.max(), *((s.mean + _BAND * s.std).max() for s in search.steps))
    room = 0.05 * (high - low) or 1
    return low - room, high + room


def _in_words(search, xlabel, ylabel):
    places = search.candidates[search.tried, 0]
    n_drawn = len(search.steps[0].tried)
    chosen = ", ".join(map(rounded, places[n_drawn:])) or "none"
    drawn = ", ".join(map(rounded, places[:n_drawn]))
    return (
        f"A search for the best {ylabel} over {xlabel}, {counted(len(places), 'trial')} among "
        f"{counted(len(search.candidates), 'candidate')}. Drawn at random: {drawn}. Then chosen, "
        f"with the mean and the band of a Gaussian process: {chosen}. The best {ylabel} is "
        f"{rounded(search.scores.max())}, at {rounded(search.candidates[search.best, 0])}."
    )
