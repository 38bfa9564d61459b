"""What the JAX sides of the benchmarks share: their settings, before jax is imported, and their lines of JSON."""
import json, os, resource, sys


def prepare(threads, precision):
    """As many processors as threads, which is what XLA's pool goes by; float64 where asked."""
    processors = sorted(os.sched_getaffinity(0))
    if threads < len(processors):
        os.sched_setaffinity(0, processors[:threads])
    os.environ["JAX_PLATFORMS"] = "cpu"
    if precision == "float64":
        os.environ["JAX_ENABLE_X64"] = "1"


def answer(**content):
    print(json.dumps(content), flush=True)


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def commands():
    """The lines of standard input up to `quit`."""
    for line in sys.stdin:
        if line.strip() == "quit":
            return
        yield line.strip()
