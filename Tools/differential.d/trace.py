"""A graph evaluated node by node, and whether each node may stay.

A node that decides (a comparison, a largest element, a kink) could decide otherwise where rounding differs.
So decisions must either be clear by a margin, or rest on numbers that no engine rounds: small multiples of 1/16 that
only passed through operations exact on them. Ties of such numbers are welcome: they are what conventions are for.
"""
import math

import torch
from torch.nn import functional

import operations

EXACT = set(
    "negate abs relu sign step squared add subtract multiply maximum minimum less lessOrEqual greater "
    "greaterOrEqual equal clamp select sum max min squaredNorm dot gatheredRows scatteredAddingRows pickedColumns "
    "oneHot isFinite product convolved maxPooled reshaped permuted transposed broadcast expandingAxis sliced padded "
    "concatenated stacked converted "
    "stopGradient".split())
MARGIN = {"float64": 1e-5, "float32": 2e-3}
GREATEST = {"float64": 1e3, "float32": 300}  # of a value, so that no later operation loses all digits


class Trace:
    """- wild: values may be anything, NaN and infinities too."""

    def __init__(self, graph_type, wild=False, greatest_count=20_000):
        self.context = operations.Context(graph_type)
        self.margin = MARGIN[graph_type]
        self.greatest = GREATEST[graph_type]
        self.wild = wild
        self.greatest_count = greatest_count
        self.nodes, self.values, self.exact, self.types, self.depth = [], [], [], [], []

    def append(self, node):
        """Whether the node was taken."""
        graph_type = self.context.graph_type
        if "leaf" in node:
            value, depth = operations.leaf_value(node, self.context), 0
            kind = "int32" if node["leaf"] == "indices" else graph_type
            exact = True
        else:
            operands = node["operands"]
            x = [self.values[i] for i in operands]
            known = all(self.exact[i] for i in operands)
            try:
                with torch.no_grad():
                    value = operations.apply(node, x, self.context)
                if not known and not self.is_clear(node, x, value):
                    return False
                if node["operation"] == "simplexThreshold" and not x[0].abs().max() < 1e6:
                    return False  # beyond, the total is lost in rounding, and PyTorch has no such operation to ask
                if node["operation"] == "logSumExp" and not x[0].numel() and value.numel():
                    return False  # over nothing: refused here, as a largest element
                if node["operation"] == "globalAveragePooled" and 0 in x[0].shape[1:3]:
                    return False  # as a mean of no pixels
            except (RuntimeError, IndexError, NotImplementedError, ValueError):
                return False  # PyTorch refuses it
            if self.wild and (assumes_finite(node, x) or self.order_decides(node, x, value)):
                return False
            exact = known and node["operation"] in EXACT
            kind = self.kind(node, operands)
            depth = 1 + max(self.depth[i] for i in operands)
        if not self.is_moderate(value):
            return False
        self.nodes.append(node)
        self.values.append(value)
        self.exact.append(exact and is_on_grid(value))
        self.types.append(kind)
        self.depth.append(depth)
        return True

    def truncate(self, count):
        for items in (self.nodes, self.values, self.exact, self.types, self.depth):
            del items[count:]

    def kind(self, node, operands):
        operation = node["operation"]
        if operation == "argmax":
            return "int32"
        if operation == "oneHot":
            return self.context.graph_type
        return node["type"] if operation == "converted" else self.types[operands[0]]

    def is_moderate(self, value):
        if value.numel() > self.greatest_count:
            return False
        if self.wild or not value.is_floating_point() or value.numel() == 0:
            return True
        return bool(torch.isfinite(value).all()) and float(value.abs().max()) <= self.greatest

    def is_clear(self, node, x, value):
        """Whether every decision of the node is clear by the margin (NaN decides nothing)."""
        operation = node["operation"]
        if operation in ("sum", "mean", "sin", "reshaped") or value.numel() == 0 and x[0].numel() == 0:
            return True
        if operation in ("abs", "sign", "step", "relu", "select"):
            return self.apart(x[0])
        if operation in ("maximum", "minimum", "less", "lessOrEqual", "greater", "greaterOrEqual", "equal"):
            return self.apart(x[0] - (node["number"] if "number" in node else x[1]))
        if operation == "clamp":
            return all(self.apart(x[0] - bound) for bound in node["numbers"])
        if operation in ("max", "min"):
            axes = node.get("axes")
            axes = list(range(x[0].dim())) if axes is None else axes
            rows = x[0].permute([a for a in range(x[0].dim()) if a not in axes] + axes)
            return self.is_first_clear(rows.flatten(x[0].dim() - len(axes)), operation == "min")
        if operation == "argmax":
            return self.is_first_clear(x[0].movedim(node.get("axis", -1), -1))
        if operation == "maxPooled":
            around = [node.get("padding", 0)] * 4
            images = functional.pad(operations.first(x[0]), around, value=-1e30)
            windows = functional.unfold(images, node["size"], stride=node.get("stride", node["size"]))
            rows = windows.reshape(images.shape[0], images.shape[1], node["size"] ** 2, -1)
            return self.is_first_clear(rows.transpose(2, 3))
        if operation == "simplexThreshold":
            return self.apart(x[0] - value)
        if operation in ("power", "log", "sqrt", "reciprocal"):
            return self.apart(x[0])
        if operation == "divide":
            return self.apart(x[0]) if node.get("numberFirst") else "number" in node or self.apart(x[1])
        if operation == "norm":
            return self.apart(value)
        if operation == "converted":  # rounding to float32 moves what the other engine rounds to a neighbour
            return node["type"] == self.context.graph_type or not self.wild
        return True

    def order_decides(self, node, x, value):
        """Whether ∞ - ∞ or 0 · ∞ in a sum of products makes a NaN: factors come out of sums, and products are
        re-associated, as if all numbers were real (README of Tensors), and 2∞ - ∞ is NaN where (2 - 1)∞ is ∞."""
        sums = ("product", "dot", "sum", "mean")
        if any("product" == other.get("operation") for other in self.nodes):
            sums += ("add", "subtract")
        return node["operation"] in sums and is_nan(value) and not any(map(is_nan, x))

    def apart(self, gaps):
        gaps = gaps[torch.isfinite(gaps)]
        return gaps.numel() == 0 or float(gaps.abs().min()) > self.margin

    def is_first_clear(self, rows, smallest=False):
        if rows.dim() == 0 or rows.shape[-1] < 2 or rows.numel() == 0:
            return True
        best = torch.topk(rows, 2, dim=-1, largest=not smallest).values
        return self.apart(best[..., 0] - best[..., 1])


