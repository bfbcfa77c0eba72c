"""Which labels of a set are probably wrong."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from cnnkit._checks import check_positive


def rank_label_errors(features, labels, n_folds=5, seed=0):
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
        seed: Of the cut into folds.

    Returns:
        `(order, probabilities)`: the indices of the examples, most suspect first, int64 of shape
        `(n,)`; and for each example, in the order given, the probability of its label, float64.

    Raises:
        ValueError: If the shapes do not fit, there is one class only, or a class has too few.
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
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    chances = cross_val_predict(classifier, features, labels, cv=folds, method="predict_proba")
    probabilities = chances[np.arange(len(labels)), np.searchsorted(classes, labels)]
    return np.argsort(probabilities, kind="stable"), probabilities
