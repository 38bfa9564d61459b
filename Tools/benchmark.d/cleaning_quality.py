"""How well wrong labels are found: `hyper-cleaning clean` beside cleanlab, models of the trusted samples alone and
the area under the margin, all on the same samples. Results of single runs are kept in OUTPUT.jsonl, so
that an interrupted call goes on; the tables are OUTPUT.md, all of it OUTPUT.json. Seconds are those of the machine as
busy as it is; the other columns do not depend on it."""
import argparse, json, multiprocessing, os, resource, sys, traceback

import numpy as np

import cleaning_command as command
import cleaning_table as table
from cleaning_data import FashionMNIST, Features, Pictures
from cleaning_gradients import oriented_gradients
from cleaning_peers import Task, peers
from cleaning_samples import RATES, draw, draw_by_class

HERE = os.path.dirname(os.path.abspath(__file__))


def isolated(function, *arguments):
    """The function's result, from a process of its own: its memory is its own, and no threads outlive it."""
    def target(pipe):
        try:
            pipe.send(function(*arguments))
        except BaseException:
            traceback.print_exc()
    # Forked, not spawned: importing PyTorch anew would take longer than some methods. This process starts no threads.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(sender,))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        sys.exit("benchmark: a method ended without a result, see above")
    finally:
        process.join()


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


def retrained(data, task, labels, trainings):
    """Accuracy in percent on the test images of the network taught `labels` (less those below 0) and the trusted ones.

    One training ends anywhere within a point: the mean of the last five epochs of several.
    """
    from cleaning_network import logits, train
    kept, accuracies = labels >= 0, []

    def after_epoch(epoch, network):
        if epoch > 15:
            accuracies.append((logits(network, data.test_seen).argmax(1) == data.test_labels).mean() * 100)

    taught = np.concatenate([task.images[kept], task.trusted_images]), np.concatenate([labels[kept], task.trusted])
    for training in range(trainings):
        train(*taught, seed=1000 * training + task.seed, epochs=20, classes=task.classes, after_epoch=after_epoch)
    return float(np.mean(accuracies)) if accuracies else float("nan")


def retrainings(data, task, finding, corrected, options):
    """What is kept can be used in two ways: without the flagged samples, or with suggested labels in their place.

    A peer gets the better one of the two, by the test itself. The command gets what it wrote to `corrected`.
    """
    trainings = options.trainings
    dropped = np.where(finding.is_flagged, -1, task.given)
    result = dict(retrainedDropped=retrained(data, task, dropped, trainings))
    if corrected is None and finding.suggested is not None and task.seed in options.corrected_seeds:
        corrected = np.where(finding.is_flagged, finding.suggested, task.given)
        result["retrainedCorrected"] = retrained(data, task, corrected, trainings)
        result["retrained"] = max(result.values())
    elif corrected is not None:
        result["retrained"] = retrained(data, task, corrected, trainings)
    else:
        result["retrained"] = result["retrainedDropped"]
    return result


def measure(data, samples, seed, threads, peer, options):
    """The records of one method on one set of samples. Without a peer: the command."""
    import threadpoolctl, torch
    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads)  # of NumPy and SciPy
    torch.set_flush_denormal(True)
    task = Task(
        data.seen(samples.values), samples.given, data.seen(samples.trusted_values), samples.trusted, seed,
        data.classes)
    if peer is None:
        finding, corrected, extra = command.run(
            options.hyper_cleaning, data, samples, seed, threads, options.ours_options)
        found = [(finding, corrected, extra)]
    else:
        findings = list(peer(task))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = [(finding, None, dict(peakMemoryBytes=peak)) for finding in findings]
    return [
        record(finding, samples, **retrainings(data, task, finding, corrected, options), **extra)
        for finding, corrected, extra in found]


class Results:
    """A line a record, on the disk as soon as it is known."""

    def __init__(self, path, build, threads, input):
        self.path, self.build, self.threads, self.input, self.records = path, build, threads, input, []
        if os.path.exists(path):
            with open(path) as file:
                self.records = [json.loads(line) for line in file]

    def current(self):
        """Without what another build of the command, or another number of threads, came to; of equal ones the last."""
        kept = {}
        for r in self.records:
            if (r["threads"] == self.threads and r.get("build", self.build) == self.build
                    and r.get("input", "pixels") == self.input):
                kept[r["samples"], r["noise"], r["trusted"], r["seed"], r["method"]] = r
        return list(kept.values())

    def has(self, task, **cell):
        return any(r["task"] == task and all(r[key] == value for key, value in cell.items()) for r in self.current())

    def add(self, records, **cell):
        added = [{**cell, "threads": self.threads, "input": self.input, **r} for r in records]
        self.records += added
        with open(self.path, "a") as file:
            file.write("".join(json.dumps(r) + "\n" for r in added))


