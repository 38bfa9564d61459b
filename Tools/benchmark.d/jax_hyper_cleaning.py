"""Data hyper-cleaning by IAPTT-GM in JAX: one jitted upper iteration. The same lines and files as reference.py."""
import json, time

import hyper_cleaning_options, jax_side

options = hyper_cleaning_options.parse()
jax_side.prepare(options.threads, options.precision)

import numpy as np
import jax
import jax.numpy as jnp
import jax_level


def logits(y, images):
    """Of images [n, inputs]; y: weight [outputs, inputs] and bias, a layer after the other."""
    if options.multiplied_first and len(y) == 4:
        w1, b1, w2, b2 = y
        return images @ (w2 @ w1).T + (w2 @ b1 + b2)
    for i in range(0, len(y), 2):
        images = images @ y[i].T + y[i + 1]
        if options.network == "mlp" and i + 2 < len(y):
            images = jax.nn.relu(images)
    return images


def levels(data):
    """The step of the lower level and the upper value, on data (training and validation images and labels)."""
    images, labels, clean, clean_labels = data
    lower = lambda x, y: jnp.mean(jax.nn.sigmoid(x) * jax_level.cross_entropies(logits(y, images), labels))
    descend = lambda y, gradient: y - options.lower_rate * gradient
    step = lambda x, y: jax.tree.map(descend, y, jax.grad(lower, argnums=1)(x, y))
    value = lambda x, y: jnp.mean(jax_level.cross_entropies(logits(y, clean), clean_labels))
    return step, value


def truncation():
    if options.truncation == "pessimistic":
        return options.truncation
    return options.inner_iterations if options.truncation == "K" else int(options.truncation)


def differentiate(data, x, z):
    step, value = levels(data)
    states, values = jax_level.trajectory(step, value, x, z, options.inner_iterations)
    chosen = jax_level.chosen_step(values, truncation())
    return chosen, *jax_level.hypergradient(step, value, x, states, chosen)


initial, update = jax_level.adam(0.01)


@jax.jit
def iterate(data, x, z, state):
    chosen, value, gradient, adjoint = differentiate(data, x, z)
    x, state = update(gradient, state, x)
    return chosen, value, x, jax.tree.map(lambda y, g: y - options.lower_rate * g, z, adjoint), state


def main():
    folder = options.exchange
    sizes = json.load(open(f"{folder}/sizes.json"))
    kind = np.dtype(options.precision)
    floats = lambda name, *shape: jnp.asarray(np.fromfile(f"{folder}/{name}.f32", "<f4").reshape(shape).astype(kind))
    one_hot = lambda name: jnp.asarray(np.eye(sizes["classes"], dtype=kind)[np.fromfile(f"{folder}/{name}.i32", "<i4")])
    data = (floats("train_images", sizes["train"], sizes["inputs"]), one_hot("train_labels"),
            floats("validation_images", sizes["validation"], sizes["inputs"]), one_hot("validation_labels"))
    inputs, hidden, classes = sizes["inputs"], sizes["hidden"], sizes["classes"]
    widths = [inputs, classes] if options.network == "linear" else [inputs, hidden, classes]
    z = [array for i, (a, b) in enumerate(zip(widths, widths[1:]), 1)
         for array in (floats(f"w{i}", b, a), floats(f"b{i}", b))]
    x = floats("x", sizes["train"])
    state = initial(x)
    jax_side.answer(ready=True)
    for command in jax_side.commands():
        if command == "step":
            start = time.perf_counter()
            chosen, value, x, z, state = jax.block_until_ready(iterate(data, x, z, state))
            seconds = time.perf_counter() - start
            jax_side.answer(seconds=seconds, truncation=int(chosen), upperValue=float(value),
                            peakMemoryBytes=jax_side.peak_memory())
        elif command == "hypergradient":
            chosen, value, gradient, adjoint = jax.jit(differentiate)(data, x, z)
            for name, array in zip(["gx", "gw1", "gb1", "gw2", "gb2"], [gradient, *adjoint]):
                np.asarray(array).tofile(f"{folder}/jax_{name}.bin")
            jax_side.answer(truncation=int(chosen), upperValue=float(value))


if __name__ == "__main__":
    main()
