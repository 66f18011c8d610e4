"""`python train.py`: from the command line to a finished run."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import RunError, reported
from tfgen.options import Request, parse

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs import Run


def main(argv: Sequence[str] | None = None) -> None:
    """Train as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    request = parse(argv)
    with reported():
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        train(request)


def train(request: Request) -> "Run | None":
    """Make or reopen the run and train it to its last epoch; None after a dry run."""
    import keras

    from tfgen.data.batches import Batches
    from tfgen.metrics.likelihood import yardstick
    from tfgen.models import build
    from tfgen.runs import Run
    from tfgen.training.optimizers import make_optimizer

    run = _reopen(request) if request.resume else None
    config = run.config if run else request.config
    assert config is not None
    preview = run or Run(Path(request.out), config)
    dataset = preview.dataset
    batches = Batches(dataset.train.examples, config.train.batch_size, config.train.seed)
    keras.utils.set_random_seed(config.train.seed)
    model = build(config, dataset.event_shape, dataset.levels)
    model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    yardsticks = {}
    if model.is_image and model.can("log_prob"):
        yardsticks["bits_per_dim"] = yardstick(model, dataset.train.examples, dataset.test.examples)
    _describe(config, dataset, batches, model, yardsticks)
    if request.dry_run:
        return None
    if run is None:
        run = Run.create(request.out, config)
        model.initialize_from(batches.at(0))
    print(f"run        {run.path}", flush=True)
    _fit(run, dataset, batches, model, yardsticks, resumed=request.resume is not None)
    _finish(run)
    return run


def _reopen(request: Request) -> "Run":
    from tfgen.files import write_json
    from tfgen.runs import Run

    run = Run.open(request.resume or "")
    if request.epochs is not None and request.epochs != run.config.train.epochs:
        if run.config.train.schedule == "cosine":
            raise RunError(
                f"--epochs: expected {run.config.train.epochs}, as the run was planned: its cosine schedule depends on "
                f"it. Received: {request.epochs}"
            )
        run = Run(run.path, run.config.with_options({"epochs": request.epochs}))
        if not request.dry_run:
            write_json(run.path / "config.json", run.config.to_dict())
    return run


def uses_xla(config: "RunConfig", model: "GenerativeModel") -> bool:
    """Whether the step is compiled: on CPUs it pays for fully connected networks, not for convolutions."""
    return model.is_fully_connected if config.train.xla == "auto" else config.train.xla == "on"


def _describe(config, dataset, batches, model, yardsticks) -> None:
    sizes = [len(split) if split is not None else 0 for split in (dataset.train, dataset.validation, dataset.test)]
    shape = "×".join(map(str, dataset.event_shape))
    levels = f", {dataset.levels} levels" if dataset.levels else ""
    print(f"data       {dataset.name}, {shape}{levels}; training {sizes[0]}, validation {sizes[1]}, test {sizes[2]}")
    weights = sum(int(variable.shape.num_elements() or 1) for variable in model.trainable_variables)
    print(f"model      {config.model}, preset {config.preset}, {weights:,} weights")
    print(
        f"training   {config.train.epochs} epochs of {batches.steps_per_epoch} steps, batch {batches.batch_size}, "
        f"seed {config.train.seed}, XLA {'on' if uses_xla(config, model) else 'off'}"
    )
    for name, value in yardsticks.items():
        print(f"yardstick  {name.replace('_', ' ')} of pixel marginals on the test set: {value:.4f}")
    sys.stdout.flush()


def _fit(run: "Run", dataset, batches, model, yardsticks, resumed: bool) -> None:
    from tfgen.files import remove_partial
    from tfgen.training import callbacks
    from tfgen.training.loop import Loop

    config = run.config.train
    validation = dataset.validation
    loop = Loop(
        model,
        batches,
        None if validation is None else validation.examples,
        config.epochs,
        run.path / "checkpoints",
        xla=uses_xla(run.config, model),
        resume_hint=f"Go on with: python train.py --resume {run.path}",
    )
    if resumed:
        remove_partial(run.path)
        loop.restore()
        run.keep_metrics(int(loop.epoch.numpy()))
    loop.run(
        [
            callbacks.MetricsFile(run),
            callbacks.BestModel(run, validated=validation is not None and model.can("log_prob")),
            callbacks.TensorBoard(run),
            callbacks.SampleGrids(run, None if dataset.is_images else dataset.test.examples),
            callbacks.Curves(run, yardsticks),
            callbacks.Progress(config.epochs, batches.steps_per_epoch, loop.step),
        ]
    )


def _finish(run: "Run") -> None:
    """Pictures and, where there is a likelihood, the test set's, of the best model."""
    from tfgen.evaluate import evaluate, summary
    from tfgen.interpolate import interpolation
    from tfgen.plots.manifold import save_manifold

    model = run.load_model()
    if model.is_image:
        interpolation(model, run.path / "interpolation.png", pairs=4, steps=7, seed=0)
        if model.latent_shape == (2,):
            save_manifold(model, run.path / "manifold.png")
    if run.config.train.evaluate_test and model.can("log_prob"):
        print(summary(evaluate(run, model=model)))
    print(f"done       {run.path}: samples/, curves.png, metrics.jsonl, model.keras")
