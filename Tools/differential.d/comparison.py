"""How far two engines' results may lie apart.

float64: |ours - reference| ≤ 1e-9 · max(1, largest |reference| of the tensor, largest |value| of the graph): 10⁶
roundings. Depth 12 with values below 10³ does not reach that unless a derivative is ill-conditioned; so the distance
between PyTorch in float32 and in float64, times 1e-6, is allowed too (float64 rounds 2e-9 times as coarsely).
float32, and float64 graphs that pass through float32: 2e-4 in place of 1e-9, and ten times that distance, since both
engines round by their own order of operations.

Values must agree in NaN and infinities. Derivatives must be finite where PyTorch's are; where PyTorch's is NaN or
infinite ours may be anything, since it depends on the order of factors, and simplification leaves out terms 0 · x.
"""
import numpy as np

from engine import QUANTITIES
import reference


def is_coarse(graph):
    return graph["type"] == "float32" or any(node.get("type") == "float32" for node in graph["nodes"])


def differences(graph, answer):
    """[(quantity, position, ours, reference)] of the results that lie too far apart, as arrays of the same shape."""
    if "failure" in answer:
        return [(answer["failure"], 0, None, None)]
    expected = reference.evaluate(graph)
    found = compare(expected, answer, allowance(graph, expected, None))
    if found:  # only now the second look
        rounded = reference.evaluate(graph, coarse=True)
        allowed = allowance(graph, expected, rounded)
        found = compare(expected, answer, allowed)
        if found and graph["type"] == "float32" and not compare(rounded, answer, allowed):
            found = []  # beyond float32's range both agree
    if not answer["hasSameBits"]:
        found.append(("threads change bits", 0, None, None))
    return found


def allowance(graph, expected, rounded):
    unit, share = (2e-4, 10) if is_coarse(graph) else (1e-9, 1e-6)
    result = {}
    for name in QUANTITIES:
        result[name] = []
        for position, array in enumerate(expected[name] or []):
            finite = np.abs(array[np.isfinite(array)])
            allowed = unit * max(1.0, finite.max(initial=0.0), float(expected["largest"][0]))
            if rounded is not None and rounded[name] is not None:
                with np.errstate(invalid="ignore"):
                    change = np.abs(rounded[name][position] - array)
                allowed += share * change[np.isfinite(change)].max(initial=0.0)
            result[name].append(allowed)
    return result


def compare(expected, answer, allowed):
    found = []
    for name in QUANTITIES:
        if expected[name] is None:
            continue
        if len(answer[name]) != len(expected[name]):
            found.append((f"{name}: their number", 0, None, None))
            continue
        for position, (ours, theirs) in enumerate(zip(answer[name], expected[name])):
            theirs = theirs.reshape(-1)
            if ours.shape != theirs.shape or not agrees(name, ours, theirs, allowed[name][position]):
                found.append((name, position, ours, theirs))
    return found


def agrees(name, ours, theirs, allowed):
    with np.errstate(invalid="ignore"):
        close = (np.abs(ours - theirs) <= allowed) | (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    if name != "values":
        close |= ~np.isfinite(theirs)
    return bool(close.all())
