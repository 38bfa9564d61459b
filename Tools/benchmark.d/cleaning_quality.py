"""How well wrong labels are found: `hyper-cleaning clean` beside cleanlab, models of the trusted samples alone and the area under the margin,
all on the same Fashion-MNIST samples. Results of single runs are kept in OUTPUT.jsonl, so that an interrupted call goes on;
the table is OUTPUT.md, all of it OUTPUT.json. Seconds are those of this machine as busy as it is; the other columns do not depend on it."""
import argparse, json, multiprocessing, os, resource, sys, traceback

import numpy as np

import cleaning_command as command
import cleaning_table as table
from cleaning_peers import Task, peers
from cleaning_samples import RATES, FashionMNIST, draw, pixels

HERE = os.path.dirname(os.path.abspath(__file__))


def isolated(function, *arguments):
    """The function's result, from a process of its own: its memory is its own, and no threads outlive it."""
    def target(pipe):
        try:
            pipe.send(function(*arguments))
        except BaseException:
            traceback.print_exc()
            pipe.send(None)
    # Forked, not spawned: importing PyTorch anew would take longer than some methods. This process itself starts no threads.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(sender,))
    process.start()
    result = receiver.recv()
    process.join()
    if result is None:
        sys.exit("benchmark: see above")
    return result


def record(finding, samples, **extra):
    from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
    wrong = samples.is_wrong
    precision = {name: average_precision_score(wrong, values) for name, values in finding.scores.items()}
    best = max(precision, key=precision.get)
    first = np.argsort(-finding.scores[best], kind="stable")[:64]
    return dict(
        method=finding.method, score=best, averagePrecision=precision[best],
        auroc=roc_auc_score(wrong, finding.scores[best]), precisionAt64=float(wrong[first].mean()),
        f1=f1_score(wrong, finding.is_flagged), flagged=int(finding.is_flagged.sum()), wrong=int(wrong.sum()),
        allScores=precision, seconds=finding.seconds, **extra)


def retrained(data, task, is_flagged):
    """Accuracy in percent on the test images of the network taught what is kept and the trusted samples."""
    from cleaning_network import logits, train
    network = train(*task.with_trusted(~is_flagged), seed=task.seed, epochs=20)
    return float((logits(network, pixels(data.test_images)).argmax(1) == data.test_labels).mean() * 100)


def measure(data, samples, seed, threads, peer, path):
    """The records of one method on one set of samples. Without a peer: the command."""
    import threadpoolctl, torch
    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads)  # of NumPy and SciPy
    torch.set_flush_denormal(True)
    task = Task(pixels(samples.images), samples.given, pixels(samples.trusted_images), samples.trusted, seed)
    if peer is None:
        finding, extra = command.run(path, samples, seed, threads)
        found = [(finding, extra)]
    else:
        findings = list(peer(task))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = [(finding, dict(peakMemoryBytes=peak)) for finding in findings]
    return [record(finding, samples, retrained=retrained(data, task, finding.is_flagged), **extra) for finding, extra in found]


class Results:
    """A line a record, on the disk as soon as it is known."""

    def __init__(self, path, build, threads):
        self.path, self.build, self.threads, self.records = path, build, threads, []
        if os.path.exists(path):
            with open(path) as file:
                self.records = [json.loads(line) for line in file]

    def current(self):
        """Without what another build of the command, or another number of threads, came to; of equal ones the last."""
        kept = {}
        for r in self.records:
            if r["threads"] == self.threads and r.get("build", self.build) == self.build:
                kept[r["noise"], r["trusted"], r["seed"], r["method"]] = r
        return list(kept.values())

    def has(self, task, **cell):
        return any(r["task"] == task and all(r[key] == value for key, value in cell.items()) for r in self.current())

    def add(self, records, **cell):
        with open(self.path, "a") as file:
            for r in records:
                self.records.append({**cell, "threads": self.threads, **r})
                file.write(json.dumps(self.records[-1]) + "\n")


def select(options, records):
    """The records of the cells that were asked for, in their order."""
    wished = lambda r: r["seed"] in options.seeds and r["noise"] in options.noise and r["trusted"] in options.trusted
    place = lambda r: (options.noise.index(r["noise"]), options.trusted.index(r["trusted"]), r["method"] != command.METHOD)
    return sorted(filter(wished, records), key=place)


def main():
    parser = argparse.ArgumentParser(prog="Tools/benchmark cleaning-quality", description=__doc__)
    parser.add_argument("--noise", nargs="+", default=list(RATES), choices=list(RATES), help="uniform (40%% wrong), pair (30%%), confusable (20%%)")
    parser.add_argument("--trusted", nargs="+", type=int, default=[0, 100, 500, 5000], help="numbers of trusted samples")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", default=["ours", "cleanlab", "softmax", "mlp", "margin"], choices=["ours", "cleanlab", "softmax", "mlp", "margin"])
    parser.add_argument("--samples", type=int, default=10_000, help="given samples (default: 10000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-directory", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--hyper-cleaning", default=os.path.join(HERE, "../../.build/release/hyper-cleaning"), help="the command (default: this checkout's)")
    parser.add_argument("--output", default="runs/benchmark-cleaning-quality", help="path without extension")
    options = parser.parse_args()
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    import cleanlab.filter, cleanlab.rank, sklearn.linear_model, sklearn.metrics, sklearn.model_selection, threadpoolctl, torch  # before the forks, which share them
    data = FashionMNIST(options.data_directory)
    results = Results(options.output + ".jsonl", command.digest(options.hyper_cleaning), options.threads)
    for seed in options.seeds:
        for trusted in options.trusted:
            for noise in options.noise:
                cell, samples = dict(noise=noise, trusted=trusted, seed=seed, samples=options.samples), None
                for task, peer in {"ours": None, **peers(trusted > 0)}.items():
                    if task not in options.methods or results.has(task, **cell):
                        continue
                    samples = samples or isolated(draw, data, options.samples, trusted, noise, seed)
                    records = isolated(measure, data, samples, seed, options.threads, peer, options.hyper_cleaning)
                    results.add(records, task=task, **cell)
                    for r in records:
                        print(f"{noise}, {trusted} trusted, seed {seed}: {r['method']}: AP {r['averagePrecision']:.4f}, F1 {r['f1']:.3f}, "
                              f"retrained {r['retrained']:.2f}, {r['seconds']:.1f} s", flush=True)
    records = [r for r in select(options, results.current()) if r["samples"] == options.samples]
    compared = table.comparison(records)
    text = table.markdown(records) + "\n\n" + table.comparison_markdown(compared) + "\n"
    print("\n" + text)
    with open(options.output + ".md", "w") as file:
        file.write(text)
    with open(options.output + ".json", "w") as file:
        json.dump(dict(comparison=compared, records=records), file, indent=2)
    print(options.output + ".md")


if __name__ == "__main__":
    main()
