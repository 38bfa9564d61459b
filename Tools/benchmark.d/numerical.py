"""Times upper iterations of eq. 10 (IAPTT-GM, K = 40) in Swift and in PyTorch + higher, alternating. Prints a table, writes JSON."""
import argparse, json, os, statistics, subprocess, time

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


class Swift:
    def __init__(self, dimension, precision, inner, threads):
        self.process = subprocess.Popen(
            [SWIFT, "--dimension", str(dimension), "--precision", precision, "--inner-iterations", str(inner), "--threads", str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert json.loads(self.process.stdout.readline())["ready"]

    def run(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(dimension, precision, options):
    reference = Reference(dimension, getattr(torch, precision), options.inner_iterations)
    swift = Swift(dimension, precision, options.inner_iterations, options.threads)
    theirs, ours, theirs_k, ours_k = [], [], [], []
    for repetition in range(options.repetitions + 1):  # the first round warms up
        start = time.perf_counter()
        chosen = [reference.step() for _ in range(options.iterations)]
        seconds = (time.perf_counter() - start) / options.iterations
        answer = swift.run(options.iterations)
        if repetition:
            theirs.append(seconds)
            ours.append(answer["seconds"] / options.iterations)
            theirs_k.append(statistics.mean(chosen))
            ours_k.append(answer["meanTruncation"])
    x = reference.x[0].item()
    result = dict(
        dimension=dimension, precision=precision, swift=dict(median=statistics.median(ours), minimum=min(ours), maximum=max(ours), peakMemoryBytes=answer["peakMemoryBytes"]),
        reference=dict(median=statistics.median(theirs), minimum=min(theirs), maximum=max(theirs)),
        ratio=statistics.median(theirs) / statistics.median(ours), meanTruncation=dict(swift=statistics.mean(ours_k), reference=statistics.mean(theirs_k)),
        iterations=options.iterations * (options.repetitions + 1), relativeDifferenceOfX=abs(x - answer["x"]) / abs(x))
    if dimension == 1:  # live memory over many iterations
        before = answer["peakMemoryBytes"]
        result["peakGrowthOver100000IterationsBytes"] = swift.run(100_000)["peakMemoryBytes"] - before
    swift.close()
    return result


def main():
    parser = argparse.ArgumentParser(prog="Tools/benchmark numerical", description=__doc__)
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
            def text(side):
                return f"{side['median'] * 1e6:10.1f} ({side['minimum'] * 1e6:.1f}-{side['maximum'] * 1e6:.1f}) µs"
            print(f"n = {dimension:6d} {precision}: Swift {text(row['swift'])}, PyTorch + higher {text(row['reference'])}, {row['ratio']:.0f} times faster; "
                  f"mean k̄ {row['meanTruncation']['swift']:.1f} and {row['meanTruncation']['reference']:.1f}; x after {row['iterations']} iterations differs by {row['relativeDifferenceOfX']:.1e}"
                  + (f"; peak memory grew by {row['peakGrowthOver100000IterationsBytes']} bytes over 100,000 more iterations" if dimension == 1 else ""), flush=True)
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    json.dump(dict(rows=rows), open(options.output, "w"), indent=2)
    print(options.output)


if __name__ == "__main__":
    main()
