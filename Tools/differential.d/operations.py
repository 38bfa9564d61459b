"""Every operation of a graph in PyTorch.

Where several conventions are possible the reference takes ours; each such place says so and why.
"""
import numpy as np
import torch
from torch.nn import functional


class Context:
    """The element types of an evaluation: a float32 graph is computed in float64; if `coarse`, all in float32."""

    def __init__(self, graph_type, coarse=False):
        self.graph_type = graph_type
        self.coarse = coarse

    def dtype(self, element_type):
        if self.coarse:
            return torch.float32
        return torch.float32 if element_type == "float32" and self.graph_type == "float64" else torch.float64


def leaf_value(node, context):
    if node["leaf"] == "indices":
        return torch.from_numpy(repeated(node).astype(np.int64))
    values = repeated(node)
    if context.graph_type == "float32":
        values = values.astype(np.float32)
    return torch.from_numpy(values).to(context.dtype(context.graph_type))


def repeated(node):
    values = np.array([float(value) for value in node["values"]])
    count = int(np.prod(node["shape"], dtype=np.int64))
    if node["leaf"] == "fill":
        return np.full(node["shape"], values[0])
    return np.resize(values, count).reshape(node["shape"]) if count else np.zeros(node["shape"])


def apply(node, x, context):
    return OPERATIONS[node["operation"]](node, x, context)


class Refused(RuntimeError):
    """What PyTorch would take and we don't: a shape that broadcasts, an axis too few."""


def require(condition):
    if not condition:
        raise Refused


# MARK: elementwise

def unary(function):
    return lambda node, x, context: function(x[0])


def binary(function):
    """Two tensors, or a tensor and a number on either side."""
    def applied(node, x, context):
        if "number" not in node:
            return function(x[0], x[1])
        number = torch.tensor(node["number"], dtype=x[0].dtype)
        return function(number, x[0]) if node.get("numberFirst") else function(x[0], number)
    return applied


def maximum(a, b):
    """At a tie the whole derivative is the first operand's (torch.maximum halves it): one operand is always chosen."""
    note_undecided(a, b)
    return torch.where((b <= a) | torch.isnan(a), a, b)


def minimum(a, b):
    note_undecided(a, b)
    return torch.where((a <= b) | torch.isnan(a), a, b)


def relu(x):
    note_undecided(x, x)
    return torch.relu(x)


undecided = []


def note_undecided(a, b):
    """Which operand has the derivative of a NaN is nobody's convention."""
    if torch.isnan(a).any() or torch.isnan(b).any():
        undecided.append(True)


def clamp(node, x, context):
    """The derivative on a bound is 1 here, as for `maximum` and `minimum`, of which it consists (torch.clamp: 0)."""
    lower, upper = (torch.tensor(number, dtype=x[0].dtype) for number in node["numbers"])
    return minimum(maximum(x[0], lower), upper)


def comparison(function):
    return binary(lambda a, b: function(a, b).to(a.dtype))


class Power(torch.autograd.Function):
    """xᵉ. torch.pow takes its derivative for x as 0 wherever e = 0, which loses d²/dx de, 1/x there."""

    @staticmethod
    def forward(ctx, x, exponent):
        ctx.save_for_backward(x, exponent)
        return torch.pow(x, exponent)

    @staticmethod
    def backward(ctx, v):
        x, exponent = ctx.saved_tensors
        zero = torch.zeros((), dtype=x.dtype)
        slope = exponent * Power.apply(x, exponent - 1)
        growth = Power.apply(x, exponent) * x.log()
        return (v * torch.where((x == 0) & (exponent == 0), zero, slope),
                v * torch.where((x == 0) & (exponent >= 0), zero, growth))


def power(node, x, context):
    if "number" in node:
        return torch.pow(x[0], node["number"])
    return Power.apply(*torch.broadcast_tensors(x[0], x[1]))


# MARK: reductions

def reduction(function):
    def applied(node, x, context):
        axes = node.get("axes")
        if axes is None:
            axes = list(range(x[0].dim()))
        if not axes:  # PyTorch reads "no axes" as "all axes"; here it means none
            return x[0]
        return function(x[0], axes, node.get("keepingAxes", False))
    return applied


