"""Times meta-iterations of few-shot classification (IAPTT-GM) in Swift and in PyTorch + higher or JAX, alternating;
compares hypergradients."""
import argparse, ctypes, gc, json, os, statistics, subprocess, sys, tempfile, time

import higher
import numpy as np
import torch
import torch.nn.functional as F

import solved_heads

HERE = os.path.dirname(os.path.abspath(__file__))
SWIFT = os.path.join(HERE, "../../.build/release/benchmark-few-shot")
SETUPS = {
    "omniglot": dict(channels=1, height=28, width=28, hidden=64, rate=0.1),
    "convnet4": dict(channels=3, height=84, width=84, hidden=32, rate=0.01),
    "resnet12": dict(channels=3, height=84, width=84, hidden=64, rate=0.01),
}
POOLING_PADDINGS = [0, 0, 1, None]  # of ResNet-12's blocks


class Problem:
    """Weights and episodes, drawn once and handed to both sides. Images are strokes-like noise: blurred random fields, one prototype a class."""

    def __init__(self, backbone, options, head="descent"):
        self.backbone, self.head, s = backbone, head, SETUPS[backbone]
        self.setup, self.options = s, options
        random = np.random.default_rng(options.seed)
        self.x, width = [], s["channels"]
        for block in range(4):
            outputs = s["hidden"] * (2 ** block if backbone == "resnet12" else 1)
            uniform = lambda fan, *shape: random.uniform(-fan ** -0.5, fan ** -0.5, shape)
            norm = [np.ones(outputs), np.zeros(outputs)]
            if backbone == "resnet12":
                self.x += [uniform(9 * w / 6, 3, 3, w, outputs) for w in (width, outputs, outputs)] + 3 * norm + [uniform(width / 6, 1, 1, width, outputs)] + norm
            else:
                self.x += [uniform(9 * width, 3, 3, width, outputs), uniform(9 * width, outputs)] + norm
            width = outputs
        self.x += [np.array(value) for value in solved_heads.START[head]]
        features = width if backbone == "resnet12" else width * (s["height"] // 16) * (s["width"] // 16)
        bound = features ** -0.5
        self.z = [random.uniform(-bound, bound, (options.ways, features)), random.uniform(-bound, bound, options.ways)]
        if head != "descent":
            self.z = [np.zeros_like(array) for array in self.z]
        self.tasks = []
        for _ in range(options.tasks):
            prototypes = random.random((options.ways, s["channels"], s["height"], s["width"]))
            draw = lambda n: np.repeat(prototypes, n, axis=0) * 0.6 + random.random((options.ways * n, s["channels"], s["height"], s["width"])) * 0.4
            self.tasks.append((draw(options.shots), draw(options.queries)))

    def write(self, folder):
        s, o = self.setup, self.options
        json.dump(dict(ways=o.ways, shots=o.shots, queries=o.queries, tasks=o.tasks, channels=s["channels"], height=s["height"], width=s["width"], hidden=s["hidden"]),
                  open(f"{folder}/sizes.json", "w"))
        save = lambda array, name: np.ascontiguousarray(array).astype("<f4").tofile(f"{folder}/{name}.f32")
        for prefix, arrays in (("x", self.x), ("z", self.z)):
            for i, array in enumerate(arrays):
                save(array, f"{prefix}_{i}")
        for i, (support, query) in enumerate(self.tasks):
            save(support, f"support_{i}")
            save(query, f"query_{i}")


class Head(torch.nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)

    def forward(self, features):
        return F.linear(features, self.weight, self.bias)


class Reference:
    def __init__(self, problem, dtype, hoists):
        o = problem.options
        convert = lambda array: torch.tensor(np.asarray(array, dtype="<f4"), dtype=dtype)
        self.problem, self.hoists, self.inner = problem, hoists, o.inner_iterations
        self.x = [(convert(a.transpose(3, 2, 0, 1)) if a.ndim == 4 else convert(a)).requires_grad_() for a in problem.x]
        self.head = Head(convert(problem.z[0]), convert(problem.z[1]))
        self.rule = torch.optim.SGD(self.head.parameters(), lr=problem.setup["rate"])
        self.outer = torch.optim.Adam(self.x + list(self.head.parameters()), lr=1e-3)
        self.tasks = [(convert(s), convert(q)) for s, q in problem.tasks]
        labels = lambda n: torch.arange(o.ways).repeat_interleave(n)
        self.support_labels, self.query_labels = labels(o.shots), labels(o.queries)

    def residual_features(self, images):
        value = images
        norm = lambda v, i: F.batch_norm(v, None, None, self.x[i], self.x[i + 1], training=True)
        for block, padding in enumerate(POOLING_PADDINGS):
            first, inputs = 12 * block, value
            for i in range(3):
                value = norm(F.conv2d(value, self.x[first + i], padding=1), first + 3 + 2 * i)
                value = value.relu() if i < 2 else value
            value = (value + norm(F.conv2d(inputs, self.x[first + 9]), first + 10)).relu()
            value = value if padding is None else F.max_pool2d(value, 2, padding=padding)
        return value.mean((2, 3))

    def features(self, images):
        if self.problem.backbone == "resnet12":
            return self.residual_features(images)
        value = images
        for i in range(4):
            weight, bias, scale, shift = self.x[4 * i:4 * i + 4]
            value = F.conv2d(value, weight, bias, padding=1)
            norm = lambda v: F.batch_norm(v, None, None, scale, shift, training=True)
            value = norm(F.max_pool2d(value.relu(), 2)) if self.problem.backbone == "omniglot" else norm(F.max_pool2d(value, 2)).relu()
        return value.permute(0, 2, 3, 1).flatten(1)  # channels last, as on the other side

    def hypergradient(self, truncation=None):
        """The mean gradients over the tasks, and the mean k̄."""
        sums, chosen = None, []
        for support, query in self.tasks:
            if self.hoists:
                support_features, query_features = self.features(support), self.features(query)
            with higher.innerloop_ctx(self.head, self.rule, copy_initial_weights=False) as (net, rule):
                values = []
                for _ in range(self.inner):
                    rule.step(F.cross_entropy(net(support_features if self.hoists else self.features(support)), self.support_labels))
                    values.append(F.cross_entropy(net(query_features if self.hoists else self.features(query)), self.query_labels))
                best = truncation - 1 if truncation else max(range(self.inner), key=lambda k: values[k].item())
                grads = torch.autograd.grad(values[best], self.x + list(net.parameters(time=0)))
            chosen.append(best + 1)
            sums = grads if sums is None else [a + b for a, b in zip(sums, grads)]
        return [g / len(self.tasks) for g in sums], statistics.mean(chosen)

    def step(self):
        start = time.perf_counter()
        grads, chosen = self.hypergradient()
        for p, g in zip(self.x + list(self.head.parameters()), grads):
            p.grad = g
        self.outer.step()
        return time.perf_counter() - start, chosen


class Side:
    """A process that does a meta-iteration, or writes its hypergradient, whenever it is told to."""

    def __init__(self, program, folder, problem, precision="float32", truncation="pessimistic"):
        o = problem.options
        self.process = subprocess.Popen(
            [*program, "--exchange", folder, "--backbone", problem.backbone, "--precision", precision, "--inner-iterations", str(o.inner_iterations),
             "--threads", str(o.threads), "--lower-rate", str(problem.setup["rate"]), "--truncation", str(truncation),
             *(["--head", problem.head] if problem.head != "descent" else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert json.loads(self.process.stdout.readline())["ready"]

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"benchmark: {self.process.args[:2]} ended with status {self.process.wait()}")
        return json.loads(line)

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        self.process.wait()


def jax_program(layout):
    return [sys.executable, f"{HERE}/jax_few_shot.py", "--layout", layout]


def peers_of(backbone, options):
    """ResNet-12 is not written in JAX here."""
    return [peer for peer in options.peers if peer != "jax" or backbone != "resnet12"]


def write_hypergradient(program, folder, problem, precision):
    side = Side(program, folder, problem, precision, truncation=problem.options.inner_iterations)
    side.ask("hypergradient")
    side.quit()


def compare(folder, problem, precision):
    """From each peer: relative difference of dF/dx and of dF/dz, each as one vector, in the 2-norm; k̄ = K so that all
    go through all steps."""
    write_hypergradient([SWIFT], folder, problem, precision)
    result = {}
    for peer in peers_of(problem.backbone, problem.options):
        if peer == "jax":
            write_hypergradient(jax_program("NHWC"), folder, problem, precision)
            result[peer] = {part: difference_of_files(folder, part, len(arrays))
                            for part, arrays in (("x", problem.x), ("z", problem.z))}
        else:
            result[peer] = difference_from_torch(folder, problem, precision)
    return result


def difference_of_files(folder, part, count):
    read = lambda side: np.concatenate([np.fromfile(f"{folder}/{side}_{part}_{i}.f64", "<f8") for i in range(count)])
    got, expected = read("swift"), read("jax")
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def compare_solved_head(folder, problem, precision):
    """dF/dx from PyTorch's, relative, in the 2-norm; every image of an episode normalized with all others."""
    steps, problem.options.inner_iterations = problem.options.inner_iterations, solved_heads.STEPS
    side = Side([SWIFT], folder, problem, precision)
    problem.options.inner_iterations = steps
    side.ask("hypergradient")
    side.quit()
    reference = Reference(problem, getattr(torch, precision), hoists=True)
    return relative_difference(folder, problem, solved_heads.hypergradient(reference))["x"]


def difference_from_torch(folder, problem, precision):
    reference = Reference(problem, getattr(torch, precision), hoists=True)
    grads, _ = reference.hypergradient(truncation=problem.options.inner_iterations)
    return relative_difference(folder, problem, grads)


def relative_difference(folder, problem, grads):
    """Of the Swift side's derivatives from `grads`, those of x and then of z."""
    squares = {"x": [0.0, 0.0], "z": [0.0, 0.0]}
    for i, grad in enumerate(grads):
        part, number = ("x", i) if i < len(problem.x) else ("z", i - len(problem.x))
        expected = grad.double().permute(2, 3, 1, 0).numpy() if grad.dim() == 4 else grad.double().numpy()
        got = np.fromfile(f"{folder}/swift_{part}_{number}.f64", "<f8").reshape(expected.shape)
        squares[part][0] += np.sum((got - expected) ** 2)
        squares[part][1] += np.sum(expected ** 2)
    return {part: float((difference / norm) ** 0.5) for part, (difference, norm) in squares.items() if norm > 0}


def forget_peak_memory():
    """Gives freed memory back and lets the process's peak begin anew."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak_memory():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def spread(seconds, memory):
    return dict(median=statistics.median(seconds), minimum=min(seconds), maximum=max(seconds), peakMemoryBytes=memory)


def measure_jax(folder, problem):
    """At k̄ = K on both sides: where k̄ is chosen, rounding decides between steps of nearly the same value. Both layouts
    of JAX; the faster counts. As in a training, steps follow each other: of two in a row the second counts, the first
    finds the caches as the side before left them, while that may still be giving its memory back."""
    k = problem.options.inner_iterations
    sides = {"swift": Side([SWIFT], folder, problem, truncation=k)}
    for layout in ("NCHW", "NHWC"):
        sides[layout] = Side(jax_program(layout), folder, problem, truncation=k)
    for side in sides.values():
        side.ask("step")
    answers = {name: [] for name in sides}
    for _ in range(problem.options.repetitions):
        for name, side in sides.items():
            side.ask("step")
            answers[name].append(side.ask("step"))
    row = dict(backbone=problem.backbone, reference="JAX")
    for name, side in sides.items():
        side.quit()
        row[name] = spread([a["seconds"] for a in answers[name]], answers[name][-1]["peakMemoryBytes"])
    row["faster"] = min("NCHW", "NHWC", key=lambda layout: row[layout]["median"])
    row["ratio"] = row[row["faster"]]["median"] / row["swift"]["median"]
    return row


def measure(folder, problem, hoists):
    forget_peak_memory()
    reference, swift = Reference(problem, torch.float32, hoists), Side([SWIFT], folder, problem)
    reference.step(), swift.ask("step")
    theirs, ours = [], []
    for _ in range(problem.options.repetitions):
        reference.step()  # the second of two in a row counts, as beside JAX
        theirs.append(reference.step()[0])
        swift.ask("step")
        answer = swift.ask("step")
        ours.append(answer["seconds"])
    swift.quit()
    return dict(backbone=problem.backbone, hoisted=hoists, swift=spread(ours, answer["peakMemoryBytes"]),
                reference=spread(theirs, peak_memory()), ratio=statistics.median(theirs) / statistics.median(ours))


def text(side):
    return f"{side['median']:.3f} ({side['minimum']:.3f}-{side['maximum']:.3f}) s"


def main():
    parser = argparse.ArgumentParser(prog="Tools/benchmark few-shot", description=__doc__)
    parser.add_argument("--peers", nargs="+", default=["torch", "jax"], choices=["torch", "jax"])
    parser.add_argument("--backbones", nargs="+", default=["omniglot", "convnet4"], choices=list(SETUPS))
    parser.add_argument("--heads", nargs="*", default=["prototypes", "ridge", "logistic"], choices=list(solved_heads.START)[1:],
                        help="heads that are solved exactly, whose hypergradients are compared with PyTorch's")
    parser.add_argument("--hypergradients-only", action="store_true", help="time nothing")
    parser.add_argument("--ways", type=int, default=5)
    parser.add_argument("--shots", type=int, default=1)
    parser.add_argument("--queries", type=int, default=15)
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--inner-iterations", type=int, default=10)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="runs/benchmark-few-shot.json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = dict(hypergradients={}, rows=[])
    for backbone in options.backbones:
        problem = Problem(backbone, options)
        with tempfile.TemporaryDirectory() as folder:
            problem.write(folder)
            # The reference's way holds 2 K ResNet-12s at once, tens of GB.
            ways = () if "torch" not in options.peers or options.hypergradients_only else (True,) if backbone == "resnet12" else (False, True)
            for hoists in ways:
                row = measure(folder, problem, hoists)
                result["rows"].append(row)
                print(f"{backbone}, {options.ways}-way {options.shots}-shot, meta-batch {options.tasks}, K = {options.inner_iterations}: Swift {text(row['swift'])}, "
                      f"PyTorch + higher{', features hoisted by hand' if hoists else ''} {text(row['reference'])}: {row['ratio']:.1f} times faster; "
                      f"peak memory {row['swift']['peakMemoryBytes'] >> 20} and {row['reference']['peakMemoryBytes'] >> 20} MiB", flush=True)
            if "jax" in peers_of(backbone, options) and not options.hypergradients_only:
                row = measure_jax(folder, problem)
                result["rows"].append(row)
                sides = ", ".join(f"{name} {text(row[key])}, {row[key]['peakMemoryBytes'] >> 20} MiB"
                                  for key, name in (("swift", "Swift"), ("NCHW", "JAX NCHW"), ("NHWC", "JAX NHWC")))
                print(f"{backbone}, k̄ = K = {options.inner_iterations}: {sides}: {row['ratio']:.1f} times faster", flush=True)
            for precision in ("float64", "float32"):
                for peer, difference in compare(folder, problem, precision).items():
                    result["hypergradients"][f"{backbone} {precision} {peer}"] = difference
                    print(f"{backbone}: hypergradients in {precision}, k̄ = K = {options.inner_iterations}, relative difference from {peer}: "
                          f"dF/dx {difference['x']:.1e}, dF/dz {difference['z']:.1e}", flush=True)
        for head in options.heads if "torch" in options.peers else []:
            problem = Problem(backbone, options, head)
            with tempfile.TemporaryDirectory() as folder:
                problem.write(folder)
                for precision in ("float64", "float32"):
                    difference = compare_solved_head(folder, problem, precision)
                    result["hypergradients"][f"{backbone} {head} {precision} torch"] = difference
                    print(f"{backbone}, {head}: hypergradients in {precision}, relative difference from torch: dF/dx {difference:.1e}", flush=True)
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    json.dump(result, open(options.output, "w"), indent=2)
    print(options.output)


if __name__ == "__main__":
    main()
