"""Draws random graphs, evaluates them here and in PyTorch, and shows the smallest graphs on which the two differ."""
import argparse, collections, json, random, sys, time

import torch

import comparison
import coverage
from engine import Engine, plain
from generator import Generator
from shrink import shrunk
from trace import trace


def main():
    parser = argparse.ArgumentParser(prog="Tools/differential", description=__doc__)
    parser.add_argument("--graphs", type=int, default=300, metavar="N", help="number of graphs (300)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the first graph; the next has S + 1 (1)")
    parser.add_argument("--only", help="only graphs with this operation, e.g. maxPooled")
    parser.add_argument("--shrink-seconds", type=float, default=20, help="a failing graph is shrunk for so long (20)")
    parser.add_argument(
        "--replay", metavar="FILE", help="instead: the lines that an earlier run printed (- is standard input)")
    parser.add_argument("--engine", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    engine = Engine(options.engine)
    try:
        cases = replayed(options.replay) if options.replay else drawn(options)
        status = run(cases, engine, options)
    finally:
        engine.stop()
    sys.exit(status)


def drawn(options):
    """(seed, graph, evaluation), one after the other."""
    for seed in range(options.seed, options.seed + options.graphs):
        generator = Generator(seed)
        graph = generator.graph()
        if options.only and not any(node.get("operation") == options.only for node in graph["nodes"]):
            continue
        yield seed, graph, drawn_evaluation(seed, generator.large)


def drawn_evaluation(seed, large):
    choice = random.Random(seed + 1_000_003)
    return {"programs": choice.choices(["together", "separately", "evaluated"], [5, 3, 2])[0],
            "constants": choice.choice(["folded", "inputs"]),
            "threads": [1, 2, 3] if large or choice.random() < 0.1 else [1]}


def replayed(path):
    lines = sys.stdin if path == "-" else open(path)
    for number, line in enumerate(lines):
        if line.startswith("{"):
            case = json.loads(line)
            yield f"line {number + 1}", case["graph"], case["evaluation"]


def run(cases, engine, options):
    start, operations, kinds, graphs = time.monotonic(), collections.Counter(), {}, 0
    for seed, graph, evaluation in cases:
        graphs += 1
        operations.update(node["operation"] for node in graph["nodes"] if "operation" in node)
        try:
            found = comparison.differences(graph, engine.evaluate(graph, evaluation))
        except RuntimeError as error:
            print(f"skipped, seed {seed}: PyTorch refuses: {str(error).splitlines()[:1]}")
            continue
        if not found:
            continue
        quantity = found[0][0]
        small = shrunk(graph, lambda other: fails(other, evaluation, quantity, engine), options.shrink_seconds)
        kind = (quantity, *sorted({node["operation"] for node in small["nodes"] if "operation" in node}))
        kinds.setdefault(kind, []).append(seed)
        if len(kinds[kind]) == 1:
            show(seed, small, evaluation, engine)
    missing = sorted(coverage.known() - set(operations))
    failing = sum(map(len, kinds.values()))
    for kind, seeds in kinds.items():
        print(f"{len(seeds)} x {kind[0]}: {' '.join(kind[1:])} (seeds {', '.join(map(str, seeds[:5]))})")
    print(f"{graphs} graphs, {sum(operations.values())} operations of {len(operations)} kinds, "
          f"{failing} graphs differ in {len(kinds)} ways, {time.monotonic() - start:.0f} s"
          + (f"; not drawn: {' '.join(missing)}" if missing and not options.replay else ""))
    unknown = coverage.unknown()
    if unknown:
        print(f"public operations that no graph can hold: {' '.join(unknown)} (see GraphOperation.swift)")
    return 1 if kinds or unknown else 0


def fails(graph, evaluation, quantity, engine):
    """Whether a smaller graph is a fair one and still fails in this quantity."""
    if trace(graph) is None:
        return False
    try:
        found = comparison.differences(graph, engine.evaluate(graph, evaluation))
    except RuntimeError:  # PyTorch has no derivative there
        return False
    return any(name == quantity for name, *_ in found)


def show(seed, graph, evaluation, engine):
    found = comparison.differences(graph, engine.evaluate(graph, evaluation))
    print(f"difference, seed {seed}: {found[0][0] if found else 'gone when asked again'}")
    print(json.dumps(plain({"graph": graph, "evaluation": evaluation})))
    for name, position, ours, theirs in found:
        if ours is not None:
            print(f"  {name} {position}: ours {brief(ours)}, PyTorch {brief(theirs)}")
    sys.stdout.flush()


def brief(array):
    return "[" + ", ".join(f"{x:.9g}" for x in array[:8]) + (", …]" if len(array) > 8 else "]")


if __name__ == "__main__":
    main()
