"""Whether every public operation of the library can be drawn: read from its sources, so that a new one is noticed."""
import pathlib, re

from operations import OPERATIONS

SOURCES = pathlib.Path(__file__).parents[2] / "Packages/Tensors/Sources/Tensors/Operations"
DECLARATION = re.compile(r"^    public (?:func (\w+)|var (\w+)): Tensor|^(?:    )?public func (\w+)", re.M)


def known():
    return set(OPERATIONS)


def unknown():
    """Public functions and properties on tensors that are no graph operation. Operators and initializers are."""
    names = {name for path in SOURCES.rglob("*.swift") for match in DECLARATION.findall(path.read_text())
             for name in match if name}
    return sorted(names - known())
