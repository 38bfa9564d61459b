"""`hyper-cleaning clean` on a folder of samples, judged by what it writes."""
import csv, hashlib, json, os, subprocess, tempfile, time

import numpy as np

from cleaning_peers import Finding

METHOD = "hyper-cleaning clean"


def digest(path, extra=()):
    """Which build it was, and which options: other results are not taken for this one's."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read() + " ".join(extra).encode()).hexdigest()[:16]


def run(path, data, samples, seed, threads, options=()):
    """The finding, the labels that it leaves (-1: none), and what else belongs into its record.

    Seconds and memory are those of the whole process, reading and report included.
    """
    with tempfile.TemporaryDirectory() as folder:
        written, output = data.write(folder, samples), f"{folder}/output"
        command = [path, "clean", *written.arguments, "--threads", str(threads), "--seed", str(seed),
                   "--output", output, *options]
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        if process.returncode:
            raise SystemExit(f"benchmark: {' '.join(command)} ended with status {process.returncode}: {errors.strip()}")
        scores, flagged = verdicts(f"{output}/suspects.csv", written.names)
        corrected = labels(f"{output}/labels-corrected.csv", written.names, data)
        with open(f"{output}/summary.json") as file:
            summary = json.load(file)
    kept = ("estimatedWrong", "estimatedWrongLow", "estimatedWrongHigh", "structure", "trainingSeconds")
    extra = {key: summary[key] for key in kept}
    extra.update(build=digest(path, options), peakMemoryBytes=usage.ru_maxrss * 1024)
    return Finding(METHOD, {"score": scores}, flagged, None, seconds), corrected, extra


def verdicts(path, names):
    """Score and flag of each given sample, in the samples' order; trusted ones are left out."""
    scores, flagged = np.full(len(names), np.nan), np.zeros(len(names), bool)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if row["name"] in names:
                sample = names[row["name"]]
                scores[sample], flagged[sample] = float(row["score"]), row["flagged"] == "1"
    if np.isnan(scores).any():
        raise SystemExit(f"benchmark: {path}: {np.isnan(scores).sum()} of {len(names)} given samples have no row")
    return scores, flagged


def labels(path, names, data):
    """The label of each given sample in a CSV of names and labels; -1 where it has no row."""
    result, classes = np.full(len(names), -1), {name: k for k, name in enumerate(getattr(data, "names", []))}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if row["name"] in names:
                label = row["label"]
                result[names[row["name"]]] = classes[label] if classes else int(label)
    return result
