"""Compares the Swift hyper-cleaning loop with PyTorch + higher and JAX: hypergradients, time, memory. Prints a table,
writes JSON."""
import argparse, gzip, json, os, statistics, subprocess, sys, tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SWIFT = os.path.join(HERE, "../../.build/release/benchmark-hyper-cleaning")


class Side:
    """A process that does one upper iteration whenever it is told to."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.read().get("ready"), f"{name} did not start"
        self.seconds, self.peak = [], 0

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"benchmark: {self.name} ended with status {self.process.wait()} instead of answering")
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.read()

    def step(self, counted=True):
        answer = self.ask("step")
        self.peak = max(self.peak, answer["peakMemoryBytes"])
        if counted:
            self.seconds.append(answer["seconds"])

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        self.process.wait()


def write_exchange(folder, directory, network, seed, without_zeros):
    """5,000 noisy training and 5,000 clean validation images, PyTorch's default initialization, x = 0."""
    read = lambda name, skip: np.frombuffer(gzip.open(f"{directory}/{name}.gz").read()[skip:], np.uint8)
    images = read("train-images-idx3-ubyte", 16).reshape(-1, 784)
    labels = read("train-labels-idx1-ubyte", 8).astype("<i4")
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    train, clean = order[:5000], order[5000:10000]
    noisy = labels[train].copy()
    changed = random.permutation(5000)[:2500]
    noisy[changed] = (noisy[changed] + random.integers(1, 10, 2500)) % 10
    save = lambda array, name, kind: np.ascontiguousarray(array).astype(kind).tofile(f"{folder}/{name}")
    scaled = lambda pixels: (pixels + 1.0) / 256 if without_zeros else pixels / 255
    save(scaled(images[train]), "train_images.f32", "<f4")
    save(noisy, "train_labels.i32", "<i4")
    save(scaled(images[clean]), "validation_images.f32", "<f4")
    save(labels[clean], "validation_labels.i32", "<i4")
    widths = [784, 10] if network == "linear" else [784, 300, 10]
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        bound = inputs ** -0.5
        save(random.uniform(-bound, bound, (outputs, inputs)), f"w{i + 1}.f32", "<f4")
        save(random.uniform(-bound, bound, outputs), f"b{i + 1}.f32", "<f4")
    save(np.zeros(5000), "x.f32", "<f4")
    json.dump(dict(train=5000, validation=5000, inputs=784, hidden=300, classes=10), open(f"{folder}/sizes.json", "w"))


# Of the peers: name in the output, program.
PEERS = {"torch": ("PyTorch + higher", "reference.py"), "jax": ("JAX", "jax_hyper_cleaning.py")}


def start(name, folder, options, truncation, precision="float32", multiplied_first=False):
    """The side `name`, "swift" or a peer."""
    common = ["--exchange", folder, "--network", options.network, "--inner-iterations", str(options.inner_iterations),
              "--truncation", truncation, "--threads", str(options.threads), "--precision", precision]
    if name == "swift":
        return Side("Swift", [SWIFT, *common])
    title, program = PEERS[name]
    return Side(title, [sys.executable, f"{HERE}/{program}", *common, *["--multiplied-first"] * multiplied_first])


def compare_hypergradients(folder, options, precision):
    """Relative differences from each peer, in the 2-norm."""
    for name in ("swift", *options.peers):
        side = start(name, folder, options, "K", precision)
        side.ask("hypergradient")
        side.quit()
    kind = "<f8" if precision == "float64" else "<f4"
    names = ["gx", "gw1", "gb1"] + (["gw2", "gb2"] if options.network != "linear" else [])
    read = lambda side, name: np.fromfile(f"{folder}/{side}_{name}.bin", kind).astype(float)
    difference = lambda a, b: float(np.linalg.norm(a - b) / np.linalg.norm(b))
    return {peer: {name: difference(read("swift", name), read(peer, name)) for name in names} for peer in options.peers}