def dot(node, x, context):
    require(x[0].shape == x[1].shape)
    return (x[0] * x[1]).sum()


def simplex_threshold(node, x, context):
    """τ with Σ max(v - τ, 0) = total. The support is held fixed in derivatives, as it is locally."""
    v, total = x[0].reshape(-1), node["number"]
    descending = torch.sort(v.detach(), descending=True).values
    candidates = (torch.cumsum(descending, 0) - total) / torch.arange(1, len(v) + 1)
    count = max(int((descending > candidates).sum()), 1)
    above = (v.detach() > candidates[count - 1]).to(v.dtype)
    return ((v * above).sum() - total) / above.sum()


# MARK: images, channels last

def first(images):
    require(images.dim() == 4)
    return images.permute(0, 3, 1, 2)


def last(images):
    return images.permute(0, 2, 3, 1)


def convolved(node, x, context):
    """By patches: PyTorch's own float64 convolution has no second derivative for gradients that aren't contiguous."""
    (images, weight), stride, padding = x, node.get("stride", 1), node.get("padding", 0)
    rows, columns, channels, outputs = weight.shape
    require(channels == images.shape[3])
    extents = [(images.shape[1 + k] + 2 * padding - weight.shape[k]) // stride + 1 for k in range(2)]
    require(min(extents) > 0)
    if images.numel() == 0 or weight.numel() == 0:  # there PyTorch returns no elements even where the shape has some
        zeros = torch.zeros([images.shape[0], *extents, outputs], dtype=images.dtype)
        return zeros + 0 * (images.sum() + weight.sum()) if zeros.numel() == 0 else zeros
    patches = functional.unfold(first(images), (rows, columns), stride=stride, padding=padding)
    result = patches.mT @ weight.permute(2, 0, 1, 3).reshape(channels * rows * columns, outputs)
    return result.reshape(images.shape[0], *extents, outputs)


def max_pooled(node, x, context):
    stride = node.get("stride", node["size"])
    return last(functional.max_pool2d(first(x[0]), node["size"], stride, node.get("padding", 0)))


def adaptive_average_pooled(node, x, context):
    require(x[0].dim() == 4 and x[0].shape[1] > 0 and x[0].shape[2] > 0)
    if x[0].numel() == 0:  # PyTorch refuses to differentiate it
        return torch.zeros([x[0].shape[0], *node["shape"], x[0].shape[3]], dtype=x[0].dtype)
    return last(functional.adaptive_avg_pool2d(first(x[0]), tuple(node["shape"])))


# MARK: movement

def sliced(node, x, context):
    result = x[0]
    require(len(node["starts"]) == len(node["extents"]) == result.dim())
    for axis, (start, extent) in enumerate(zip(node["starts"], node["extents"])):
        result = result.narrow(axis, start, extent)
    return result


def padded(node, x, context):
    require(len(node["before"]) == len(node["after"]) == x[0].dim())
    around = [number for pair in zip(node["before"], node["after"]) for number in pair]
    pairs = list(zip(around[0::2], around[1::2]))
    return functional.pad(x[0], [number for pair in reversed(pairs) for number in pair])


def product(node, x, context):
    a, b = x
    require(a.dim() >= 2 and b.dim() >= 2)
    transposing = node.get("transposing", [False, False])
    return torch.matmul(a.mT if transposing[0] else a, b.mT if transposing[1] else b)


def cross_entropy(node, x, context):
    require(x[0].dim() == 2 and x[1].shape == x[0].shape[:1])
    return -functional.log_softmax(x[0], dim=1).gather(1, x[1][:, None])[:, 0]


def converted(node, x, context):
    if node["type"] == "int32":
        return x[0]
    return x[0].to(context.dtype(node["type"]))


def gathered(node, x, context):
    require(x[1].dim() == 1 and x[0].dim() > 0)
    return x[0].index_select(0, x[1])


def picked_columns(node, x, context):
    require(x[0].dim() == 2 and x[1].shape == x[0].shape[:1])
    return x[0].gather(1, x[1][:, None])[:, 0]


def scattered(node, x, context):
    require(x[1].dim() == 1 and x[0].shape[:1] == x[1].shape)
    zeros = torch.zeros([node["count"], *x[0].shape[1:]], dtype=x[0].dtype)
    return zeros.index_add(0, x[1], x[0])


OPERATIONS = {
    "negate": unary(torch.neg), "exp": unary(torch.exp), "log": unary(torch.log),
    "log1p": unary(torch.log1p), "expm1": unary(torch.expm1), "sqrt": unary(torch.sqrt),
    "reciprocal": unary(torch.reciprocal), "sin": unary(torch.sin), "cos": unary(torch.cos),
    "tanh": unary(torch.tanh), "sigmoid": unary(torch.sigmoid),
    # PyTorch takes softplus as linear above a threshold; beyond 40 that is below float64's rounding.
    "softplus": unary(lambda x: functional.softplus(x, threshold=40)),
    "erf": unary(torch.erf), "relu": unary(relu), "gelu": unary(functional.gelu), "abs": unary(torch.abs),
    "sign": unary(torch.sign), "step": unary(lambda x: (x > 0).to(x.dtype)), "squared": unary(lambda x: x * x),
    "isFinite": unary(lambda x: torch.isfinite(x).to(x.dtype)),
    "add": binary(torch.add), "subtract": binary(torch.sub), "multiply": binary(torch.mul),
    "divide": binary(torch.div), "power": power, "maximum": binary(maximum), "minimum": binary(minimum),
    "less": comparison(torch.lt), "lessOrEqual": comparison(torch.le), "greater": comparison(torch.gt),
    "greaterOrEqual": comparison(torch.ge), "equal": comparison(torch.eq),
    "clamp": clamp,
    "select": lambda node, x, context: torch.where(x[0] != 0, x[1], x[2]),
    "sum": reduction(lambda x, axes, keep: x.sum(axes, keepdim=keep)),
    "mean": reduction(lambda x, axes, keep: x.mean(axes, keepdim=keep)),
    "max": reduction(lambda x, axes, keep: x.amax(axes, keepdim=keep)),  # equal elements share alike, as ours
    "min": reduction(lambda x, axes, keep: x.amin(axes, keepdim=keep)),
    "argmax": lambda node, x, context: torch.argmax(x[0], dim=node.get("axis", -1)),
    "squaredNorm": unary(lambda x: (x * x).sum()), "norm": unary(lambda x: (x * x).sum().sqrt()),
    "dot": dot,
    "logSumExp": reduction(lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep)),
    "logSoftmax": unary(lambda x: functional.log_softmax(x, dim=-1)),
    "softmax": unary(lambda x: functional.softmax(x, dim=-1)), "crossEntropy": cross_entropy,
    "gatheredRows": gathered, "scatteredAddingRows": scattered, "pickedColumns": picked_columns,
    "oneHot": lambda node, x, context: functional.one_hot(x[0], node["count"]).to(context.dtype(context.graph_type)),
    "product": product, "convolved": convolved, "maxPooled": max_pooled,
    "averagePooled": lambda node, x, context: last(functional.avg_pool2d(first(x[0]), node["size"])),
    "adaptiveAveragePooled": adaptive_average_pooled,
    "globalAveragePooled": unary(lambda x: last(first(x)).mean((1, 2))),
    "reshaped": lambda node, x, context: x[0].reshape(node["shape"]),
    "permuted": lambda node, x, context: x[0].permute(node["axes"]), "transposed": unary(lambda x: x.mT),
    "broadcast": lambda node, x, context: x[0].broadcast_to(node["shape"]),
    "expandingAxis": lambda node, x, context: x[0].unsqueeze(node["axis"]),
    "sliced": sliced, "padded": padded,
    "concatenated": lambda node, x, context: torch.cat(x, dim=node.get("axis", 0)),
    "stacked": lambda node, x, context: torch.stack(x, dim=node.get("axis", 0)),
    "converted": converted, "stopGradient": unary(lambda x: x.detach()), "simplexThreshold": simplex_threshold,
}
