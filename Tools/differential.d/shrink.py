"""Makes a failing graph smaller as long as it fails in the same way."""
import copy, math, time

import numpy as np

from generator import pruned
from trace import trace

SHAPE_KEYS = ["shape", "starts", "extents", "before", "after"]


def shrunk(graph, fails, seconds=20):
    """- fails: of a graph, whether it fails in the way that is looked into."""
    end = time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for smaller in candidates(graph):
            if time.monotonic() > end:
                break
            if weight(smaller) < weight(graph) and fails(smaller):
                graph, progress = smaller, True
                break
    return graph


def weight(graph):
    """Fewer operations first, then fewer elements, then simpler numbers."""
    nodes = graph["nodes"]
    leaves = [node for node in nodes if "leaf" in node]
    return (sum("operation" in node for node in nodes), sum(node["leaf"] == "variable" for node in leaves),
            len(nodes), sum(int(np.prod(node["shape"])) for node in leaves),
            sum(len(node["values"]) for node in leaves),
            sum(len(str(value)) for node in leaves for value in node["values"]), len(graph["outputs"]))


def candidates(graph):
    nodes = graph["nodes"]
    for output in graph["outputs"]:
        if len(graph["outputs"]) > 1:
            yield pruned(dict(graph, outputs=[output]))
            yield pruned(dict(graph, outputs=[o for o in graph["outputs"] if o != output]))
    for i, node in enumerate(nodes):  # an operand for its result
        for operand in node.get("operands", []):
            yield replaced(graph, i, operand)
    traced = trace(graph)
    if traced is not None:
        for i, node in enumerate(nodes):  # a leaf for a result
            if "operation" in node:
                yield from (with_leaf(graph, i, traced, role) for role in ("variable", "constant"))
    for i, node in enumerate(nodes):
        if node.get("leaf") == "variable":
            yield with_node(graph, i, dict(node, leaf="constant"))
    numbers = {extent for node in nodes for extent in node.get("shape", []) if extent > 1}
    for number in sorted(numbers, reverse=True):  # one extent everywhere
        for less in (1, 2, number // 2, number - 1):
            if 0 < less < number:
                yield with_extent(graph, number, less)
    for i, node in enumerate(nodes):
        if node.get("leaf") and node["leaf"] != "fill":
            values = node["values"]
            if len(values) > 1:
                yield with_node(graph, i, dict(node, values=values[:len(values) // 2]))
                yield with_node(graph, i, dict(node, values=values[:-1]))
            if node["leaf"] == "indices":
                continue
            rounded = [float(round(value)) if math.isfinite(float(value)) else value for value in map(float, values)]
            yield with_node(graph, i, dict(node, values=rounded))
            for k in range(len(values)):
                for simple in (1.0, 2.0, 0.0, 0.5):
                    if len(values) < 40:
                        yield with_node(graph, i, dict(node, values=values[:k] + [simple] + values[k + 1:]))


def replaced(graph, i, by):
    """Everyone who reads node i reads node `by`."""
    result = copy.deepcopy(graph)
    for node in result["nodes"]:
        if "operands" in node:
            node["operands"] = [by if operand == i else operand for operand in node["operands"]]
    result["outputs"] = sorted({by if output == i else output for output in result["outputs"]})
    return pruned(result)


def with_node(graph, i, node):
    result = copy.deepcopy(graph)
    result["nodes"][i] = node
    return pruned(result)


def with_leaf(graph, i, traced, role):
    if traced.types[i] not in (graph["type"], "int32") or traced.values[i].numel() > 2000:
        return graph
    values = [float(value) for value in traced.values[i].reshape(-1)] or [0.0]
    return with_node(graph, i, {"leaf": "indices" if traced.types[i] == "int32" else role,
                                "shape": list(traced.values[i].shape), "values": values})


def with_extent(graph, number, less):
    result = copy.deepcopy(graph)
    for node in result["nodes"]:
        for key in SHAPE_KEYS:
            if key in node and node.get("operation") != "adaptiveAveragePooled":
                node[key] = [less if extent == number else extent for extent in node[key]]
        if node.get("count") == number:
            node["count"] = less
        if node.get("leaf") == "indices":
            node["values"] = [min(value, max(less - 1, 0)) for value in node["values"]]
    return result