def assumes_finite(node, x):
    """Whether simplification may take the node's value as 0 where an operand is NaN or infinite (README of Tensors):
    0 · x, 0 / x and x - x, judged by values, since the zero or the twin may be hidden behind other operations."""
    operation = node["operation"]
    y = x[1] if len(x) > 1 else torch.tensor(node.get("number", 1.0), dtype=x[0].dtype)
    if operation in ("multiply", "divide", "dot", "product") and (is_zero(x[0]) or is_zero(y)):
        return True
    try:
        return operation in ("subtract", "divide") and is_same(x[0], y) or operation == "add" and is_same(x[0], -y)
    except RuntimeError:
        return False


def is_nan(value):
    return bool(value.isnan().any())


def is_zero(value):
    return value.numel() > 0 and not value.any()


def is_same(a, b):
    return bool(torch.isclose(a, b, rtol=0, atol=0, equal_nan=True).all())


def is_on_grid(value):
    if not value.is_floating_point():
        return True
    finite = value[torch.isfinite(value)]
    return bool((finite * 16 == (finite * 16).round()).all()) and bool((finite.abs() < 4096).all())


def trace(graph):
    """The trace of a whole graph, of any size, or None when one of its nodes may not stay."""
    strange = any(not math.isfinite(float(value)) for node in graph["nodes"] for value in node.get("values", []))
    result = Trace(graph["type"], wild=strange, greatest_count=1 << 30)
    return result if all(result.append(node) for node in graph["nodes"]) else None
