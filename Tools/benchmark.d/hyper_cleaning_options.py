"""What both peers' sides of the hyper-cleaning benchmark are started with."""
import argparse


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--exchange", required=True)
    parser.add_argument("--network", default="deep-linear")
    parser.add_argument("--inner-iterations", type=int, default=100)
    parser.add_argument("--truncation", default="pessimistic")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--lower-rate", type=float, default=0.03)
    parser.add_argument("--multiplied-first", action="store_true")
    return parser.parse_args()
