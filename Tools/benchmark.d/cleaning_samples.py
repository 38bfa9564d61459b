"""Fashion-MNIST samples with planted wrong labels, as arrays for the peers and as an IDX folder for the command."""
import dataclasses, gzip, os, warnings

import numpy as np

RATES = {"uniform": 0.4, "pair": 0.3, "confusable": 0.2}
CLASSES, WEAK_SAMPLES = 10, 2000


def read_idx(path):
    with gzip.open(path) as file:
        content = file.read()
    rank = content[3]
    shape = [int.from_bytes(content[4 + 4 * i:8 + 4 * i], "big") for i in range(rank)]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def write_idx(path, array):
    with open(path, "wb") as file:
        file.write(bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape))
        file.write(np.ascontiguousarray(array, np.uint8).tobytes())


def pixels(images):
    """[count, 784], in [0, 1]."""
    return images.reshape(len(images), 28 * 28).astype(np.float32) / 255


class FashionMNIST:
    def __init__(self, folder):
        read = lambda name: read_idx(os.path.join(folder, name))
        self.images, self.labels = read("train-images-idx3-ubyte.gz"), read("train-labels-idx1-ubyte.gz").astype(int)
        self.test_images = read("t10k-images-idx3-ubyte.gz")
        self.test_labels = read("t10k-labels-idx1-ubyte.gz").astype(int)


@dataclasses.dataclass
class Samples:
    """What a method may see (`given`, `trusted`), and the truth that it is judged by (`is_wrong`)."""
    images: np.ndarray  # [given, 28, 28], bytes
    given: np.ndarray  # labels, some of them wrong
    is_wrong: np.ndarray
    trusted_images: np.ndarray
    trusted: np.ndarray  # labels, all right

    def write(self, folder):
        """The given samples, then the trusted ones; which are trusted is told by `trusted.csv`."""
        n = len(self.given)
        write_idx(f"{folder}/train-images-idx3-ubyte", np.concatenate([self.images, self.trusted_images]))
        write_idx(f"{folder}/train-labels-idx1-ubyte", np.concatenate([self.given, self.trusted]))
        with open(f"{folder}/trusted.csv", "w") as file:
            file.write("name,label\n" + "".join(f"{n + i},{label}\n" for i, label in enumerate(self.trusted)))


def draw(data, count, trusted, noise, seed):
    """Samples of the training file. A seed's given samples and noise are the same for any number of trusted ones."""
    random = np.random.default_rng(1000 + seed)
    order = random.permutation(len(data.labels))
    rows, others, weak = order[:count], order[count:count + trusted], order[-WEAK_SAMPLES:]
    right = data.labels[rows]
    chosen = random.permutation(count)[:round(RATES[noise] * count)]
    given = right.copy()
    if noise == "uniform":
        given[chosen] = (right[chosen] + random.integers(1, CLASSES, len(chosen))) % CLASSES
    else:
        other = likeliest_other(data, rows, weak, whole_classes=noise == "pair")
        given[chosen] = other[chosen]
    return Samples(data.images[rows], given, given != right, data.images[others], data.labels[others])


def likeliest_other(data, rows, weak, whole_classes):
    """The class that a softmax regression of the `weak` samples finds likeliest beside the right one, for each row.

    For `whole_classes` it is that of the row's class, by the sum of the chances over the class.
    """
    from sklearn.linear_model import LogisticRegression
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        model = LogisticRegression(C=0.1, max_iter=100).fit(pixels(data.images[weak]), data.labels[weak])
    chances, right = model.predict_proba(pixels(data.images[rows])), data.labels[rows]
    chances[np.arange(len(rows)), right] = 0
    if not whole_classes:
        return chances.argmax(1)
    sums = np.zeros((CLASSES, CLASSES))
    np.add.at(sums, right, chances)
    return sums.argmax(1)[right]
