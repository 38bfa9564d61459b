"""Records of single runs as a table of means over seeds, and the command beside the best peer."""
from statistics import mean

from cleaning_command import METHOD

COLUMNS = [  # key, heading, format
    ("averagePrecision", "AP", "{:.4f}"), ("auroc", "AUROC", "{:.4f}"), ("precisionAt64", "P@64", "{:.3f}"),
    ("f1", "F1", "{:.4f}"), ("retrained", "retrained, %", "{:.2f}"), ("seconds", "seconds", "{:.1f}"),
    ("peakMemoryBytes", "memory, MiB", "{:.0f}"),
]


def cells(records):
    """{(noise, trusted): {method: {column: mean over seeds}}}, over the seeds that all methods of the cell have."""
    grouped = {}
    for record in records:
        methods = grouped.setdefault((record["noise"], record["trusted"]), {})
        methods.setdefault(record["method"], {})[record["seed"]] = record
    result = {}
    for cell, methods in grouped.items():
        seeds = sorted(set.intersection(*map(set, methods.values())))
        for method, rows in methods.items() if seeds else ():
            rows = [rows[seed] for seed in seeds]
            means = {key: mean(r[key] for r in rows) for key, _, _ in COLUMNS}
            result.setdefault(cell, {})[method] = means | {"rows": rows}
    return result


def comparison(records):
    """For each cell ours beside the best peer of each column; and over all cells what is asked of the command."""
    result = []
    for (noise, trusted), methods in cells(records).items():
        ours = methods.get(METHOD)
        peers = {name: values for name, values in methods.items() if name != METHOD}
        if not ours or not peers:
            continue
        best = max(peers, key=lambda name: peers[name]["averagePrecision"])
        folds = [values for name, values in peers.items() if name.startswith("cleanlab")]
        chosen = max(folds, key=lambda values: values["averagePrecision"]) if folds else None
        result.append(dict(
            noise=noise, trusted=trusted, seeds=sorted(r["seed"] for r in ours["rows"]),
            averagePrecision=ours["averagePrecision"], bestPeer=best,
            bestAveragePrecision=peers[best]["averagePrecision"],
            ratio=(1 - ours["averagePrecision"]) / (1 - peers[best]["averagePrecision"]),
            retrained=ours["retrained"], bestRetrained=max(values["retrained"] for values in peers.values()),
            f1=ours["f1"], bestF1=max(values["f1"] for values in peers.values()),
            seconds=ours["seconds"], cleanlabSeconds=chosen and chosen["seconds"],
            covered=sum(is_covered(r) for r in ours["rows"]), runs=len(ours["rows"]),
            structures=[r["structure"] for r in ours["rows"]]))
    few = [row["ratio"] for row in result if row["trusted"] in (100, 500)]
    runs = sum(row["runs"] for row in result)
    return dict(
        cells=result, meanRatioFewTrusted=mean(few) if few else None,
        leastGain=min((r["averagePrecision"] - r["bestAveragePrecision"] for r in result), default=None),
        leastRetrainedGain=min((r["retrained"] - r["bestRetrained"] for r in result), default=None),
        coverage=sum(row["covered"] for row in result) / runs if runs else None, runs=runs)


def is_covered(record):
    return record["estimatedWrongLow"] <= record["wrong"] <= record["estimatedWrongHigh"]


def markdown(records):
    lines = ["| noise | trusted | method | " + " | ".join(heading for _, heading, _ in COLUMNS) + " |",
             "|---" * (3 + len(COLUMNS)) + "|"]
    for (noise, trusted), methods in cells(records).items():
        for name, values in methods.items():
            chosen = sorted({r["score"] for r in values["rows"]})
            label = f"{name} ({', '.join(chosen)})" if name.startswith("cleanlab") else name
            numbers = [form.format(values[key] / (1 << 20) if key == "peakMemoryBytes" else values[key])
                       for key, _, form in COLUMNS]
            lines.append(f"| {noise} | {trusted} | {label} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def comparison_markdown(compared):
    headings = ["noise", "trusted", "AP", "best peer's", "1 - AP, ratio", "retrained", "best peer's", "seconds",
                "cleanlab's", "estimate holds"]
    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    for c in compared["cells"]:
        theirs = "" if c["cleanlabSeconds"] is None else f"{c['cleanlabSeconds']:.1f}"
        lines.append(
            f"| {c['noise']} | {c['trusted']} | {c['averagePrecision']:.4f} "
            f"| {c['bestAveragePrecision']:.4f}, {c['bestPeer']} "
            f"| {c['ratio']:.2f} | {c['retrained']:.2f} | {c['bestRetrained']:.2f} | {c['seconds']:.1f} | {theirs} "
            f"| {c['covered']} of {c['runs']} |")
    if compared["meanRatioFewTrusted"] is not None:
        lines.append("\n1 - AP over the best peer's, mean of the cells with 100 and 500 trusted: "
                     f"{compared['meanRatioFewTrusted']:.3f}")
    if compared["cells"]:
        lines += [
            f"\nAP less the best peer's, in the worst cell: {compared['leastGain']:+.4f}",
            f"\nretrained accuracy less the best peer's, in the worst cell: {compared['leastRetrainedGain']:+.2f}",
            f"\nthe number of wrong labels lies in its interval in {compared['coverage']:.0%} of "
            f"{compared['runs']} runs"]
    return "\n".join(lines)
