"""Make a finished run small enough to pass on: tfgen pack RUN --name digits-vae --out DIR

`DIR/NAME` holds the weights as float16 and what tells how they came about (`tfgen.pretrained` lists the files). It is
put in place only if the model with the rounded weights answers as the run's does, with weights of 24 bits if those of
16 are too coarse, and of 32 if those are; and what it holds of likelihoods is measured again with the rounded weights.
"""

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen import pretrained
from tfgen.errors import ConfigError, DataError, RunError, UndefinedError
from tfgen.files import write_json

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run


#: What rounding the weights may change at most: a value of a sample, an intensity of the range 0 to 1 or a coordinate;
#: and the mean likelihood, in bits per dimension of images or nats of points.
LARGEST = {"samples": 0.05, "likelihood": 0.002}

#: Samples and examples by which that is measured.
SAMPLES, EXAMPLES = 64, 256

#: A likelihood that took longer than so many seconds is not measured again unless asked.
PATIENCE = 600.0

#: What `evaluation.json` says of a likelihood that was not.
BEFORE = "measured with the run's float32 weights"


def pack(
    run: "Run",
    name: str,
    out: str | Path = ".",
    *,
    about: str | None = None,
    patience: float = PATIENCE,
    report: Callable[[str], Any] = lambda line: None,
) -> "Run":
    """Make `out/name` of a run, whole or not at all.

    Args:
        run: trained.
        name: of the new folder.
        out: where to make it.
        about: one line for those who choose; None for data, family, preset and number of weights.
        patience: seconds that a likelihood may have taken to be measured again.
        report: is told what was found, a line at a time.

    Returns:
        The packed run.

    Raises:
        RunError: if the run is not finished or is a packed one, if the folder exists, or if no format keeps the
            model's answers within `LARGEST`: float32 does, unless a weight is not finite.
        ConfigError: if `out` cannot be written to.
    """
    from tfgen.evaluation.samples import save
    from tfgen.models.weights import inference_variables
    from tfgen.runs.run import Run

    target = _target(run, name, out)
    model = run.load_model()
    with _staging(target) as folder:
        config = without_paths(run.config)
        write_json(folder / "config.json", config.to_dict())
        for file in ("versions.json", "metrics.jsonl"):
            if (run.path / file).is_file():
                shutil.copyfile(run.path / file, folder / file)
        record: dict[str, Any] = {
            "about": about or _about(model, config),
            "commands": _commands(config, name),
            "event_shape": list(model.event_shape),
            "levels": model.levels,
            "weights": {
                "numbers": sum(int(one.shape.num_elements() or 1) for one in inference_variables(model).values())
            },
        }
        # With the run's own configuration, which knows where the data are on this machine.
        packed = Run(folder, run.config)
        rounded = _round(model, run, packed, record, report)
        write_json(folder / pretrained.RECORD, record)
        save(rounded, rounded.sample(SAMPLES, seed=0).numpy(), folder / "samples.png", 0, 1.0)
        _evaluate(run, packed, rounded, patience, report)
        folder.rename(target)
    return Run.open(target)


def _round(
    model: "GenerativeModel", run: "Run", packed: "Run", record: dict[str, Any], report: Callable[[str], Any]
) -> "GenerativeModel":
    """Write the weights in the smallest format that serves, and what it changed into the record; the rounded model."""
    from tfgen.models.weights import FORMATS, save_weights

    objection = ""
    for form in FORMATS:
        try:
            sha256 = save_weights(model, packed.path / pretrained.WEIGHTS, form)
            record["weights"] |= {"format": form, "sha256": sha256}
            write_json(packed.path / pretrained.RECORD, record)
            rounded = packed.load_model()
            record[form] = compare(model, rounded, run, form)
            report("\n".join(f"{form}, {key.replace('_', ' ')}: {value}" for key, value in record[form].items()))
            _check(record[form], form)
        except RunError as error:
            objection = str(error)
            report(objection)
        else:
            return rounded
    raise RunError(objection)


def without_paths(config: "RunConfig") -> "RunConfig":
    """The configuration without folders of the machine that it was trained on: data of one's own keep their name."""
    from tfgen.data import NAMES

    data = config.data
    if data.data not in NAMES:
        data = dataclasses.replace(data, data=f"./{Path(data.data).name}")
    return dataclasses.replace(config, data=dataclasses.replace(data, data_dir=None))


def compare(model: "GenerativeModel", rounded: "GenerativeModel", run: "Run", form: str) -> dict[str, Any]:
    """What rounding the weights changed.

    Args:
        model, rounded: before and after.
        run: its test examples are asked for their likelihood, the model's own samples where the data are not there.
        form: of `tfgen.models.weights.FORMATS`.

    Returns:
        The largest and the mean difference of the samples of the seeds 0 to 63, and of models with a likelihood the
        mean of the first 256 test examples before and after, in bits per dimension (images) or nats (points), by one
        sample of the same noise, and the largest difference of an example.
    """
    import numpy as np

    before, after = (one.sample(SAMPLES, seed=0).numpy() for one in (model, rounded))
    difference = np.abs(before - after)
    found: dict[str, Any] = {
        "samples": SAMPLES,
        "largest_difference_of_samples": float(difference.max()),
        "mean_difference_of_samples": float(difference.mean()),
    }
    if not model.can("log_prob"):
        return found
    try:
        examples, source = run.dataset.test.examples[:EXAMPLES], "test examples"
    except DataError:
        examples, source = model.sample(EXAMPLES, seed=SAMPLES).numpy(), "samples"
    first, second = (
        likelihood.bits_per_dim if model.is_image else -likelihood.nats
        for likelihood in (model.likelihood(examples), rounded.likelihood(examples))
    )
    unit = "bits_per_dim" if model.is_image else "nats"
    return found | {
        "likelihood_of": f"{len(examples)} {source}",
        f"{unit}_float32": float(first.mean()),
        f"{unit}_{form}": float(second.mean()),
        f"largest_difference_of_{unit}": float(np.abs(first - second).max()),
    }


