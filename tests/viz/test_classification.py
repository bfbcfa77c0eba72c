import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from cnnkit.viz import plot_classification


def predictions(seed, n=200):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 2)
    return labels, np.clip(labels * 0.4 + rng.uniform(0, 0.6, n), 0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_the_four_panels(seed):
    labels, p = predictions(seed)
    panels = plot_classification(labels, p, class_names=["cat", "dog"], n_bins=4)
    confusion, roc, precision_recall, calibration = panels
    texts = [int(text.get_text()) for text in confusion.texts]
    assert texts == confusion_matrix(labels, p > 0.5).ravel().tolist()
    assert [tick.get_text() for tick in confusion.get_xticklabels()] == ["cat", "dog"]
    x, y = roc.lines[0].get_data()
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(labels, p))
    assert roc.get_title() == f"ROC, AUC {roc_auc_score(labels, p):.3f}"
    average = average_precision_score(labels, p)
    assert precision_recall.get_title() == f"precision and recall, AP {average:.3f}"
    curve = calibration.lines[-1]
    for mean, share in zip(*curve.get_data(), strict=True):
        inside = np.floor(p * 4).clip(0, 3) == np.floor(mean * 4)
        assert mean == pytest.approx(p[inside].mean()) and share == labels[inside].mean()
    numbers = [int(text.get_text()) for text in calibration.texts]
    assert numbers == np.bincount(np.floor(p * 4).clip(0, 3).astype(int)).tolist()
    assert [(a.get_xlabel(), a.get_ylabel()) for a in panels][0] == ("predicted", "true")
    assert not any(axis.get_legend() for axis in panels)
    panels.figure.canvas.draw()


@pytest.mark.parametrize(
    ("labels", "p", "options", "message"),
    [
        ([0, 1], [0.1], {}, r"shapes \(2,\) and \(1,\)"),
        ([[0], [1]], [[0.1], [0.2]], {}, r"\(n,\)"),
        ([1, 1], [0.1, 0.2], {}, r"must hold 0 and 1. Received: \[1\]"),
        ([0, 2], [0.1, 0.2], {}, "must hold 0 and 1"),
        ([0, 1], [-3.0, 2.0], {}, "of logits take the sigmoid. Received: -3.0 to 2.0"),
        ([0, 1], [0.1, np.nan], {}, "in 0..1"),
        ([0, 1], [0.1, 0.9], {"class_names": ["a"]}, "must be two"),
    ],
)
def test_bad_input(labels, p, options, message):
    with pytest.raises(ValueError, match=message):
        plot_classification(labels, p, **options)


def test_in_words():
    labels, p = [0, 0, 0, 1, 1], [0.1, 0.2, 0.7, 0.3, 0.4]
    assert plot_classification(labels, p, class_names=["cat", "dog"]).figure.alt_text == (
        "4 panels of 5 predictions. 1, confusion at a threshold of 0.5: accuracy 40 %; class "
        "dog: 0 of 2 found, 2 taken for cat; class cat: 2 of 3 found, 1 taken for dog. "
        "2, ROC curve: area 0.667. 3, precision over recall: average precision 0.583. 4, "
        "calibration: the share of dog, at each mean probability of it: 0.00 at 0.15, 1.00 at "
        "0.35, 0.00 at 0.70. Farthest from the diagonal, by 0.70, at 0.70, which are 1 prediction."
    )
    assert plot_classification([1, 0], [0.9, 0.1]).figure.alt_text.startswith(
        "4 panels of 2 predictions. 1, confusion at a threshold of 0.5: accuracy 100 %; class "
        "1: 1 of 1 found, 0 taken for 0; class 0: 1 of 1 found, 0 taken for 1. 2, ROC curve: area "
        "1.000. "
    )
    labels = np.arange(200) % 2  # of 10,000 pairs one is the wrong way round
    p = np.where(labels, np.linspace(0.6, 0.9, 200), np.linspace(0.1, 0.4, 200))
    p[0] = 0.603  # the lowest of class 1 are 0.6015 and 0.6045
    panels = plot_classification(labels, p)
    assert panels.axes.flat[1].get_title() == "ROC, AUC above 0.999"
    assert "ROC curve: area above 0.999." in panels.figure.alt_text
