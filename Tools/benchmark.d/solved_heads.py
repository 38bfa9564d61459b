"""Heads that are solved exactly, in PyTorch: class means, ridge regression by its formula, logistic regression to its optimum,
differentiated by autograd; the optimum by one more Newton step, whose derivative is that of the optimality conditions."""
import math

import torch
import torch.nn.functional as F

# What each learns beside the features, at the start: logarithms of the scale of logits, and of ridge regression's λ.
START = {"descent": [], "prototypes": [], "ridge": [math.log(10), math.log(10)], "logistic": [math.log(5)]}
PENALTY = 0.02  # of logistic regression
NEWTON_STEPS = 30
STEPS = 400  # of the other side, to the optimum


def prototypes(support, labels, query, _):
    """-‖φ - p‖² without ‖φ‖², which all classes share (Snell et al. 2017)."""
    means = torch.stack([support[labels == label].mean(0) for label in range(int(labels.max()) + 1)])
    return 2 * query @ means.T - (means ** 2).sum(1)


def ridge(support, labels, query, parameters):
    """R2D2 (Bertinetto et al. 2019)."""
    scale, penalty = (parameter.exp() for parameter in parameters)
    targets = F.one_hot(labels).to(support.dtype)
    system = support @ support.T + penalty * torch.eye(len(support), dtype=support.dtype)
    return query @ (support.T @ torch.linalg.solve(system, targets)) * scale


def logistic(support, labels, query, parameters):
    """MetaOptNet with logistic regression (Lee et al. 2019), on features shorter by the root of their number."""
    classes, width = int(labels.max()) + 1, support.shape[1]
    support, query = support / width ** 0.5, query / width ** 0.5

    def loss(vector, features):
        weight, bias = vector[:classes * width].view(classes, width), vector[classes * width:]
        return F.cross_entropy(F.linear(features, weight, bias), labels) + PENALTY / 2 * (vector ** 2).sum()

    fixed, optimum = support.detach(), torch.zeros(classes * (width + 1), dtype=support.dtype)
    slope, hessian = torch.func.grad(loss), torch.func.hessian(loss)
    for _ in range(NEWTON_STEPS):
        optimum = optimum - torch.linalg.solve(hessian(optimum, fixed), slope(optimum, fixed))
    optimum.requires_grad_()
    residual = torch.autograd.grad(loss(optimum, support), optimum, create_graph=True)[0]
    vector = optimum.detach() - torch.linalg.solve(hessian(optimum.detach(), fixed), residual)
    return F.linear(query, vector[:classes * width].view(classes, width), vector[classes * width:]) * parameters[0].exp()


HEADS = {"prototypes": prototypes, "ridge": ridge, "logistic": logistic}


def hypergradient(reference):
    """dF/dx, a mean over the tasks, and zeros for the start, on which nothing depends."""
    head, count, sums = HEADS[reference.problem.head], len(START[reference.problem.head]), None
    parameters = reference.x[len(reference.x) - count:]
    for support, query in reference.tasks:
        features = reference.features(torch.cat([support, query]))
        logits = head(features[:len(support)], reference.support_labels, features[len(support):], parameters)
        grads = torch.autograd.grad(F.cross_entropy(logits, reference.query_labels), reference.x)
        sums = grads if sums is None else [a + b for a, b in zip(sums, grads)]
    return [g / len(reference.tasks) for g in sums] + [torch.zeros_like(p) for p in reference.head.parameters()]
