"""Upper iterations of eq. 10 (IAPTT-GM) in JAX, as many as each line of standard input says: one call each, or with
`--whole-loop` all of them in one compiled loop."""
import argparse, sys, time

import jax_side

parser = argparse.ArgumentParser()
parser.add_argument("--inner-iterations", type=int, default=40)
parser.add_argument("--dimension", type=int, default=1)
parser.add_argument("--precision", default="float64")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--whole-loop", action="store_true")
options = parser.parse_args()
jax_side.prepare(options.threads, options.precision)

import jax
import jax.numpy as jnp
from jax import lax
import jax_level


def clamped(v, low, high):
    """Its derivative is 1 at the bounds too, as PyTorch's is (jnp.clip: one half)."""
    return jnp.where(v < low, low, jnp.where(v > high, high, v))


def step(x, y):
    lower = lambda y: -jnp.sin(x * y).sum()
    return clamped(y - 5e-4 * jax.grad(lower)(y), -2, 2)


def value(x, y):
    return (x + x * y).sum()


def iteration(x, z):
    states, values = jax_level.trajectory(step, value, x, z, options.inner_iterations)
    chosen = jax_level.chosen_step(values, "pessimistic")
    _, by_x, by_z = jax_level.hypergradient(step, value, x, states, chosen)
    return clamped(x - 0.1 * by_x, 1, 10), clamped(z - 0.1 * by_z, -2, 2), chosen


def iterations(x, z, count):
    def body(_, carry):
        x, z, total = carry
        x, z, chosen = iteration(x, z)
        return x, z, total + chosen

    return lax.fori_loop(0, count, body, (x, z, jnp.zeros((), int)))


def main():
    one, all_of_them = jax.jit(iteration), jax.jit(iterations)
    x = jnp.full(options.dimension, 1.0, options.precision)
    z = jnp.full(options.dimension, 2.0, options.precision)
    jax.block_until_ready((one(x, z), all_of_them(x, z, 1)))  # compiled before anything is timed
    jax_side.answer(ready=True)
    for line in sys.stdin:
        count = int(line)
        start = time.perf_counter()
        if options.whole_loop:
            x, z, total = all_of_them(x, z, count)
        else:
            chosen = [None] * count
            for i in range(count):
                x, z, chosen[i] = one(x, z)
        jax.block_until_ready((x, z))
        seconds = time.perf_counter() - start
        total = int(total) if options.whole_loop else sum(int(k) for k in chosen)
        jax_side.answer(seconds=seconds, iterations=count, meanTruncation=total / max(count, 1), x=float(x[0]),
                        peakMemoryBytes=jax_side.peak_memory())


if __name__ == "__main__":
    main()
