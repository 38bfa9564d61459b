"""Random graphs from a seed: all operations, depth 1 to 12, empty and one-sized axes, scalars, ties, NaN at times."""
import random

from proposals import Proposals, broadcasts
from trace import Trace

# Where conventions, ties and shapes meet most.
OFTEN = "max min argmax select step maximum minimum equal product maxPooled broadcast".split()


class Generator(Proposals):
    """One graph. Some are wild (NaN, infinities), some large (tensors whose kernels are cut into pieces)."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        draw = self.random.random()
        self.type = "float64" if self.random.random() < 0.7 else "float32"
        self.wild = draw < 0.06
        self.large = not self.wild and draw > 0.92
        self.trace = Trace(self.type, self.wild, 150_000 if self.large else 3_000)

    def graph(self):
        self.leaf(self.shape(), "variable")
        for _ in range(self.random.randrange(3)):
            self.leaf(self.shape())
        depth = self.random.randint(1, 6 if self.large else 12)
        for _ in range(40 * depth):
            if max(self.trace.depth) >= depth:
                break
            is_product = self.large and self.random.random() < 0.3
            names = ["product", "convolved"] if is_product else [*self.proposals(), *OFTEN, *OFTEN]
            self.propose(self.random.choice(names))
        nodes = self.trace.nodes
        applied = [i for i, node in enumerate(nodes) if "operation" in node]
        if not applied:
            return Generator(self.random.randrange(1 << 60)).graph()
        outputs = {max(applied, key=lambda i: self.trace.depth[i])}
        while self.random.random() < 0.35:
            outputs.add(self.random.choice(applied))
        return pruned({"type": self.type, "nodes": nodes, "outputs": sorted(outputs)})

    def propose(self, operation):
        """Adds the operation, and the leaves that it needs, if it is possible here."""
        count = len(self.trace.nodes)
        node = self.proposals()[operation](operation)
        if node is None or not self.trace.append({"operation": operation, **node}):
            self.trace.truncate(count)

    # MARK: leaves

    def extent(self):
        if self.large:
            return self.random.choice([1, 3, 10, 64, 97, 300, 513, 1100])
        return self.random.choices([0, 1, 2, 3, 4, 5, 7, 17], [3, 18, 22, 22, 15, 10, 7, 3])[0]

    def shape(self, rank=None):
        for _ in range(50):
            shape = [self.extent() for _ in range(self.random.choices(range(5), [8, 24, 36, 18, 14])[0]
                                                  if rank is None else rank)]
            count = 1
            for extent in shape:
                count *= extent
            is_fitting = not self.large or count >= 20_000 or self.random.random() < 0.2
            if count <= self.trace.greatest_count and is_fitting:
                return shape
        return [3] * (rank or 0)

    def leaf(self, shape, role=None):
        """The number of a new leaf."""
        role = role or self.random.choices(["variable", "constant", "fill"], [60, 28, 12])[0]
        count = 1
        for extent in shape:
            count *= extent
        distinct = 1 if role == "fill" else min(count, 1009)
        kind = self.random.choice(["normal", "normal", "positive", "integers", "halves", "bits", "zeros"])
        draw = {
            "normal": lambda: round(self.random.gauss(0, 1), 3),
            "positive": lambda: round(self.random.uniform(.3, 2), 3),
            "bits": lambda: float(self.random.randrange(2)),
            "integers": lambda: float(self.random.randint(-2, 3)), "halves": lambda: self.random.randint(-4, 4) / 2,
            "zeros": lambda: round(self.random.gauss(0, 1), 3) if self.random.random() < .5 else 0.0}[kind]
        values = [draw() for _ in range(max(distinct, 1))]
        if self.wild and self.random.random() < 0.6:
            for _ in range(self.random.randint(1, 3)):
                strange = self.random.choice(["nan", "inf", "-inf", 0.0, -0.0, 1e-30, -30.0, 800.0])
                values[self.random.randrange(len(values))] = strange
        return self.add({"leaf": role, "shape": shape, "values": values})

    def indices(self, count, below):
        """The number of a new leaf of int32 numbers, or of an argmax that fits."""
        if below < 1 and count > 0:
            return None
        fitting = [i for i in self.of("int32") if self.extents(i) == [count]
                   and all(0 <= index < below for index in self.trace.values[i].tolist())]
        if fitting and self.random.random() < 0.7:
            return self.random.choice(fitting)
        values = [self.random.randrange(max(below, 1)) for _ in range(max(min(count, 1009), 1))]
        return self.add({"leaf": "indices", "shape": [count], "values": values})

    def integers(self, shape):
        """The number of a new leaf of int32 numbers of either sign, to be moved, compared and converted."""
        values = [self.random.randint(-5, 5) for _ in range(self.random.randint(1, 11))]
        return self.add({"leaf": "indices", "shape": shape, "values": values})

    def add(self, node):
        position = len(self.trace.nodes)
        return position if self.trace.append(node) else None

    # MARK: choosing operands

    def of(self, *types):
        return [i for i, kind in enumerate(self.trace.types) if kind in types]

    def pick(self, accepts=lambda shape: True, integers=False):
        """A floating-point node (seldom an int32 one), mostly a deep one."""
        types = ("float32", "float64")
        if integers and self.random.random() < 0.06:
            types = ("int32",)
            if self.random.random() < 0.5:
                self.integers(self.shape())
        fitting = [i for i in self.of(*types) if accepts(self.extents(i))]
        if not fitting:
            return None
        if self.random.random() < 0.65:
            return max(self.random.sample(fitting, min(3, len(fitting))), key=lambda i: (self.trace.depth[i], i))
        return self.random.choice(fitting)

    def extents(self, i):
        return list(self.trace.values[i].shape)

    def partner(self, i, same=False):
        """Another operand for an elementwise operation: a node that broadcasts, or a new leaf."""
        shape, kind = self.extents(i), self.trace.types[i]
        fitting = [j for j in self.of(kind)
                   if (self.extents(j) == shape if same else broadcasts(self.extents(j), shape))]
        if kind != self.type or self.random.random() < 0.6:
            return self.random.choice(fitting)
        if not same and self.random.random() < 0.5:
            last = shape[self.random.randint(0, len(shape)):]
            shape = [1 if self.random.random() < 0.3 else extent for extent in last]
        return self.leaf(shape)

    def number(self):
        return self.random.choice([0.0, 1.0, -1.0, 2.0, 0.5, 3.0, round(self.random.gauss(0, 1.5), 2)])

    def axes(self, rank):
        return sorted(self.random.sample(range(rank), self.random.randint(0, rank)))


def pruned(graph):
    """Only the nodes that the outputs need, renumbered."""
    needed, stack = set(), list(graph["outputs"])
    while stack:
        i = stack.pop()
        if i not in needed:
            needed.add(i)
            stack += graph["nodes"][i].get("operands", [])
    number = {i: k for k, i in enumerate(sorted(needed))}
    nodes = []
    for i in sorted(needed):
        node = dict(graph["nodes"][i])
        if "operands" in node:
            node["operands"] = [number[j] for j in node["operands"]]
        nodes.append(node)
    return {"type": graph["type"], "nodes": nodes, "outputs": [number[i] for i in graph["outputs"]]}
