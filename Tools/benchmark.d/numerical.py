"""Times upper iterations of eq. 10 (IAPTT-GM, K = 40) in Swift, PyTorch + higher and JAX, alternating. Prints a table,
writes JSON."""
import argparse, json, os, statistics, subprocess, sys, time

import higher
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
SWIFT = os.path.join(HERE, "../../.build/release/benchmark-numerical")


class Follower(torch.nn.Module):
    def __init__(self, y):
        super().__init__()
        self.y = torch.nn.Parameter(y)


class Reference:
    """The same algorithm with `higher`: K projected steps, the step with the largest F, the derivative back to x and z."""

    def __init__(self, dimension, dtype, inner):
        self.inner = inner
        self.x = torch.full((dimension,), 1.0, dtype=dtype, requires_grad=True)
        self.module = Follower(torch.full((dimension,), 2.0, dtype=dtype))
        self.rule = torch.optim.SGD(self.module.parameters(), lr=5e-4)

    def step(self):
        x = self.x
        with higher.innerloop_ctx(self.module, self.rule, copy_initial_weights=False) as (net, rule):
            values = []
            for _ in range(self.inner):
                rule.step(-torch.sin(x * net.y).sum())
                net.update_params([net.y.clamp(-2, 2)])
                values.append((x + x * net.y).sum())
            best = max(range(self.inner), key=lambda k: values[k].item())  # the first of equals
            # The history holds y_0 and two entries a step; values[k] belongs to the clamped one already.
            gx, gz = torch.autograd.grad(values[best], [x, next(iter(net.parameters(time=0)))])
        with torch.no_grad():
            x.sub_(0.1 * gx).clamp_(1, 10)
            self.module.y.sub_(0.1 * gz).clamp_(-2, 2)
        return best + 1


class Side:
    """A process that does as many upper iterations as a line says."""

    def __init__(self, program, dimension, precision, options):
        self.process = subprocess.Popen(
            [*program, "--dimension", str(dimension), "--precision", precision,
             "--inner-iterations", str(options.inner_iterations), "--threads", str(options.threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert json.loads(self.process.stdout.readline())["ready"]

    def run(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class InProcess:
    """PyTorch + higher, answering as the other sides do."""

    def __init__(self, dimension, precision, options):
        self.reference = Reference(dimension, getattr(torch, precision), options.inner_iterations)

    def run(self, count):
        start = time.perf_counter()
        chosen = [self.reference.step() for _ in range(count)]
        return dict(seconds=time.perf_counter() - start, meanTruncation=statistics.mean(chosen),
                    x=self.reference.x[0].item())

    def close(self):
        pass


JAX = [sys.executable, f"{HERE}/jax_numerical.py"]
PEERS = {"torch": "PyTorch + higher", "jax": "JAX, a call an iteration", "jax-whole": "JAX, the whole loop compiled"}


def start(name, dimension, precision, options):
    programs = {"swift": [SWIFT], "jax": JAX, "jax-whole": [*JAX, "--whole-loop"]}
    if name == "torch":
        return InProcess(dimension, precision, options)
    return Side(programs[name], dimension, precision, options)


def measure(dimension, precision, options):
    """All sides in turn, so that they see the same machine and the same iterations."""
    sides = {name: start(name, dimension, precision, options) for name in ("swift", *options.peers)}
    answers = {name: [] for name in sides}
    for _ in range(options.repetitions + 1):  # the first round warms up
        for name, side in sides.items():
            answers[name].append(side.run(options.iterations))
    result = dict(dimension=dimension, precision=precision, iterations=options.iterations * (options.repetitions + 1))
    x = answers["swift"][-1]["x"]
    for name, all_answers in answers.items():
        seconds = [answer["seconds"] / options.iterations for answer in all_answers[1:]]
        result[name] = dict(
            median=statistics.median(seconds), minimum=min(seconds), maximum=max(seconds),
            meanTruncation=statistics.mean(answer["meanTruncation"] for answer in all_answers[1:]),
            relativeDifferenceOfX=abs(all_answers[-1]["x"] - x) / abs(x))
        result[name]["ratio"] = result[name]["median"] / result["swift"]["median"]
    if dimension == 1:  # live memory over many iterations
        before = answers["swift"][-1]["peakMemoryBytes"]
        result["peakGrowthOver100000IterationsBytes"] = sides["swift"].run(100_000)["peakMemoryBytes"] - before
    for side in sides.values():
        side.close()
    return result


def show(row, options):
    def text(side):
        spread = f"{side['median'] * 1e6:10.1f} ({side['minimum'] * 1e6:.1f}-{side['maximum'] * 1e6:.1f}) µs"
        return f"{spread}, mean k̄ {side['meanTruncation']:.1f}"

    print(f"n = {row['dimension']}, {row['precision']}: Swift {text(row['swift'])}")
    for peer in options.peers:
        side = row[peer]
        print(f"  {PEERS[peer]} {text(side)}: Swift {side['ratio']:.2f} times faster; "
              f"x after {row['iterations']} iterations differs by {side['relativeDifferenceOfX']:.1e}")
    if "peakGrowthOver100000IterationsBytes" in row:
        growth = row["peakGrowthOver100000IterationsBytes"]
        print(f"  Swift's peak memory grew by {growth} bytes over 100,000 more iterations", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="Tools/benchmark numerical", description=__doc__)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--dimensions", type=int, nargs="+", default=[1, 10_000])
    parser.add_argument("--precisions", nargs="+", default=["float64", "float32"], choices=["float64", "float32"])
    parser.add_argument("--inner-iterations", type=int, default=40)
    parser.add_argument("--iterations", type=int, default=100, help="upper iterations of one measurement")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", default="runs/benchmark-numerical.json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    rows = []
    print(f"eq. 10, K = {options.inner_iterations}, one upper iteration, {options.threads} threads; median (minimum-maximum) of {options.repetitions} x {options.iterations}")
    for dimension in options.dimensions:
        for precision in options.precisions:
            row = measure(dimension, precision, options)
            rows.append(row)
            show(row, options)
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    json.dump(dict(rows=rows), open(options.output, "w"), indent=2)
    print(options.output)


if __name__ == "__main__":
    main()
