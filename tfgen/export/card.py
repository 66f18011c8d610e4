"""The model card: what a model was trained on, how good it is, and what it should not be used for."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen.data import NAMES, POINT_NAMES
from tfgen.export import parity
from tfgen.export.signatures import signatures
from tfgen.files import replacing

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: What tfgen knows of the data sets that it has names for: description, licence.
DATA = {
    "digits": (
        "scikit-learn's handwritten digits, 1,797 images of 8×8 pixels with 17 levels (UCI, Alpaydin and Kaynak, 1998)",
        "CC BY 4.0 (UCI Machine Learning Repository)",
    ),
    "mnist": (
        "MNIST, 70,000 handwritten digits of 28×28 pixels with 256 levels (LeCun, Cortes, Burges)",
        "CC BY-SA 3.0, as Keras states it for the copy that it distributes",
    ),
    "fashion_mnist": (
        "Fashion-MNIST, 70,000 pictures of Zalando's articles, 28×28 pixels with 256 levels (Xiao, Rasul, Vollgraf)",
        "MIT",
    ),
    "stacked_mnist": (
        "three digits of MNIST (LeCun, Cortes, Burges) as the colours of an image of 28×28 pixels with 256 levels",
        "CC BY-SA 3.0, as Keras states it for the copy of MNIST that it distributes",
    ),
    **{name: (f"points of the 2-D density {name!r}, drawn by tfgen", "none needed") for name in POINT_NAMES},
}
UNKNOWN = "not known to tfgen: state it before passing this model on"


def write_card(run: "Run", model: "GenerativeModel", report: dict[str, dict[str, Any]], path: str | Path) -> None:
    """Write the card of a run's model as Markdown, atomically.

    Args:
        run: its configuration, versions and evaluation are told.
        model: loaded.
        report: artefact → its part of `parity.json`.
        path: of the card.
    """
    with replacing(path) as fresh:
        fresh.write_text("\n\n".join(sections(run, model, report)) + "\n")


def sections(run: "Run", model: "GenerativeModel", report: dict[str, dict[str, Any]]) -> list[str]:
    """The parts of the card."""
    config, train, data = run.config, run.config.train, run.config.data.data
    description, licence = DATA.get(data, (f"the user's own, {Path(data).name!r}", UNKNOWN))
    shape = "×".join(map(str, model.event_shape))
    what = f"images of {shape} values" if model.is_image else f"points of {shape} coordinates"
    return [
        f"# {run.path.name}",
        f"A {type(model).__name__} of {what}, trained by tfgen. It answers: {', '.join(signatures(model))}.",
        f"## Data\n\n- {description}\n- licence: {licence}",
        f"## Training\n\n- preset `{config.preset}`: {train.epochs} epochs, batches of {train.batch_size}, "
        f"{train.optimizer}, learning rate {train.learning_rate:g}, seed {train.seed}\n"
        f"- architecture: `{json.dumps(config.architecture.to_dict())}`\n"
        f"- packages: {packages(run)}",
        f"## Metrics\n\n{metrics(run, model)}",
        f"## Signatures\n\n{signature_table(model)}\n\nImages are float32 in [0, 1]. One seed is one picture, in every "
        "format and batch. Temperatures are clipped to [0, 10], images to [0, 1]; NaN counts as 1 or 0.",
        f"## Equality with the Keras model\n\n{parity.table(report)}\n\nLatency: median of a request of one row on one "
        "thread, on the machine of the export.",
        *statistics(report),
        f"## Limits\n\n{limits(model, data)}",
    ]


def packages(run: "Run") -> str:
    """What the run was trained with."""
    try:
        found = json.loads((run.path / "versions.json").read_text())
    except (OSError, ValueError):
        return "not recorded"
    return ", ".join(f"{name} {version}" for name, version in found.items())


def metrics(run: "Run", model: "GenerativeModel") -> str:
    """The figures of `evaluation.json`: likelihoods, each with its estimator, and sample quality beside its floor."""
    from tfgen.evaluation.evaluate import quality_summary, summary
    from tfgen.runs.evaluations import recorded

    found = recorded(run)
    try:
        lines = [f"- {summary(entry)}" for entry in found.get("likelihood", [])]
        quality = [f"```\n{quality_summary(entry)}\n```" for entry in found.get("quality", [])]
    except (KeyError, TypeError, ValueError):
        lines, quality = [], []
    if not model.can("log_prob"):
        lines = [f"- likelihood: {model.undefined['log_prob']}"]
    elif not lines:
        lines = [f"- not measured: tfgen evaluate {run.path.name}"]
    return "\n".join(lines) + "".join(f"\n\n{part}" for part in quality)


def signature_table(model: "GenerativeModel") -> str:
    """Names, inputs and outputs."""
    lines = ["| signature | inputs |", "|---|---|"]
    for name, signature in signatures(model).items():
        shapes = [
            f"{key} {spec.dtype.name} [{', '.join(['n', *map(str, spec.shape[1:])])}]"
            for key, spec in signature.inputs.items()
        ]
        lines.append(f"| `{name}` | {'; '.join(shapes)} |")
    return "\n".join(lines)


def statistics(report: dict[str, dict[str, Any]]) -> list[str]:
    """What quantization has changed, or nothing where nothing is quantized."""
    lines = [
        f"| {artefact} | {name} | {values['keras']:.4f} | {values['export']:.4f} |"
        for artefact, part in report.items()
        for name, values in part.get("statistics", {}).items()
    ]
    if not lines:
        return []
    head = ["| artefact | statistic | Keras | quantized |", "|---|---|---|---|"]
    return ["## What quantization changes\n\n" + "\n".join(head + lines)]


def limits(model: "GenerativeModel", data: str) -> str:
    """What holds for every model here, and what follows from this one's data."""
    lines = [
        f"- It knows {data if data in NAMES else 'its training data'} and nothing else; its samples are evidence of "
        "nothing in the world.",
        "- Samples can resemble training examples. Nothing was done to prevent it.",
    ]
    if model.can("log_prob"):
        lines.append(
            "- A likelihood is no measure of how natural an image is: flows and VAEs give high ones to kinds of images "
            "that they have never seen (Nalisnick et al.: Do deep generative models know what they don't know? ICLR "
            "2019)."
        )
    else:
        lines.append("- A GAN may leave out whole kinds of examples, and no number here would show it.")
    return "\n".join(lines)
