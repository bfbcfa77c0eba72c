"""Which labels of a set are probably wrong."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from cnnkit._checks import as_integer_seed, check_positive


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """How much each label of a set is contradicted.

    Attributes:
        order: Indices of the examples, most suspect first, int64 of shape `(n,)`.
        probabilities: For each example, in the order given, the probability of its label according
            to a classifier that did not see it, float64 of shape `(n,)`.

    Example:

    >>> from cnnkit import data
    >>> digits, labels = data.load_digits()
    >>> found = data.rank_label_errors(digits[:300].reshape(-1, 64) / 255, labels[:300], seed=0)
    >>> suspects = found.order[:10]  # look at these first
    >>> found.probabilities.shape
    (300,)
    """

    order: np.ndarray
    probabilities: np.ndarray


def rank_label_errors(features, labels, n_folds=5, *, seed=None):
    """Sort examples by how much a classifier that did not see them disagrees with their labels.

    The set is cut into folds. For each fold a logistic regression learns the other ones, and gives
    the probability of each label. Where that is near 0, either the label is wrong or the example is
    odd: look at it (Northcutt, Jiang and Chuang, "Confident learning", 2021, arXiv:1911.00068,
    section 3.2, "predicted probabilities" that are out of sample).

    Args:
        features: Array of shape `(n, n_features)`, such as the averaged feature maps of a trained
            network. Pixels are too hard for a logistic regression.
        labels: Whole numbers of shape `(n,)`, one for each class.
        n_folds: Number of folds, from 2; each class needs as many examples.
        seed: Of the cut into folds: an integer cuts the same way at each call, None another one; a
            `numpy.random.Generator` is drawn from.

    Returns:
        A `LabelErrors`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import data
    >>> digits, labels = data.load_digits()
    >>> features, labels = digits[:300].reshape(-1, 64) / 255, labels[:300]
    >>> labels[:5] = (labels[:5] + 1) % 10  # five faults
    >>> found = data.rank_label_errors(features, labels, seed=0)
    >>> int(np.isin(found.order[:15], range(5)).sum())  # so many of them among the first fifteen
    5
    """
    features, labels = np.asarray(features), np.asarray(labels)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            "`features` must have the shape (n, n_features) and `labels` (n,). "
            f"Received: features of shape {features.shape}, labels of shape {labels.shape}"
        )
    check_positive(n_folds, "n_folds")
    classes, counts = np.unique(labels, return_counts=True)
    if n_folds < 2 or len(classes) < 2 or counts.min() < n_folds:
        raise ValueError(
            "`n_folds` must be at least 2, and there must be at least two classes, each with as "
            f"many examples. Received: n_folds={n_folds}, {dict(zip(classes, counts, strict=True))}"
        )
    classifier = LogisticRegression(C=0.01, max_iter=1000)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=as_integer_seed(seed))
    chances = cross_val_predict(classifier, features, labels, cv=folds, method="predict_proba")
    probabilities = chances[np.arange(len(labels)), np.searchsorted(classes, labels)]
    return LabelErrors(np.argsort(probabilities, kind="stable"), probabilities)
