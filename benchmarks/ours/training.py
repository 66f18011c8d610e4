"""The training step of tfgen and its parts: data, losses, and losses with gradients."""

from collections.abc import Callable
from typing import Any

from benchmarks.ceilings import ceilings
from benchmarks.networks import Network
from benchmarks.ours.model import prepared


def prepare(network: Network) -> tuple[dict[str, Any], dict[str, Callable[[int], Any]]]:
    """Return facts about the network, and the functions to time by name; each takes a number of steps.

    step          a training step, with XLA or without as `--xla auto` decides
    other step    the same with XLA if that decided against XLA, and vice versa
    products      the step without XLA and with products in bfloat16, as `--precision bfloat16_products` makes it
    data          the batch alone
    noise         the batch and the random numbers of every optimizer step
    forward       the batch and the losses of every optimizer step
    gradients     the batch, the losses and their gradients
    product, convolution, copy    see `benchmarks.ceilings`
    """
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    from benchmarks.ours.parts import parts
    from tfgen.evaluation.cost import training_bytes, training_flops
    from tfgen.models.weights import count_weights
    from tfgen.training.compiled import compile_training
    from tfgen.training.prepare import uses_xla

    model, batches = prepared(network)
    xla = uses_xla(network.config, model)
    other, other_batches = prepared(network)
    tops = ceilings(getattr(network.config.architecture, "width", 64))
    facts = {
        "weights": count_weights(model.trainable_variables),
        "batch size": network.batch_size,
        "xla": xla,
        "operations an image": training_flops(model, network.batch_size),
        "bytes written an image": training_bytes(model, network.batch_size),
        "ceilings": {name: top.amount for name, top in tops.items()},
    }
    steps = {"step": _steps(compile_training(model, batches, xla))}
    steps["other step"] = _steps(compile_training(other, other_batches, not xla))
    in_bfloat16, its_batches = prepared(network)
    steps["products"] = _steps(compile_training(in_bfloat16, its_batches, xla=False, bfloat16_products=True))
    return facts, steps | parts(model, batches, xla) | {name: top.run for name, top in tops.items()}


def _steps(run: Callable) -> Callable[[int], None]:
    import tensorflow as tf

    return lambda count: run(tf.constant(count, tf.int64)).numpy()
