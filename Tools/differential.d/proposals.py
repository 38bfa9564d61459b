"""What a generator proposes for each operation: operands that are there, leaves that it adds, parameters.

A proposal is a node without its operation's name, or None where nothing fits. The trace has the last word.
"""

UNARY = (
    "negate exp log log1p expm1 sqrt reciprocal sin cos tanh sigmoid softplus erf relu gelu abs sign step squared "
    "isFinite").split()
BINARY = ("add subtract multiply divide power maximum minimum less lessOrEqual greater greaterOrEqual equal").split()
NUMBER_SECOND = set("add subtract multiply divide power maximum minimum less lessOrEqual equal".split())
NUMBER_FIRST = set("add subtract multiply divide".split())
OTHERS = (
    "clamp select sum mean max min logSumExp argmax squaredNorm norm dot logSoftmax softmax crossEntropy "
    "gatheredRows scatteredAddingRows pickedColumns oneHot product convolved maxPooled averagePooled "
    "adaptiveAveragePooled globalAveragePooled "
    "reshaped permuted transposed broadcast expandingAxis sliced padded concatenated stacked converted stopGradient "
    "simplexThreshold").split()


class Proposals:
    """Mixed into `Generator`, which has `random`, `trace`, and ways to choose operands."""

    def proposals(self):
        """By operation."""
        return {name: self.unary for name in UNARY} | {name: self.binary for name in BINARY} | {
            name: getattr(self, name) for name in OTHERS}

    def unary(self, operation):
        i = self.pick()
        return None if i is None else {"operands": [i]}

    def binary(self, operation):
        i = self.pick()
        if i is None:
            return None
        if operation in NUMBER_SECOND and self.random.random() < 0.3:
            number = self.random.choice([0., 1., 2., 3., 4., -1., -2., .5, 1.5, 2.5, -.5]) if operation == "power" \
                else self.number()
            first = {"numberFirst": True} if operation in NUMBER_FIRST and self.random.random() < 0.4 else {}
            return {"operands": [i], "number": number, **first}
        if operation == "power" and self.trace.types[i] == self.type and self.random.random() < 0.5:
            shape = self.extents(i)
            values = [float(self.random.randint(-1, 4)) for _ in range(max(1, min(7, self.trace.values[i].numel())))]
            j = self.add({"leaf": self.random.choice(["variable", "constant"]), "shape": shape, "values": values})
        else:
            j = self.partner(i)
        return None if j is None else {"operands": self.random.sample([i, j], 2)}

    def clamp(self, operation):
        i = self.pick()
        bounds = sorted([self.number(), self.number()])
        return None if i is None else {"operands": [i], "numbers": bounds}

    def select(self, operation):
        i = self.pick()
        if i is None:
            return None
        masks = [j for j, node in enumerate(self.trace.nodes)
                 if node.get("operation") in ("less", "lessOrEqual", "greater", "greaterOrEqual", "equal", "step")
                 and broadcasts(self.extents(j), self.extents(i)) and self.trace.types[j] == self.trace.types[i]]
        mask = self.random.choice(masks) if masks and self.random.random() < 0.8 else self.partner(i)
        other = self.partner(i)
        return None if mask is None or other is None else {"operands": [mask, *self.random.sample([i, other], 2)]}

    def sum(self, operation):
        i = self.pick()
        if i is None:
            return None
        node = {"operands": [i], "keepingAxes": self.random.random() < 0.4}
        if self.random.random() < 0.75:
            node["axes"] = self.axes(len(self.extents(i)))
        return node

    mean = max = min = logSumExp = sum

    def argmax(self, operation):
        i = self.pick(lambda shape: len(shape) > 0, integers=True)
        return None if i is None else {"operands": [i], "axis": self.random.randrange(len(self.extents(i)))}

    squaredNorm = norm = stopGradient = unary

    def dot(self, operation):
        i = self.pick()
        j = None if i is None else self.partner(i, same=True)
        return None if j is None else {"operands": [i, j]}

    def logSoftmax(self, operation):
        i = self.pick(lambda shape: len(shape) > 0)
        return None if i is None else {"operands": [i]}

    softmax = logSoftmax

    def crossEntropy(self, operation):
        i = self.pick(lambda shape: len(shape) == 2)
        if i is None and self.random.random() < 0.5:
            i = self.leaf(self.shape(2))
        labels = None if i is None else self.indices(self.extents(i)[0], self.extents(i)[1])
        return None if labels is None else {"operands": [i, labels]}

    pickedColumns = crossEntropy

    def gatheredRows(self, operation):
        i = self.pick(lambda shape: len(shape) > 0, integers=True)
        labels = None if i is None else self.indices(self.extent(), self.extents(i)[0])
        return None if labels is None else {"operands": [i, labels]}

    def scatteredAddingRows(self, operation):
        i = self.pick(lambda shape: len(shape) > 0)
        if i is None:
            return None
        count = self.extent()
        labels = self.indices(self.extents(i)[0], count)
        return None if labels is None else {"operands": [i, labels], "count": count}

    def oneHot(self, operation):
        labels = self.indices(self.extent(), 4)
        return None if labels is None else {"operands": [labels], "count": self.random.randint(4, 6)}

    def product(self, operation):
        i = self.pick(lambda shape: len(shape) >= 2)
        if i is None:
            return None
        shape, transposing = self.extents(i), [self.random.random() < 0.4, self.random.random() < 0.4]
        inner = shape[-2] if transposing[0] else shape[-1]
        fitting = [j for j in self.of(self.trace.types[i]) if len(self.extents(j)) >= 2
                   and self.extents(j)[-1 if transposing[1] else -2] == inner
                   and broadcasts(self.extents(j)[:-2], shape[:-2])]
        if fitting and self.random.random() < 0.6:
            j = self.random.choice(fitting)
        elif self.trace.types[i] == self.type:
            batch = shape[:-2] if self.random.random() < 0.6 else []
            batch = [1 if self.random.random() < 0.2 else extent for extent in batch]
            outer = self.random.choice([1, 2, 5, 10, 12, 40]) if self.large else self.extent()
            j = self.leaf(batch + ([outer, inner] if transposing[1] else [inner, outer]))
        else:
            return None
        return None if j is None else {"operands": [i, j], "transposing": transposing}

    def images(self):
        i = self.pick(lambda shape: len(shape) == 4)
        if i is not None and self.random.random() < 0.7:
            return i
        if self.large:
            return self.leaf([self.random.randint(1, 8), self.random.randint(10, 28), self.random.randint(10, 28),
                              self.random.randint(1, 8)])
        return self.leaf([self.random.randint(0 if self.random.random() < .1 else 1, 3), self.random.randint(1, 7),
                          self.random.randint(1, 7), self.random.randint(1, 3)])

    def convolved(self, operation):
        i = self.images()
        if i is None or self.trace.types[i] != self.type:
            return None
        kernel = [self.random.randint(1, 4), self.random.randint(1, 4)] if self.random.random() < 0.5 else [3, 3]
        weight = self.leaf([*kernel, self.extents(i)[3], self.random.randint(1, 4)])
        stride, padding = self.random.choice([1, 1, 2, 3]), self.random.choice([0, 0, 1, 2])
        return None if weight is None else {"operands": [i, weight], "stride": stride, "padding": padding}

    def maxPooled(self, operation):
        i, size = self.images(), self.random.randint(1, 3)
        node = {"operands": [i], "size": size, "padding": self.random.randint(0, size // 2)}
        if self.random.random() < 0.5:
            node["stride"] = self.random.randint(1, 3)
        return None if i is None else node

    def averagePooled(self, operation):
        i = self.images()
        return None if i is None else {"operands": [i], "size": self.random.randint(1, 3)}

    def adaptiveAveragePooled(self, operation):
        i = self.images()
        shape = [self.random.randint(1, 4), self.random.randint(1, 4)]
        return None if i is None else {"operands": [i], "shape": shape}

    def globalAveragePooled(self, operation):
        i = self.images()
        return None if i is None else {"operands": [i]}

    def reshaped(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        shape = self.extents(i)
        for _ in range(self.random.randint(1, 2)):
            k = self.random.randint(0, len(shape))
            choice = self.random.random()
            if choice < 0.35:
                shape.insert(k, 1)
            elif choice < 0.7 and len(shape) >= 2:
                k = self.random.randrange(len(shape) - 1)
                shape[k:k + 2] = [shape[k] * shape[k + 1]]
            else:
                shape = self.random.sample(shape, len(shape))
        return {"operands": [i], "shape": shape}

    def permuted(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        rank = len(self.extents(i))
        return {"operands": [i], "axes": self.random.sample(range(rank), rank)}

    def transposed(self, operation):
        i = self.pick(lambda shape: len(shape) >= 2, integers=True)
        return None if i is None else {"operands": [i]}

    def broadcast(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        shape = [self.extent() if extent == 1 and self.random.random() < 0.7 else extent
                 for extent in self.extents(i)]
        return {"operands": [i], "shape": [self.extent() for _ in range(self.random.randint(0, 1))] + shape}

    def expandingAxis(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        rank = len(self.extents(i))
        return {"operands": [i], "axis": self.random.randint(-rank - 1, rank)}

    def sliced(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        extents = [self.random.choice([extent, self.random.randint(0, extent), max(extent - 1, 0)])
                   for extent in self.extents(i)]
        starts = [self.random.randint(0, whole - extent) for whole, extent in zip(self.extents(i), extents)]
        return {"operands": [i], "starts": starts, "extents": extents}

    def padded(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        around = [[self.random.choice([0, 0, 1, 2]) for _ in self.extents(i)] for _ in range(2)]
        return {"operands": [i], "before": around[0], "after": around[1]}

    def concatenated(self, operation):
        i = self.pick(lambda shape: len(shape) > 0, integers=True)
        if i is None:
            return None
        shape, axis = self.extents(i), self.random.randrange(len(self.extents(i)))
        fitting = [j for j in self.of(self.trace.types[i]) if len(self.extents(j)) == len(shape)
                   and all(a == b or k == axis for k, (a, b) in enumerate(zip(self.extents(j), shape)))]
        parts = [i] + [self.random.choice(fitting) for _ in range(self.random.randint(0, 2))]
        if self.random.random() < 0.3 and self.trace.types[i] == self.type:
            parts.append(self.leaf(shape[:axis] + [self.extent()] + shape[axis + 1:]))
        if None in parts:
            return None
        return {"operands": self.random.sample(parts, len(parts)), "axis": axis}

    def stacked(self, operation):
        i = self.pick(integers=True)
        if i is None:
            return None
        fitting = [j for j in self.of(self.trace.types[i]) if self.extents(j) == self.extents(i)]
        parts = [i] + [self.random.choice(fitting) for _ in range(self.random.randint(0, 2))]
        return {"operands": self.random.sample(parts, len(parts)),
                "axis": self.random.randint(0, len(self.extents(i)))}

    def converted(self, operation):
        i = self.random.choice(range(len(self.trace.nodes)))
        if self.trace.types[i] == "int32":
            return {"operands": [i], "type": self.type}
        return {"operands": [i], "type": self.random.choice(["float32", "float64"])}

    def simplexThreshold(self, operation):
        i = self.pick(lambda shape: 0 not in shape)
        return None if i is None else {"operands": [i], "number": self.random.choice([1.0, 0.5, 3.0])}


def broadcasts(small, large):
    """Whether `small` broadcasts to `large`."""
    return len(small) <= len(large) and all(
        a == b or a == 1 for a, b in zip(reversed(small), reversed(large)))
