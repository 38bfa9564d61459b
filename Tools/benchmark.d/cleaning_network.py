"""The network of all peers and of the retraining: an MLP with 300 hidden units, Adam, batches of 128."""
import numpy as np
import torch

HIDDEN, RATE, WEIGHT_DECAY = 300, 1e-3, 1e-4


def train(images, labels, seed, epochs=20, *, classes, batch=128, after_epoch=None):
    """`after_epoch(number, network)` is called with 1, 2, …"""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Linear(images.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, classes))
    rule = torch.optim.Adam(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY, fused=True)
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    for epoch in range(epochs):
        for rows in torch.randperm(len(labels)).split(batch):
            rule.zero_grad()
            torch.nn.functional.cross_entropy(network(images[rows]), labels[rows]).backward()
            rule.step()
        if after_epoch:
            after_epoch(epoch + 1, network)
    return network


def logits(network, images):
    with torch.no_grad():
        return network(torch.from_numpy(images)).numpy()


def probabilities(network, images):
    with torch.no_grad():
        return torch.softmax(network(torch.from_numpy(images)), 1).numpy()


def margins(values, labels):
    """The value at the label less the largest other."""
    rows, others = np.arange(len(labels)), values.copy()
    others[rows, labels] = -np.inf
    return values[rows, labels] - others.max(1)
