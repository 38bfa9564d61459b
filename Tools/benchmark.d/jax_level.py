"""The lower level as JAX is used by those who know it: a scan that keeps all states, and a loop of vjps back from k̄.

Liu et al. 2021, Algorithm 1. Nothing here is compiled by itself: the callers compile one upper iteration as a whole.
"""
import jax
import jax.numpy as jnp
from jax import lax


def trajectory(step, value, x, z, steps):
    """The states y_0 … y_K, stacked, and F(y_1) … F(y_K). step(x, y) -> y, value(x, y) -> scalar."""

    def advance(y, _):
        after = step(x, y)
        return after, (y, value(x, after))

    end, (before, values) = lax.scan(advance, z, None, length=steps)
    return jax.tree.map(lambda states, last: jnp.concatenate([states, last[None]]), before, end), values


def chosen_step(values, truncation):
    """k̄: what is asked for, or that of the largest value, the first of equals.

    Every side computes F after every step, whatever k̄ is: what a choice of that length costs. The compiler would leave
    out values that nothing needs; it doesn't know that the minimum is always the first of the two.
    """
    largest = jnp.argmax(values)
    return largest + 1 if truncation == "pessimistic" else jnp.minimum(truncation, largest + len(values))


def hypergradient(step, value, x, states, chosen):
    """F(x, y_k̄), its derivative by x and by y_0: direct gradient plus the responses of k̄ steps."""
    at = lambda k: jax.tree.map(lambda all_states: lax.dynamic_index_in_dim(all_states, k, keepdims=False), states)
    result, (direct, adjoint) = jax.value_and_grad(value, argnums=(0, 1))(x, at(chosen))

    def back(i, carry):
        gradient, adjoint = carry
        _, pull = jax.vjp(step, x, at(chosen - 1 - i))
        by_x, by_y = pull(adjoint)
        return jax.tree.map(jnp.add, gradient, by_x), by_y

    gradient, adjoint = lax.fori_loop(0, chosen, back, (direct, adjoint))
    return result, gradient, adjoint


def cross_entropies(logits, one_hot):
    """[n] of logits and labels [n, classes]."""
    return jax.nn.logsumexp(logits, axis=1) - jnp.sum(logits * one_hot, axis=1)


def adam(rate):
    """Kingma and Ba 2015: (initial state of a tree, update(gradient, state, tree) -> (tree, state))."""

    def initial(tree):
        zeros = jax.tree.map(jnp.zeros_like, tree)
        return zeros, zeros, jnp.zeros((), jnp.int32)

    def update(gradient, state, tree):
        first, second, count = state
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        move = lambda p, m, v: p - rate * (m / (1 - 0.9 ** count)) / (jnp.sqrt(v / (1 - 0.999 ** count)) + 1e-8)
        return jax.tree.map(move, tree, first, second), (first, second, count)

    return initial, update