def measure(folder, options, truncation, multiplied_first=False):
    """All sides in turn, so that they see the same machine."""
    sides = {"swift": start("swift", folder, options, truncation)}
    for peer in options.peers:
        sides[peer] = start(peer, folder, options, truncation, multiplied_first=multiplied_first)
    for side in sides.values():
        side.step(counted=False)
    for _ in range(options.repetitions):
        for side in sides.values():
            side.step()
    profile = sides["swift"].ask("profile")
    row = dict(network=options.network, withoutZeros=options.without_zeros, innerIterations=options.inner_iterations,
               truncation=truncation, threads=options.threads, multipliedFirst=multiplied_first, matrixProducts=profile)
    for name, side in sides.items():
        side.quit()
        row[name] = dict(name=side.name, median=statistics.median(side.seconds), minimum=min(side.seconds),
                         maximum=max(side.seconds), peakMemoryBytes=side.peak)
        row[name]["ratio"] = row[name]["median"] / row["swift"]["median"]
        row[name]["memoryRatio"] = row["swift"]["peakMemoryBytes"] / row[name]["peakMemoryBytes"]
    return row


def show(row, peers):
    def cell(side):
        spread = f"{side['median']:.3f} ({side['minimum']:.3f}-{side['maximum']:.3f}) s"
        return f"{side['name']} {spread}, {side['peakMemoryBytes'] / 2**20:.0f} MiB"

    network = row["network"] + (", images without zeros" if row["withoutZeros"] else "")
    network += ", matrices multiplied first by the peers" if row["multipliedFirst"] else ""
    print(f"{network}  K={row['innerIterations']}  k̄={row['truncation']}:  {cell(row['swift'])}")
    for peer in peers:
        side = row[peer]
        print(f"  {cell(side)}: Swift {side['ratio']:.2f} times faster, {side['memoryRatio']:.2f} of the memory")
    products = row["matrixProducts"]
    print(f"  matrix products: {products['productShare']:.0%} of Swift's time, {products['productGigaflops']:.0f} GFLOP/s "
          f"of the {products['peakProductGigaflops']:.0f} of a large product", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="Tools/benchmark", description=__doc__)
    parser.add_argument("experiment", nargs="?", default="hyper-cleaning", choices=["hyper-cleaning"])
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--network", default="deep-linear", choices=["linear", "deep-linear", "mlp"])
    parser.add_argument("--without-zeros", action="store_true",
                        help="pixels (p + 1) / 256 instead of p / 255: Swift leaves out the zeros of images, of which Fashion-MNIST is half")
    parser.add_argument("--inner-iterations", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=3, help="counted upper iterations of each side, after one that is not")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--truncations", nargs="+", default=["1", "K"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-directory", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--gradient-steps", type=int, default=10, help="K of the hypergradient comparison")
    parser.add_argument("--output", default="runs/benchmark.json")
    options = parser.parse_args()

    result = dict(rows=[], hypergradients={})
    with tempfile.TemporaryDirectory() as folder:
        write_exchange(folder, options.data_directory, options.network, options.seed, options.without_zeros)
        steps, options.inner_iterations = options.inner_iterations, options.gradient_steps
        for precision in ("float64", "float32"):
            result["hypergradients"][precision] = compare_hypergradients(folder, options, precision)
            for peer, differences in result["hypergradients"][precision].items():
                text = ", ".join(f"{name} {value:.1e}" for name, value in differences.items())
                print(f"{options.network}, hypergradients in {precision} (K = k̄ = {options.gradient_steps}), "
                      f"relative difference from {PEERS[peer][0]}: {text}", flush=True)
        options.inner_iterations = steps
        for truncation in options.truncations:
            for multiplied_first in ([False, True] if options.network == "deep-linear" else [False]):
                row = measure(folder, options, truncation, multiplied_first)
                result["rows"].append(row)
                show(row, options.peers)
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    json.dump(result, open(options.output, "w"), indent=2)
    print(options.output)


if __name__ == "__main__":
    main()
