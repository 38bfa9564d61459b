"""The reference's loop, in our own words: data hyper-cleaning by IAPTT-GM with PyTorch and higher.

Liu et al. 2021, Algorithm 1. Waits for lines on standard input: `step` does one upper iteration, `hypergradient` writes the
derivatives at the initial values, `quit` leaves. Answers in JSON lines.
"""
import json, os, resource, sys, time

import numpy as np
import torch
import higher
from torch import nn
from torch.nn import functional

import hyper_cleaning_options


class MultipliedFirst(nn.Module):
    """The deep linear network with its two matrices multiplied by hand before they meet the data."""

    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, classes)

    def forward(self, x):
        weight = self.second.weight @ self.first.weight
        bias = self.second.weight @ self.first.bias + self.second.bias
        return functional.linear(x, weight, bias)


def network(kind, sizes, multiplied_first):
    inputs, hidden, classes = sizes["inputs"], sizes["hidden"], sizes["classes"]
    if kind == "linear":
        return nn.Sequential(nn.Linear(inputs, classes))
    if multiplied_first:
        return MultipliedFirst(inputs, hidden, classes)
    middle = [nn.ReLU()] if kind == "mlp" else []
    return nn.Sequential(nn.Linear(inputs, hidden), *middle, nn.Linear(hidden, classes))


def main():
    options = hyper_cleaning_options.parse()

    torch.set_num_threads(options.threads)
    dtype = getattr(torch, options.precision)
    folder = options.exchange
    sizes = json.load(open(f"{folder}/sizes.json"))

    def floats(name, *shape):
        return torch.from_numpy(np.fromfile(f"{folder}/{name}.f32", "<f4").reshape(shape)).to(dtype)

    def integers(name):
        return torch.from_numpy(np.fromfile(f"{folder}/{name}.i32", "<i4").astype(np.int64))

    train, train_labels = floats("train_images", sizes["train"], sizes["inputs"]), integers("train_labels")
    clean, clean_labels = floats("validation_images", sizes["validation"], sizes["inputs"]), integers("validation_labels")
    z = network(options.network, sizes, options.multiplied_first).to(dtype)
    with torch.no_grad():
        for index, parameter in enumerate(z.parameters()):
            name = f"{'wb'[index % 2]}{index // 2 + 1}"
            parameter.copy_(floats(name, *parameter.shape))
    x = floats("x", sizes["train"]).requires_grad_(True)
    z_optimizer = torch.optim.SGD(z.parameters(), lr=options.lower_rate)
    x_optimizer = torch.optim.Adam([x], lr=0.01)
    steps = options.inner_iterations

    def differentiate():
        """One lower trajectory and the derivatives at k̄, left in x.grad and in the parameters' grad."""
        inner_optimizer = torch.optim.SGD(z.parameters(), lr=options.lower_rate)
        with higher.innerloop_ctx(z, inner_optimizer) as (model, differentiable):
            values = []
            for _ in range(steps):
                losses = functional.cross_entropy(model(train), train_labels, reduction="none")
                differentiable.step((torch.sigmoid(x) * losses).mean())
                with torch.no_grad():
                    values.append(functional.cross_entropy(model(clean), clean_labels).item())
            if options.truncation == "pessimistic":
                k = int(np.argmax(values)) + 1
            else:
                k = steps if options.truncation == "K" else int(options.truncation)
            start, chosen = model.parameters(time=0), model.parameters(time=k)
            value = functional.cross_entropy(model(clean, params=chosen), clean_labels)
            gradients = torch.autograd.grad(value, [x, *start])
        x.grad = gradients[0]
        for parameter, gradient in zip(z.parameters(), gradients[1:]):
            parameter.grad = gradient
        return k, value.item()

    def answer(**content):
        print(json.dumps(content), flush=True)

    answer(ready=True)
    for line in sys.stdin:
        command = line.strip()
        if command == "step":
            start = time.perf_counter()
            k, value = differentiate()
            x_optimizer.step()
            z_optimizer.step()
            seconds = time.perf_counter() - start
            answer(seconds=seconds, truncation=k, upperValue=value,
                   peakMemoryBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        elif command == "hypergradient":
            k, value = differentiate()
            names = ["gw1", "gb1", "gw2", "gb2"]
            for name, gradient in [("gx", x.grad), *zip(names, (p.grad for p in z.parameters()))]:
                gradient.numpy().tofile(f"{folder}/torch_{name}.bin")
            answer(truncation=k, upperValue=value)
        elif command == "quit":
            return


if __name__ == "__main__":
    main()
