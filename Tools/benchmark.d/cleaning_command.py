"""`hyper-cleaning clean` on a folder of samples, judged by what it writes."""
import csv, hashlib, json, os, subprocess, tempfile, time

import numpy as np

from cleaning_peers import Finding

METHOD = "hyper-cleaning clean"


def digest(path):
    """Which build it was, so that an older build's results are not taken for this one's."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def run(path, samples, seed, threads):
    """The finding, and what else belongs into its record.

    Seconds and memory are those of the whole process, reading and report included.
    """
    with tempfile.TemporaryDirectory() as folder:
        samples.write(folder)
        output = f"{folder}/output"
        command = [path, "clean", folder, "--threads", str(threads), "--seed", str(seed), "--output", output]
        if len(samples.trusted):
            command += ["--trusted", f"{folder}/trusted.csv"]
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        if process.returncode:
            raise SystemExit(f"benchmark: {' '.join(command)} ended with status {process.returncode}: {errors.strip()}")
        scores, flagged = verdicts(f"{output}/suspects.csv", len(samples.given))
        with open(f"{output}/summary.json") as file:
            summary = json.load(file)
    kept = ("estimatedWrong", "estimatedWrongLow", "estimatedWrongHigh", "structure", "trainingSeconds")
    extra = {key: summary[key] for key in kept}
    extra.update(build=digest(path), peakMemoryBytes=usage.ru_maxrss * 1024)
    return Finding(METHOD, {"score": scores}, flagged, seconds), extra


def verdicts(path, count):
    """Score and flag of each given sample, in the samples' order; the trusted ones after them are left out."""
    scores, flagged = np.full(count, np.nan), np.zeros(count, bool)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            sample = int(row["name"])
            if sample < count:
                scores[sample], flagged[sample] = float(row["score"]), row["flagged"] == "1"
    if np.isnan(scores).any():
        raise SystemExit(f"benchmark: {path}: {np.isnan(scores).sum()} of {count} given samples have no row")
    return scores, flagged
