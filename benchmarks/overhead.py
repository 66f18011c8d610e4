"""The speed of the training loop beside that of a bare `tf.function` with the same steps."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.networks import NETWORKS
from benchmarks.summaries import significant, spread

#: Network → steps of an epoch.
OVERHEAD = {"vae-mlp": 1200, "vae-conv": 150, "gan-mlp": 400, "flow-glow": 150}


def overhead(name: str, steps: int, repeats: int) -> dict[str, Any]:
    """Return images/s of the training loop and of a bare `tf.function`, and the loop's loss of speed in percent."""
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import keras
    import tensorflow as tf

    from benchmarks.ours.model import noise
    from tfgen.data.batches import Batches
    from tfgen.models import build
    from tfgen.training.compiled import compile_xla_step
    from tfgen.training.loop import Loop
    from tfgen.training.optimizers import make_optimizer
    from tfgen.training.prepare import uses_xla

    network = NETWORKS[name]
    config, batch = network.config, network.batch_size
    keras.utils.set_random_seed(0)
    model = build(config, network.shape, 256)
    model.compile(make_optimizer(config.train, steps), clip_norm=config.train.clip_norm)
    batches = Batches(noise(network.shape, steps * batch), batch, seed=0)
    model.initialize_from(batches.at(0))
    xla = uses_xla(config, model)
    with tempfile.TemporaryDirectory() as folder:
        # Twice the default interval of checkpoints, because the loop runs half of the time.
        loop = Loop(model, batches, None, repeats + 1, Path(folder), xla=xla, checkpoint_seconds=120.0)
        step = compile_xla_step(model, batches) if xla else model.train_step

        @tf.function
        def bare():
            for _ in tf.range(steps):
                step(batches.at(model.step))

        class Alternate(keras.callbacks.Callback):
            """Runs the steps of one epoch with the bare function after every epoch of the loop."""

            def __init__(self):
                super().__init__()
                self.pairs, self.began = [], 0.0

            def on_epoch_end(self, epoch, logs=None):
                ended, step_count = time.perf_counter(), int(model.optimizer.iterations.numpy())
                bare()
                again = time.perf_counter()
                model.optimizer.iterations.assign(step_count)
                if epoch:  # The first epoch of each kind includes tracing and compilation.
                    self.pairs.append((again - ended, ended - self.began))
                self.began = time.perf_counter()

        alternate = Alternate()
        loop.run([alternate])
    examples = steps * batch
    losses = [100.0 * (1.0 - bare / looped) for bare, looped in alternate.pairs]
    return {
        "bare, images/s": spread([examples / seconds for seconds, _ in alternate.pairs]),
        "loop, images/s": spread([examples / seconds for _, seconds in alternate.pairs]),
        "loss of the loop, %": significant(statistics.median(losses)),
    }
