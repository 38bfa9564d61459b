"""What is cleaned: Fashion-MNIST, a folder of class folders with pictures, features that a network computed.

Each has `labels`, `values(rows)` [rows, values] as the peers see them, test samples, and `write`: the same samples as
the command gets them.
"""
import dataclasses, gzip, os

import numpy as np

SIDE = 32  # to which pictures are resized


@dataclasses.dataclass
class Written:
    arguments: list  # of the command, the data first
    names: dict  # of each given sample's name its place


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


def write_trusted(folder, names, labels):
    with open(f"{folder}/trusted.csv", "w") as file:
        file.write("name,label\n" + "".join(f"{name},{label}\n" for name, label in zip(names, labels)))
    return ["--trusted", f"{folder}/trusted.csv"] if len(labels) else []


class FashionMNIST:
    classes, picture = 10, (1, 28, 28)

    def __init__(self, folder="/usr/share/datasets/fashion-mnist"):
        read = lambda name: read_idx(os.path.join(folder, name))
        self.images, self.labels = read("train-images-idx3-ubyte.gz"), read("train-labels-idx1-ubyte.gz").astype(int)
        self.test_images, self.test_labels = read("t10k-images-idx3-ubyte.gz"), read("t10k-labels-idx1-ubyte.gz")

    def values(self, rows):
        return self.images[rows].reshape(len(rows), self.images[0].size).astype(np.float32) / 255

    @property
    def test_values(self):
        return self.test_images.reshape(len(self.test_images), -1).astype(np.float32) / 255

    def write(self, folder, samples):
        """An IDX folder: the given samples, then the trusted ones."""
        n = len(samples.given)
        rows = np.concatenate([samples.rows, samples.trusted_rows])
        write_idx(f"{folder}/train-images-idx3-ubyte", self.images[rows])
        write_idx(f"{folder}/train-labels-idx1-ubyte", np.concatenate([samples.given, samples.trusted]))
        trusted = write_trusted(folder, range(n, len(rows)), samples.trusted)
        return Written([folder, *trusted], {str(i): i for i in range(n)})


class Pictures:
    """All parts of a few-shot archive in one folder of class folders; four pictures a class are left for the test."""
    picture = 3, SIDE, SIDE

    def __init__(self, folder, test_per_class=4):
        from PIL import Image
        self.paths, self.labels, self.names = [], [], []
        for path, _, files in sorted(os.walk(folder)):
            pictures = sorted(f for f in files if f.endswith(".png"))
            if pictures:
                self.names.append(os.path.basename(path))
                self.paths += [os.path.join(path, f) for f in pictures]
                self.labels += [len(self.names) - 1] * len(pictures)
        self.labels, self.classes = np.array(self.labels), len(self.names)
        read = lambda path: np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.BOX), np.float32)
        self.pixels = np.stack([read(path).transpose(2, 0, 1).ravel() / 255 for path in self.paths])
        last = np.concatenate([np.flatnonzero(self.labels == k)[-test_per_class:] for k in range(self.classes)])
        self.test_values, self.test_labels = self.pixels[last], self.labels[last]
        self.rows = np.setdiff1d(np.arange(len(self.labels)), last)

    def values(self, rows):
        return self.pixels[rows]

    def write(self, folder, samples):
        """A folder of class folders with links to the pictures, each below the class that it is given."""
        names = {}
        for name in self.names:
            os.makedirs(f"{folder}/data/{name}")
        def place(row, label):
            name = f"{self.names[label]}/{row:05}.png"
            os.symlink(self.paths[row], f"{folder}/data/{name}")
            return name
        names = {place(row, label): i for i, (row, label) in enumerate(zip(samples.rows, samples.given))}
        trusted = [place(row, label) for row, label in zip(samples.trusted_rows, samples.trusted)]
        labels = [self.names[label] for label in samples.trusted]
        return Written([f"{folder}/data", "--side", str(SIDE), *write_trusted(folder, trusted, labels)], names)


class Features:
    """Fashion-MNIST's odd classes as a convolution network sees them that was taught the even ones."""
    classes = 5

    def __init__(self, folder="/usr/share/datasets/fashion-mnist"):
        import torch
        data = FashionMNIST(folder)
        torch.manual_seed(0)
        layers, nn = [], torch.nn
        for channels, out in ((1, 32), (32, 64)):
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 7 * 7, 64), nn.ReLU())
        network, even = nn.Sequential(body, nn.Linear(64, 5)), np.flatnonzero(data.labels % 2 == 0)
        pictures = lambda values: torch.from_numpy(values).reshape(-1, 1, 28, 28)
        rule = torch.optim.Adam(network.parameters(), lr=1e-3)
        for rows in torch.randperm(len(even)).split(128):
            rule.zero_grad()
            chosen = even[rows.numpy()]
            targets = torch.from_numpy(data.labels[chosen] // 2)
            nn.functional.cross_entropy(network(pictures(data.values(chosen))), targets).backward()
            rule.step()
        odd, test = np.flatnonzero(data.labels % 2 == 1), data.test_labels % 2 == 1
        with torch.no_grad():
            seen = lambda values: np.concatenate([body(part).numpy() for part in pictures(values).split(1000)])
            self.features, self.test_values = seen(data.values(odd)), seen(data.test_values[test])
        self.labels, self.test_labels = data.labels[odd] // 2, data.test_labels[test] // 2

    def values(self, rows):
        return self.features[rows]

    def write(self, folder, samples):
        n = len(samples.given)
        np.save(f"{folder}/features.npy", np.concatenate([samples.values, samples.trusted_values]))
        np.save(f"{folder}/labels.npy", np.concatenate([samples.given, samples.trusted]))
        trusted = write_trusted(folder, range(n, n + len(samples.trusted)), samples.trusted)
        return Written(
            [f"{folder}/features.npy", "--labels", f"{folder}/labels.npy", *trusted], {str(i): i for i in range(n)})
