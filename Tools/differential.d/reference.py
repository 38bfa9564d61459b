"""A whole graph in PyTorch: its values, and its derivatives by autograd."""
import numpy as np
import torch

from operations import Context, apply, leaf_value, undecided


# MARK: a whole graph

def evaluate(graph, coarse=False):
    """Values, gradient, Hessian-vector product and push-forward, each a list of float64 arrays (None: undecided); and
    the largest magnitude of all nodes.

    - coarse: everything in float32, to see how far rounding can carry.
    """
    context = Context(graph["type"], coarse)
    undecided.clear()
    values, variables = [], []
    for node in graph["nodes"]:
        if "leaf" in node:
            value = leaf_value(node, context)
            if node["leaf"] == "variable":
                value.requires_grad_(True)
                variables.append(value)
            values.append(value)
        else:
            values.append(apply(node, [values[i] for i in node["operands"]], context))
    outputs = [values[i] for i in graph["outputs"]]
    results = {"values": outputs}
    results["largest"] = [max((v.detach().abs().max() for v in values if v.numel() and v.is_floating_point()
                               and v.isfinite().all()), default=torch.zeros(()))]
    if undecided:
        results.update(gradient=None, hessianProduct=None, pushforward=None)
    else:
        results.update(derivatives(outputs, variables, context))
    return {name: tensors and [array(t) for t in tensors] for name, tensors in results.items()}


def array(tensor):
    # Added to zeros: some zeros of autograd's have no memory of their own, and numpy crashes on them.
    return torch.add(torch.zeros(tensor.shape, dtype=torch.float64), tensor.detach().to(torch.float64)).numpy()


def derivatives(outputs, variables, context):
    graph_dtype = context.dtype(context.graph_type)
    smooth = [output.to(graph_dtype) for output in outputs if output.is_floating_point()]
    tangents = [irregular(v.shape, 100 + i, context) for i, v in enumerate(variables)]
    value = sum(((irregular(o.shape, i, context) * o).sum() for i, o in enumerate(smooth)), torch.zeros(()))
    slope = pulled([value], [torch.ones_like(value)], variables, create_graph=True)
    product = pulled(slope, tangents, variables)
    # The pullback is linear in its cotangents u: its own pullback to u is the push-forward.
    u = [torch.ones_like(o).requires_grad_(True) for o in smooth]
    pushed = pulled(pulled(smooth, u, variables, create_graph=True), tangents, u)
    return {"gradient": slope, "hessianProduct": product, "pushforward": pushed}


def pulled(outputs, cotangents, targets, create_graph=False):
    pairs = [(o, c) for o, c in zip(outputs, cotangents) if o.requires_grad]
    if not pairs or not targets:
        return [torch.zeros_like(t) for t in targets]
    results = torch.autograd.grad(
        [o for o, _ in pairs], targets, [c.reshape(o.shape) for o, c in pairs], create_graph=create_graph,
        retain_graph=True, allow_unused=True)
    return [torch.zeros_like(t) if r is None else r for r, t in zip(results, targets)]


def irregular(shape, phase, context):
    """Fixed numbers in [-1, 1] without pattern: the same as in GraphEvaluation.swift."""
    i = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.float64)
    t = (i + 1) * 0.6180339887498949 + phase * 0.7548776662466927
    numbers = (2 * (t - np.floor(t)) - 1).reshape(tuple(shape))
    if context.graph_type == "float32":
        numbers = numbers.astype(np.float32)
    return torch.from_numpy(numbers).to(context.dtype(context.graph_type))