def select(options, records):
    """The records of the cells that were asked for, in their order."""
    wished = lambda r: (r["samples"] == options.samples and r["seed"] in options.seeds
                        and r["noise"] in options.noise and r["trusted"] in options.trusted)
    place = lambda r: (options.noise.index(r["noise"]), options.trusted.index(r["trusted"]), r["task"] != "ours")
    return sorted(filter(wished, records), key=place)


def arguments():
    parser = argparse.ArgumentParser(prog="Tools/benchmark cleaning-quality", description=__doc__)
    add, methods = parser.add_argument, ["ours", "cleanlab", "softmax", "mlp", "margin"]
    add("--noise", nargs="+", default=list(RATES), choices=list(RATES),
        help="uniform (40%% wrong), pair (30%%), confusable (20%%)")
    add("--trusted", nargs="+", type=int, default=[0, 100, 500, 5000], help="numbers of trusted samples")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2])
    add("--methods", nargs="+", default=methods, choices=methods, help="to run; the tables show all that is known")
    add("--trainings", type=int, default=2,
        help="of the network on what each method keeps (default: 2); 0: none, and no accuracy")
    add("--corrected-seeds", nargs="*", type=int, default=[0],
        help="seeds with which peers are also judged by their suggested labels, not only without flagged samples")
    add("--samples", type=int, default=10_000, help="given samples (default: 10000)")
    add("--threads", type=int, default=2, help="of every method (default: 2)")
    add("--data-directory", default="/usr/share/datasets/fashion-mnist")
    add("--pictures", metavar="FOLDER", help="clean pictures in class folders, 20%% wrong; --trusted is of each class")
    add("--input", default="pixels", choices=["pixels", "gradients"],
        help="what peers and the retrained network see of pictures (default: pixels)")
    add("--features", action="store_true",
        help="clean what a network that was taught the even classes makes of the odd ones")
    add("--hyper-cleaning", default=os.path.join(HERE, "../../.build/release/hyper-cleaning"),
        help="the command (default: this checkout's)")
    add("--ours-options", type=str.split, default=[], metavar="'--option value …'",
        help="further options of the command; results by others are not shown")
    add("--output", default="runs/benchmark-cleaning-quality", help="path without extension")
    options = parser.parse_args()
    if options.features and options.input != "pixels":
        parser.error("--input gradients: expected pictures, got --features")
    return options


def main():
    options = arguments()
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    # Before the forks, which share them.
    import cleanlab.filter, cleanlab.rank, sklearn.linear_model, sklearn.metrics, sklearn.model_selection, torch
    data = (Pictures(options.pictures) if options.pictures
            else isolated(Features, options.data_directory) if options.features
            else FashionMNIST(options.data_directory))
    data.seen = (lambda values: values) if options.input == "pixels" else (
        lambda values: oriented_gradients(values.reshape(len(values), *data.picture)))
    data.test_seen = data.seen(data.test_values)
    results = Results(options.output + ".jsonl", command.digest(options.hyper_cleaning, options.ours_options),
                      options.threads, options.input)
    for seed in options.seeds:
        for trusted in options.trusted:
            for noise in options.noise:
                cell, samples = dict(noise=noise, trusted=trusted, seed=seed, samples=options.samples), None
                for task, peer in {"ours": None, **peers(trusted > 0)}.items():
                    if task not in options.methods or results.has(task, **cell):
                        continue
                    samples = samples or isolated(
                        *(draw_by_class, data) if options.pictures else (draw, data, options.samples),
                        trusted, noise, seed)
                    records = isolated(measure, data, samples, seed, options.threads, peer, options)
                    results.add(records, task=task, **cell)
                    for r in records:
                        print(f"{noise}, {trusted} trusted, seed {seed}: {r['method']}: "
                              f"AP {r['averagePrecision']:.4f}, F1 {r['f1']:.3f}, retrained {r['retrained']:.2f}, "
                              f"{r['seconds']:.1f} s", flush=True)
    records = select(options, results.current())
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
