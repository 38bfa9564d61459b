"""How far two engines' results may lie apart.

float64: |ours - reference| ≤ 1e-9 · max(1, largest |reference| of the tensor, largest |value| of the graph). That is
some 10⁶ roundings, which depth 12 with values below 10³ does not reach unless a derivative is ill-conditioned. For that
case the reference is computed again with its leaves moved by 1e-13 of themselves; ten times the change is allowed too.
float32 (and float64 graphs that pass through float32): 2e-4 in place of 1e-9, moves of 1e-6, and ten times the
distance between PyTorch in float32 and in float64, since both engines round by their own order of operations.

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
    if found:  # only now the dear second and third look
        coarse = is_coarse(graph)
        others = [reference.evaluate(graph, moved_by=step) for step in ([1e-6, -1e-6] if coarse else [1e-13, -1e-13])]
        if graph["type"] == "float32":
            others.append(reference.evaluate(graph, exact=False))
        found = compare(expected, answer, allowance(graph, expected, others))
    if not answer["hasSameBits"]:
        found.append(("threads change bits", 0, None, None))
    return found


def allowance(graph, expected, others):
    unit = 2e-4 if is_coarse(graph) else 1e-9
    result = {}
    for name in QUANTITIES:
        result[name] = []
        for position, array in enumerate(expected[name] or []):
            finite = np.abs(array[np.isfinite(array)])
            allowed = unit * max(1.0, finite.max(initial=0.0), float(expected["largest"][0]))
            for other in [other for other in others or [] if other[name] is not None]:
                with np.errstate(invalid="ignore"):
                    change = np.abs(other[name][position] - array)
                allowed += 10 * change[np.isfinite(change)].max(initial=0.0)
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
