"""Samples with planted wrong labels, the same for the peers and for the command."""
import dataclasses, warnings

import numpy as np

RATES = {"uniform": 0.4, "pair": 0.3, "confusable": 0.2}
WEAK_SAMPLES = 2000


@dataclasses.dataclass
class Samples:
    """What a method may see (`given`, `trusted`), and the truth that it is judged by (`is_wrong`)."""
    rows: np.ndarray  # of the data, [given]
    values: np.ndarray  # [given, values]
    given: np.ndarray  # labels, some of them wrong
    is_wrong: np.ndarray
    trusted_rows: np.ndarray
    trusted_values: np.ndarray
    trusted: np.ndarray  # labels, all right


def draw(data, count, trusted, noise, seed, rate=None):
    """A seed's given samples and noise are the same for any number of trusted ones."""
    random = np.random.default_rng(1000 + seed)
    order = random.permutation(len(data.labels))
    rows, others, weak = order[:count], order[count:count + trusted], order[-WEAK_SAMPLES:]
    return planted(data, rows, others, weak, noise, RATES[noise] if rate is None else rate, random)


def draw_by_class(data, trusted, noise, seed, rate=0.2):
    """`trusted` samples of each class; all others but the data's test samples are given."""
    random = np.random.default_rng(1000 + seed)
    order = random.permutation(data.rows)
    others = np.concatenate([order[data.labels[order] == k][:trusted] for k in range(data.classes)])
    rows = order[~np.isin(order, others)]
    return planted(data, rows, others, others, noise, rate, random)


def planted(data, rows, others, weak, noise, rate, random):
    count, classes, right = len(rows), data.classes, data.labels[rows]
    chosen = random.permutation(count)[:round(rate * count)]
    given = right.copy()
    if noise == "uniform":
        given[chosen] = (right[chosen] + random.integers(1, classes, len(chosen))) % classes
    else:
        other = likeliest_other(data, rows, weak, whole_classes=noise == "pair")
        given[chosen] = other[chosen]
    return Samples(rows, data.values(rows), given, given != right, others, data.values(others), data.labels[others])


def likeliest_other(data, rows, weak, whole_classes):
    """The class that a softmax regression of the `weak` samples finds likeliest beside the right one, for each row.

    For `whole_classes` it is that of the row's class, by the sum of the chances over the class.
    """
    from sklearn.linear_model import LogisticRegression
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        model = LogisticRegression(C=0.1, max_iter=100).fit(data.values(weak), data.labels[weak])
    chances, right = model.predict_proba(data.values(rows)), data.labels[rows]
    chances[np.arange(len(rows)), right] = 0
    if not whole_classes:
        return chances.argmax(1)
    sums = np.zeros((data.classes, data.classes))
    np.add.at(sums, right, chances)
    return sums.argmax(1)[right]