def _check(found: dict[str, Any], form: str) -> None:
    worst = found["largest_difference_of_samples"]
    # Written so that NaN is refused.
    if not worst <= LARGEST["samples"]:
        raise RunError(
            f"Expected samples of {form} weights within {LARGEST['samples']} of the run's. Received: {worst:.4f}"
        )
    for unit in ("bits_per_dim", "nats"):
        if f"{unit}_float32" in found:
            moved = abs(found[f"{unit}_{form}"] - found[f"{unit}_float32"])
            if not moved <= LARGEST["likelihood"]:
                raise RunError(
                    f"Expected {form} weights to move the mean likelihood by at most {LARGEST['likelihood']} "
                    f"{unit.replace('_', ' ')}. Received: {moved:.4f}"
                )


def _evaluate(
    run: "Run", packed: "Run", model: "GenerativeModel", patience: float, report: Callable[[str], Any]
) -> None:
    """Measure again what the run's `evaluation.json` tells, and mark what is only copied."""
    from tfgen.comparison.measure import measure_memorization
    from tfgen.evaluation.classifier import classifier_for, is_shipped
    from tfgen.evaluation.evaluate import evaluate, evaluate_round_trip, evaluate_samples
    from tfgen.runs.evaluations import current

    known = current(run)
    entries = known.get("likelihood", [])
    copied = [{**entry, "weights": BEFORE} for entry in entries]
    write_json(
        packed.path / "evaluation.json", {"run": packed.path.name, "model": run.config.model, "likelihood": copied}
    )
    for entry in entries:
        what = f"likelihood of {entry['split']}, {entry['samples']} samples"
        if entry.get("seconds", 0.0) > patience:
            report(f"{what}: {BEFORE}; it took {entry['seconds']:.0f} s")
            continue
        settings = {key: entry[key] for key in ("split", "samples", "seed")}
        try:
            # A new entry takes the place of the copied one.
            again = evaluate(packed, model=model, **settings)
        except DataError as error:
            report(f"{what}: {BEFORE}; {error}")
            continue
        report(f"{what}: {entry['log_prob_nats']:.4f} nats before, {again['log_prob_nats']:.4f} now")
    for entry in known.get("inversion", []):
        try:
            again = evaluate_round_trip(packed, model=model, split=entry["split"], seed=entry["seed"])
        except DataError as error:
            report(f"inversion of {entry['split']}: not measured again; {error}")
            continue
        before, now = (one["examples"]["largest"] for one in (entry, again))
        report(f"inversion of {entry['split']}: largest error {before:.1e} before, {now:.1e} now")
    for entry in known.get("quality", []):
        settings = {"count": entry["samples"], **{key: entry[key] for key in ("split", "seed", "temperature")}}
        try:
            again = evaluate_samples(packed, model=model, **settings)
        except (DataError, UndefinedError) as error:
            report(f"quality of {entry['samples']} samples: not measured again; {error}")
            continue
        name = "frechet_classifier_distance"
        report(f"quality of {entry['samples']} samples: {name} {entry[name]:.3f} before, {again[name]:.3f} now")
    for entry in known.get("memorization", []):
        what = f"how near {entry['samples']} samples are to training images"
        try:
            dataset = packed.dataset
        except DataError as error:
            report(f"{what}: not measured again; {error}")
            continue
        described = run.config.data.data, dataset.event_shape
        classifier = classifier_for(*described, dataset.levels) if is_shipped(*described) else None
        settings = {"count": entry["samples"], "seed": entry["seed"]}
        again = measure_memorization(packed, model, dataset, classifier, **settings)
        before, now = (one["pixels"]["near"] for one in (entry, again))
        report(f"{what}: {before:.1%} stand out before, {now:.1%} now")


def _about(model: "GenerativeModel", config: "RunConfig") -> str:
    weights = sum(int(variable.shape.num_elements() or 1) for variable in model.trainable_variables)
    shape = "×".join(map(str, model.event_shape[:2] if model.is_image else model.event_shape))
    data = config.data.data.removeprefix("./")
    return f"{data} {shape}: {type(model).__name__}, preset {config.preset}, {weights:,} weights"


def _commands(config: "RunConfig", name: str) -> list[str]:
    from tfgen.config.command import to_command

    train = to_command(config)
    return [train or "trained from Python with config.json", f"tfgen pack RUN --name {name}"]


def _target(run: "Run", name: str, out: str | Path) -> Path:
    target = Path(out) / name
    if run.is_packed:
        raise RunError(f"Expected a run of training. Received: {run.path}, which is packed already")
    # Its configuration and the command made of it would claim epochs that were never trained.
    if (epochs := max((row["epoch"] for row in run.metrics()), default=0)) < run.config.train.epochs:
        raise RunError(
            f"Expected a finished run of {run.config.train.epochs} epochs. Received: {run.path} after {epochs}; go on "
            f"with: python train.py --resume {run.path}"
        )
    if target.exists():
        raise RunError(f"Expected the name of a new folder. Received: {target}, which exists")
    return target


@contextlib.contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder of the target's name, on its disk, that is gone at the end of the `with` block if it is still there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = tempfile.TemporaryDirectory(prefix=".pack-", dir=target.parent)
    except OSError as error:
        raise ConfigError(
            f"--out: expected a folder that can be written to. Received: {target.parent} ({error.strerror})"
        ) from None
    with hidden as made:
        folder = Path(made) / target.name
        folder.mkdir()
        yield folder
