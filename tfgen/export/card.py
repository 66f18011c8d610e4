"""The model card: training data, metrics, signatures, comparison with the Keras model, and limits."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen import pretrained
from tfgen.data import NAMES, POINT_NAMES
from tfgen.data.sets import counted
from tfgen.export.report import parity_table
from tfgen.export.signatures import signatures
from tfgen.files import atomic_write
from tfgen.markdown import markdown_table
from tfgen.runs.keras_run import KerasRun

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Named data set → (description, licence).
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
    "kmnist": (
        "KMNIST, 70,000 handwritten hiragana of 28×28 pixels with 256 levels (Clanuwat et al., CODH)",
        "CC BY-SA 4.0",
    ),
    "emnist": (
        "EMNIST, balanced: 131,600 handwritten digits and letters of 28×28 pixels (Cohen, Afshar, Tapson, van Schaik)",
        "none stated by its authors",
    ),
    "cifar10": (
        "CIFAR-10, 60,000 colour pictures of 32×32 pixels with 256 levels in 10 classes (Krizhevsky)",
        "none stated by its authors",
    ),
    "cifar100": (
        "CIFAR-100, 60,000 colour pictures of 32×32 pixels with 256 levels in 100 classes (Krizhevsky)",
        "none stated by its authors",
    ),
    "stacked_mnist": (
        "three digits of MNIST (LeCun, Cortes, Burges) as the colours of an image of 28×28 pixels with 256 levels",
        "CC BY-SA 3.0, as Keras states it for the copy of MNIST that it distributes",
    ),
    **{name: (f"points of the 2-D density {name!r}, drawn by tfgen", "none needed") for name in POINT_NAMES},
}
UNKNOWN_LICENCE = "not known to tfgen: state it before passing this model on"


def write_card(run: "Run", model: "GenerativeModel", report: dict[str, dict[str, Any]], path: str | Path) -> None:
    """Write the card of a run's model as Markdown, atomically.

    Args:
        run: the run, whose configuration, package versions and evaluation the card states.
        model: the run's model.
        report: artefact → its entry of `parity.json`.
        path: file of the card.
    """
    with atomic_write(path) as temporary:
        temporary.write_text("\n\n".join(sections(run, model, report)) + "\n")


def sections(run: "Run", model: "GenerativeModel", report: dict[str, dict[str, Any]]) -> list[str]:
    """Return the sections of the card as Markdown. For the arguments see `write_card`."""
    config, data = run.config, run.config.data.data
    stated = pretrained.read(run.path).get("licence") if run.is_packed else None
    unknown = ("not known to tfgen", UNKNOWN_LICENCE)
    description, licence = (
        unknown
        if isinstance(run, KerasRun)
        else DATA.get(data, (f"the user's own, {Path(data).name!r}", stated or UNKNOWN_LICENCE))
    )
    shape = "×".join(map(str, model.event_shape))
    conditional = f", conditional on {len(model.classes)} classes" if model.is_conditional else ""
    event = f"images of {shape} values" if model.is_image else f"points of {shape} coordinates"
    return [
        f"# {run.path.name}",
        f"A {type(model).__name__} of {event}{conditional}, trained by tfgen. "
        f"Signatures: {', '.join(signatures(model))}.",
        f"## Data\n\n- {description}\n- licence: {licence}",
        f"## Training\n\n- {_training(run)}\n"
        f"- architecture: `{json.dumps(config.architecture.to_dict())}`\n"
        f"- packages: {packages(run)}",
        f"## Metrics\n\n{metrics(run, model)}",
        f"## Signatures\n\n{signature_table(model)}\n\nImages are float32 in [0, 1]. A seed gives the same picture in "
        "every format and batch. Temperatures are clipped to [0, 10] and images to [0, 1]; NaN becomes temperature 1 "
        f"and pixel 0.{labels(model)}",
        f"## Comparison with the Keras model\n\n{parity_table(report)}\n\nThe latency is the median time of a request "
        "of one row on one thread, on the machine of the export.",
        *statistics(report),
        f"## Limits\n\n{limits(model, data)}",
    ]


def _training(run: "Run") -> str:
    """Return the options of the training, as a sentence without a full stop."""
    if isinstance(run, KerasRun):
        return f"not known: the model was read from the file {run.path.name}"
    train = run.config.train
    return (
        f"preset `{run.config.preset}`: {counted(train.epochs, 'epoch')}, batches of {train.batch_size}, "
        f"{train.optimizer}, learning rate {train.learning_rate:g}, seed {train.seed}"
    )


def packages(run: "Run") -> str:
    """Return the names and versions of the packages that the run was trained with."""
    try:
        versions = json.loads((run.path / "versions.json").read_text())
    except (OSError, ValueError):
        return "not recorded"
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def metrics(run: "Run", model: "GenerativeModel") -> str:
    """Return the entries of `evaluation.json`: likelihoods with their estimators, and sample quality."""
    from tfgen.evaluation.report import likelihood_summary, quality_summary
    from tfgen.runs.evaluations import read_entries

    found = read_entries(run, skip_damaged=True)
    try:
        lines = [f"- {likelihood_summary(entry)}" for entry in found.get("likelihood", [])]
        quality = [f"```\n{quality_summary(entry)}\n```" for entry in found.get("quality", [])]
    except (KeyError, TypeError, ValueError):
        lines, quality = [], []
    if not model.can("log_prob"):
        lines = [f"- likelihood: {model.undefined['log_prob']}"]
    elif not lines:
        lines = [f"- not measured: tfgen evaluate {run.path.name}"]
    return "\n".join(lines) + "".join(f"\n\n{part}" for part in quality)


def signature_table(model: "GenerativeModel") -> str:
    """Return a Markdown table of the signatures and their inputs."""
    rows = []
    for name, signature in signatures(model).items():
        shapes = [
            f"{key} {spec.dtype.name} [{', '.join(['n', *map(str, spec.shape[1:])])}]"
            for key, spec in signature.inputs.items()
        ]
        rows.append((f"`{name}`", "; ".join(shapes)))
    return markdown_table(("signature", "inputs"), rows)


def labels(model: "GenerativeModel") -> str:
    """Return a paragraph about the input `label` and the classes, or an empty text for a model without labels."""
    if not model.is_conditional:
        return ""
    shares = zip(model.classes, model.class_frequencies, strict=True)
    rows = [(str(index), name, f"{share:.1%}") for index, (name, share) in enumerate(shares)]
    return (
        "\n\nA label is the index of a class. −1 stands for no class: `sample` and `interpolate` draw the class by the "
        "seed from the class frequencies, `decode`, `encode` and `reconstruct` use the most frequent class, and "
        "likelihoods are marginal. Larger labels than the last class become the last class.\n\n"
        f"{markdown_table(('label', 'class', 'frequency'), rows)}"
    )


def statistics(report: dict[str, dict[str, Any]]) -> list[str]:
    """Return the section about the effect of quantization, or an empty list if no artefact is quantized."""
    rows = [
        (artefact, name, f"{values['keras']:.4f}", f"{values['export']:.4f}")
        for artefact, entry in report.items()
        for name, values in entry.get("statistics", {}).items()
    ]
    if not rows:
        return []
    return ["## Effect of quantization\n\n" + markdown_table(("artefact", "statistic", "Keras", "quantized"), rows)]


def limits(model: "GenerativeModel", data: str) -> str:
    """Return the limits that hold for every model and those that depend on the family."""
    lines = [
        f"- The model represents {data if data in NAMES else 'its training data'} only. A sample is not evidence that "
        "something exists.",
        "- Samples can resemble training examples. Nothing was done to prevent it.",
    ]
    if model.can("log_prob"):
        lines.append(
            "- A high likelihood does not mean that an image is natural: flows and VAEs can assign high likelihoods to "
            "kinds of images that are not in the training data (Nalisnick et al.: Do deep generative models know what "
            "they don't know? ICLR 2019)."
        )
    else:
        lines.append("- A GAN can omit whole kinds of examples, and no metric in this card shows that.")
    return "\n".join(lines)
