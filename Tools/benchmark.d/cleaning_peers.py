"""What people use today to find wrong labels, on arrays.

Each gives `Finding`s: a score for every given sample, and which it would flag.
"""
import dataclasses, math, time, warnings

import numpy as np

from cleaning_network import logits, margins, probabilities, train

FOLDS = 5
# Of cleanlab's networks alone. After 20 its average precision was lower by 0.01 to 0.07 in the cells that were tried, and
# what is kept no better.
EPOCHS = 10


@dataclasses.dataclass
class Finding:
    method: str
    scores: dict  # by name; of several the one with the best average precision counts
    is_flagged: np.ndarray
    suggested: np.ndarray | None  # a class for each given sample, where the method names one
    seconds: float


@dataclasses.dataclass
class Task:
    images: np.ndarray  # [given, values], in [0, 1]
    given: np.ndarray
    trusted_images: np.ndarray
    trusted: np.ndarray
    seed: int
    classes: int

    def with_trusted(self, rows):
        """The given samples of `rows` and all trusted ones."""
        return (np.concatenate([self.images[rows], self.trusted_images]),
                np.concatenate([self.given[rows], self.trusted]))


def cleanlab(task):
    """Confident learning (Northcutt et al. 2021) on predictions of networks that did not see the sample."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores
    begin, n = time.perf_counter(), len(task.given)
    fold = np.random.default_rng(task.seed).permutation(n) % FOLDS
    predictions = np.zeros((n, task.classes), np.float32)
    for i in range(FOLDS):
        network = train(*task.with_trusted(fold != i), seed=task.seed + i, epochs=EPOCHS, classes=task.classes)
        predictions[fold == i] = probabilities(network, task.images[fold == i])
    scores = {
        name: -get_label_quality_scores(task.given, predictions, method=name)
        for name in ("self_confidence", "normalized_margin")}
    flagged = find_label_issues(task.given, predictions, n_jobs=1)
    yield Finding("cleanlab", scores, flagged, predictions.argmax(1), time.perf_counter() - begin)


def trusted_softmax(task):
    """Softmax regression of the trusted samples alone; scaling and strength by (cross-)validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, ShuffleSplit, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    begin = time.perf_counter()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=100, tol=1e-3))
    parts = (StratifiedKFold(5, shuffle=True, random_state=task.seed) if len(task.trusted) < 300
             else ShuffleSplit(1, test_size=0.2, random_state=task.seed))

    def log_likelihood(fitted, images, labels):
        # scikit-learn's own would want every class in every part.
        columns = np.searchsorted(fitted.classes_, labels).clip(max=len(fitted.classes_) - 1)
        chances = fitted.predict_proba(images)[np.arange(len(labels)), columns]
        return np.log(np.where(fitted.classes_[columns] == labels, chances, 0).clip(1e-6)).mean()

    strengths = lambda *values: {"logisticregression__C": list(values)}
    search = GridSearchCV(model, [
        {"standardscaler__with_std": [False], **strengths(0.01, 0.03, 0.1, 0.3)},
        {"standardscaler__with_std": [True], **strengths(0.0003, 0.001, 0.003, 0.01)},
    ], cv=parts, scoring=log_likelihood)
    with warnings.catch_warnings():
        # Classes with fewer samples than parts; iterations that end before they converge.
        warnings.simplefilter("ignore")
        search.fit(task.trusted_images, task.trusted)
    chances = np.zeros((len(task.images), task.classes))
    chances[:, search.classes_] = search.predict_proba(task.images)
    yield from from_trusted("trusted only, softmax regression", task, chances, begin)


def trusted_mlp(task):
    """The network, taught the trusted samples alone: about 1,500 steps."""
    begin, count = time.perf_counter(), len(task.trusted)
    epochs = max(20, math.ceil(60_000 / count))
    network = train(task.trusted_images, task.trusted, seed=task.seed, epochs=epochs, batch=64, classes=task.classes)
    yield from from_trusted("trusted only, MLP", task, probabilities(network, task.images), begin)


def from_trusted(name, task, chances, begin):
    scores = {"self_confidence": -chances[np.arange(len(task.given)), task.given]}
    suggested = chances.argmax(1)
    yield Finding(name, scores, suggested != task.given, suggested, time.perf_counter() - begin)


def area_under_margin(task):
    """The mean margin of the given label over the training (Pleiss et al. 2020).

    The threshold is theirs: the 99th percentile of samples that are taught as an added class.
    """
    begin, n, classes = time.perf_counter(), len(task.given), task.classes

    def mean_margins(labels, rows, classes):
        total, taught = np.zeros(len(rows)), np.concatenate([labels, task.trusted])

        def after_epoch(epoch, network):
            total[:] += margins(logits(network, task.images[rows]), labels[rows])

        images = np.concatenate([task.images, task.trusted_images])
        train(images, taught, seed=task.seed, epochs=20, classes=classes, after_epoch=after_epoch)
        return total / 20

    ranking = mean_margins(task.given, np.arange(n), classes)
    strangers = np.random.default_rng(task.seed).permutation(n)[:n // (classes + 1)]
    labels = task.given.copy()
    labels[strangers] = classes
    threshold = np.percentile(mean_margins(labels, strangers, classes + 1), 99)
    yield Finding("area under the margin", {"margin": -ranking}, ranking < threshold, None,
                  time.perf_counter() - begin)


def peers(has_trusted):
    """By the name that the options know."""
    alone = {"softmax": trusted_softmax, "mlp": trusted_mlp} if has_trusted else {}
    return {"cleanlab": cleanlab, **alone, "margin": area_under_margin}
