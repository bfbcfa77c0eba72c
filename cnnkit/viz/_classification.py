"""Draw how good a classifier of two classes is: mistakes, thresholds and probabilities."""

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
    average_precision_score,
    roc_auc_score,
)

from cnnkit.viz._alt_text import counted, describe, rounded
from cnnkit.viz._figure import new_panels

_LABELS = [
    ("predicted", "true"),
    ("false positive rate", "true positive rate"),
    ("recall", "precision"),
    ("mean probability", "share of class 1"),
]


def plot_classification(labels, probabilities, *, class_names=("0", "1"), n_bins=5):
    """Draw four views of the predictions for two classes, by scikit-learn's displays.

    Args:
        labels: Array of shape `(n,)` of 0 and 1, both of them.
        probabilities: Array of shape `(n,)`: the probability of class 1, in 0..1.
        class_names: The names of both classes.
        n_bins: Number of equal parts of 0..1 in which the probabilities are compared with what came
            true.

    Returns:
        `Panels`: the confusion matrix at a threshold of 0.5, the ROC curve, precision over recall,
        and the calibration curve, on whose diagonal probabilities are what they say (Guo et al.,
        "On calibration of modern neural networks", 2017, arXiv:1706.04599, figure 1), with the
        number of predictions beside each mark.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 2, 200)
    >>> probabilities = np.clip(0.25 + 0.5 * labels + rng.normal(0, 0.2, 200), 0, 1)
    >>> panels = viz.plot_classification(labels, probabilities, class_names=("cat", "dog"))
    """
    labels, probabilities = _check(labels, probabilities, class_names)
    panels = new_panels([labels] * 4, 4, (2.7, 2.7))
    confusion, roc, precision_recall, calibration = panels
    options = dict(display_labels=class_names, cmap="Blues", colorbar=False, ax=confusion)
    ConfusionMatrixDisplay.from_predictions(labels, probabilities > 0.5, **options)
    confusion.grid(False)
    RocCurveDisplay.from_predictions(labels, probabilities, ax=roc)
    PrecisionRecallDisplay.from_predictions(labels, probabilities, ax=precision_recall)
    display = CalibrationDisplay.from_predictions(
        labels, probabilities, n_bins=n_bins, ax=calibration
    )
    area = roc_auc_score(labels, probabilities)
    precision = average_precision_score(labels, probabilities)
    titles = (
        "confusion",
        f"ROC, AUC {_below_one(area)}",
        f"precision and recall, AP {_below_one(precision)}",
        "calibration",
    )
    for axis, (x, y), title in zip(panels, _LABELS, titles, strict=True):
        axis.set(xlabel=x, ylabel=y)
        axis.set_title(title, fontsize="medium")
        if axis.get_legend():
            axis.get_legend().remove()
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    counts = np.bincount(np.searchsorted(edges, probabilities))
    bins = np.stack([display.prob_pred, display.prob_true, counts[counts > 0]], axis=1)
    for probability, share, n in bins:
        inward = (0, -10 if share > 0.5 else 10)
        style = dict(ha="center", va="center", fontsize="x-small")
        style["bbox"] = dict(facecolor="white", edgecolor="none", alpha=0.8, pad=0.5)
        where = (probability, share)
        calibration.annotate(f"{n:.0f}", where, inward, textcoords="offset points", **style)
    describe(
        panels.figure,
        f"{_confusion_in_words(labels, probabilities, class_names)} 2, ROC curve: area "
        f"{_below_one(area)}. 3, precision over recall: average precision {_below_one(precision)}. "
        f"4, calibration: {_calibration_in_words(bins, class_names[1])}",
    )
    return panels


def _confusion_in_words(labels, probabilities, class_names):
    """The mistakes of both classes, the more frequent first."""
    is_wrong = (probabilities > 0.5) != labels
    classes = []
    for i, (name, other) in enumerate((class_names, class_names[::-1])):
        n, n_wrong = (labels == i).sum(), is_wrong[labels == i].sum()
        text = f"class {name}: {n - n_wrong} of {n} found, {n_wrong} taken for {other}"
        classes.append((n_wrong, text))
    return (
        f"4 panels of {counted(len(labels), 'prediction')}. 1, confusion at a threshold of 0.5: "
        f"accuracy {rounded(100 * (1 - is_wrong.mean()))} %; "
        f"{'; '.join(text for _, text in sorted(classes, reverse=True))}."
    )


def _calibration_in_words(bins, name):
    """What came true of the probabilities, from rows of mean probability, share and number."""
    parts = [f"{share:.2f} at {probability:.2f}" for probability, share, _ in bins]
    distances = np.abs(bins[:, 1] - bins[:, 0])
    probability, _, n = bins[distances.argmax()]
    return (
        f"the share of {name}, at each mean probability of it: {', '.join(parts)}. Farthest from "
        f"the diagonal, by {distances.max():.2f}, at {probability:.2f}, which are "
        f"{counted(int(n), 'prediction')}."
    )


def _below_one(value):
    """A number of 0..1 in three digits, which is 1 only if it is."""
    return "above 0.999" if 0.9995 <= value < 1 else f"{value:.3f}"


def _check(labels, probabilities, class_names):
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    if labels.ndim != 1 or labels.shape != probabilities.shape:
        raise ValueError(
            "`labels` and `probabilities` must have the same shape (n,). "
            f"Received: shapes {labels.shape} and {probabilities.shape}"
        )
    if set(np.unique(labels)) != {0, 1}:
        raise ValueError(f"`labels` must hold 0 and 1. Received: {np.unique(labels)[:5]}")
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        low, high = probabilities.min(), probabilities.max()
        raise ValueError(
            "`probabilities` must be in 0..1; of logits take the sigmoid. "
            f"Received: {low} to {high}"
        )
    if len(class_names) != 2:
        raise ValueError(f"`class_names` must be two. Received: class_names={class_names!r}")
    return labels.astype(int), probabilities
