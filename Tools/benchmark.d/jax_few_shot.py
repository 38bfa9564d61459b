"""Few-shot classification by IAPTT-GM in JAX: one jitted meta-iteration, tasks unrolled, features computed once a task.

Answers `step` and `hypergradient` as the Swift side does. (Within a loop XLA's CPU backend runs convolutions many times
slower, so there is none over tasks.)
"""
import argparse, json, time

import jax_side

parser = argparse.ArgumentParser()
parser.add_argument("--exchange", required=True)
parser.add_argument("--backbone", choices=["omniglot", "convnet4"], required=True)
parser.add_argument("--layout", choices=["NCHW", "NHWC"], default="NHWC")
parser.add_argument("--inner-iterations", type=int, default=10)
parser.add_argument("--truncation", default="pessimistic")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--precision", default="float32")
parser.add_argument("--lower-rate", type=float, required=True)
options = parser.parse_args()
jax_side.prepare(options.threads, options.precision)

import numpy as np
import jax
import jax.numpy as jnp
from jax import lax
import jax_level

CHANNELS = options.layout.index("C")
HEIGHT, WIDTH = options.layout.index("H"), options.layout.index("W")


def along_channels(vector):
    return vector.reshape([-1 if axis == CHANNELS else 1 for axis in range(4)])


def normalized(images, scale, shift):
    """By the batch's own statistics."""
    axes = [axis for axis in range(4) if axis != CHANNELS]
    mean = images.mean(axes, keepdims=True)
    variance = jnp.square(images - mean).mean(axes, keepdims=True)
    return (images - mean) * lax.rsqrt(variance + 1e-5) * along_channels(scale) + along_channels(shift)


def pooled(images):
    """The largest of each 2 x 2 window; as a reduction over axes, whose derivative XLA fuses (a reduce_window's not)."""
    shape = list(images.shape)
    shape[HEIGHT], shape[WIDTH] = shape[HEIGHT] // 2 * 2, shape[WIDTH] // 2 * 2
    images = images[tuple(slice(n) for n in shape)]
    split = shape[:HEIGHT] + [shape[HEIGHT] // 2, 2, shape[WIDTH] // 2, 2] + shape[WIDTH + 1:]
    return images.reshape(split).max((HEIGHT + 1, HEIGHT + 3))


def features(x, images):
    """[n, features] of images [n, height, width, channels], in the layout asked for."""
    value = images if options.layout == "NHWC" else images.transpose(0, 3, 1, 2)
    for i in range(4):
        weight, bias, scale, shift = x[4 * i:4 * i + 4]
        numbers = (options.layout, "HWIO", options.layout)
        value = lax.conv_general_dilated(value, weight, (1, 1), "SAME", dimension_numbers=numbers)
        value = value + along_channels(bias)
        if options.backbone == "omniglot":
            value = normalized(pooled(jax.nn.relu(value)), scale, shift)
        else:
            value = jax.nn.relu(normalized(pooled(value), scale, shift))
    if options.layout == "NCHW":
        value = value.transpose(0, 2, 3, 1)
    return value.reshape(value.shape[0], -1)


def task_hypergradient(x, z, task):
    """k̄, and F's derivatives by x and z: those by the features first, which then go through the network once."""
    support, query, support_labels, query_labels = task
    at, pull = jax.vjp(lambda x: (features(x, support), features(x, query)), x)
    loss = lambda y, inputs, labels: jnp.mean(jax_level.cross_entropies(inputs @ y[0].T + y[1], labels))
    descend = lambda y, gradient: y - options.lower_rate * gradient
    step = lambda u, y: jax.tree.map(descend, y, jax.grad(loss)(y, u[0], support_labels))
    value = lambda u, y: loss(y, u[1], query_labels)
    states, values = jax_level.trajectory(step, value, at, z, options.inner_iterations)
    truncation = options.truncation if options.truncation == "pessimistic" else int(options.truncation)
    chosen = jax_level.chosen_step(values, truncation)
    _, by_features, by_z = jax_level.hypergradient(step, value, at, states, chosen)
    return chosen, pull(by_features)[0], by_z


def hypergradient(x, z, tasks):
    """The means over the tasks."""
    results = [task_hypergradient(x, z, task) for task in tasks]
    return jax.tree.map(lambda *each: sum(each) / len(tasks), *results)


initial, update = jax_level.adam(1e-3)


@jax.jit
def iterate(x, z, state, tasks):
    chosen, by_x, by_z = hypergradient(x, z, tasks)
    (x, z), state = update((by_x, by_z), state, (x, z))
    return chosen, x, z, state


def read(folder):
    """x, z and the tasks as the benchmark wrote them."""
    s = json.load(open(f"{folder}/sizes.json"))
    kind = np.dtype(options.precision)

    def array(name, *shape):
        return jnp.asarray(np.fromfile(f"{folder}/{name}.f32", "<f4").reshape(shape).astype(kind))

    x, width = [], s["channels"]
    for i in range(4):
        x.append(array(f"x_{4 * i}", 3, 3, width, s["hidden"]))
        x += [array(f"x_{4 * i + j}", s["hidden"]) for j in (1, 2, 3)]
        width = s["hidden"]
    ways = s["ways"]
    z = [array("z_0", ways, -1), array("z_1", ways)]

    def images(name, count):
        drawn = array(name, ways * count, s["channels"], s["height"], s["width"]).transpose(0, 2, 3, 1)
        return jnp.asarray(drawn), jnp.repeat(jnp.eye(ways, dtype=kind), count, axis=0)

    tasks = []
    for i in range(s["tasks"]):
        (support, support_labels), (query, query_labels) = \
            images(f"support_{i}", s["shots"]), images(f"query_{i}", s["queries"])
        tasks.append((support, query, support_labels, query_labels))
    return x, z, tasks


def main():
    x, z, tasks = read(options.exchange)
    state = initial((x, z))
    jax_side.answer(ready=True)
    for command in jax_side.commands():
        if command == "step":
            start = time.perf_counter()
            chosen, x, z, state = jax.block_until_ready(iterate(x, z, state, tasks))
            jax_side.answer(seconds=time.perf_counter() - start, meanTruncation=float(chosen),
                            peakMemoryBytes=jax_side.peak_memory())
        elif command == "hypergradient":
            _, by_x, by_z = jax.jit(hypergradient)(x, z, tasks)
            for prefix, arrays in (("x", by_x), ("z", by_z)):
                for i, each in enumerate(arrays):
                    np.asarray(each, "<f8").tofile(f"{options.exchange}/jax_{prefix}_{i}.f64")
            jax_side.answer(done=True)


if __name__ == "__main__":
    main()
