"""Entries of `evaluation.json` as text."""

from tfgen.runs.entries import (
    ClassificationEntry,
    ClassifierIdentity,
    ClassSamplesEntry,
    InversionEntry,
    LikelihoodEntry,
    MemorizationEntry,
    QualityEntry,
)

#: Metric of sample quality in the features of a classifier → its title and number format.
QUALITY_METRICS = {
    "frechet_classifier_distance": ("Fréchet classifier distance", ".2f"),
    "kid": ("KID", ".4f"),
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "density": ("density", ".3f"),
    "coverage": ("coverage", ".3f"),
    "kl_to_uniform": ("KL of classes to uniform", ".4f"),
    "kl_to_data": ("KL of classes to the data's", ".4f"),
    "confidently_classified": ("confidently classified", ".3f"),
}
#: The same in the features of an Inception network, which has no classes of the data.
INCEPTION_METRICS = {
    "fid": ("FID", ".2f"),
    **{name: QUALITY_METRICS[name] for name in ("kid", "precision", "recall", "density", "coverage")},
}


def likelihood_summary(entry: LikelihoodEntry) -> str:
    """Return a likelihood as one line: the value, its standard error, the baseline and the estimator."""
    # The entry of a packed model may have been measured before its weights were rounded (`tfgen pack`).
    weights = "" if entry.weights is None else f"; {entry.weights}"
    value = _points_value(entry) if entry.bits_per_dim is None else _images_value(entry)
    given = " given the class" if entry.conditional else ""
    # A seed that the user chose tells two entries apart.
    seed = f"; seed {entry.seed}" if entry.seed else ""
    changed = "" if entry.augmentation is None else f"; training images changed by {entry.augmentation}"
    return f"{entry.split:<10} {value}{given}; {entry.estimator}; {entry.examples} examples{seed}{changed}{weights}"


def _images_value(entry: LikelihoodEntry) -> str:
    observed = f"{entry.levels} levels" + ("" if entry.binarization is None else f", {entry.binarization}")
    bits, error, baseline = (
        _number(value, ".4f")
        for value in (entry.bits_per_dim, entry.bits_per_dim_standard_error, entry.pixel_marginal_bits_per_dim)
    )
    nats = _number(entry.log_prob_nats, ".2f", -1.0)
    return f"{bits} ± {error} bits/dim ({nats} nats; {observed}; independent pixels {baseline})"


def _points_value(entry: LikelihoodEntry) -> str:
    true = "" if entry.true_log_prob_nats is None else f"; the true density: {-entry.true_log_prob_nats:.4f}"
    nats, error = _number(entry.log_prob_nats, ".4f", -1.0), _number(entry.log_prob_nats_standard_error, ".4f")
    return f"NLL {nats} ± {error} nats{true}"


def _number(value: float | None, form: str, factor: float = 1.0) -> str:
    """Format `factor` times a value, or a value that an earlier version did not record."""
    return "–" if value is None else format(factor * value, form)


def inversion_summary(entry: InversionEntry) -> str:
    """Return the inversion errors as one line."""
    names = {"examples": "examples", "noise": "images of noise", "black": "black image", "white": "white image"}
    parts = [
        f"{errors.largest:.1e} of {errors.count:,} {name}"
        for key, name in names.items()
        if (errors := getattr(entry, key)) is not None
    ]
    return f"{'inversion':<10} largest |x − f(f⁻¹(x))|: {', '.join(parts)}"


def quality_summary(entry: QualityEntry) -> str:
    """Return sample quality as lines: each metric of the samples, next to the same metric of real images."""
    temperature = "" if entry.temperature == 1.0 else f", temperature {entry.temperature:g}"
    lines = [
        f"{entry.split:<10} {entry.samples:,} {entry.pictures}, seeds from {entry.seed}{temperature}, against as many "
        f"real images; {extractor_title(entry.classifier)}; "
        "in the last column, other real images against the same ones"
    ]
    for name, (title, form) in quality_metrics(entry.classifier).items():
        value, reference = (_number(getattr(figures, name), form) for figures in (entry, entry.real_reference))
        lines.append(f"           {title:<28} {value:>9}   real {reference}")
    if entry.class_histogram is not None:
        lines.append(f"           samples of each class         {' '.join(map(str, entry.class_histogram))}")
    return "\n".join(lines)


def quality_metrics(extractor: ClassifierIdentity) -> dict[str, tuple[str, str]]:
    """Return the metrics that are measured in the features of a classifier, or of a network of other classes."""
    return INCEPTION_METRICS if extractor.test_accuracy is None else QUALITY_METRICS


def extractor_title(extractor: ClassifierIdentity) -> str:
    """Return the name of a classifier with its accuracy, or of another network, and the start of its SHA-256."""
    if extractor.test_accuracy is None:
        return f"features of {extractor.name}, Keras's weights {extractor.sha256[:8]}"
    return f"classifier {extractor.name} {extractor.sha256[:8]}, accuracy {extractor.test_accuracy:.4f}"


def classification_summary(entry: ClassificationEntry) -> str:
    """Return accuracy, calibration error and log loss of Bayes' rule as one line."""
    loss = _number(entry.log_loss, ".4f")
    return (
        f"{entry.split:<10} Bayes' rule: accuracy {entry.accuracy:.4f} ± {entry.accuracy_standard_error:.4f}, expected "
        f"calibration error {entry.expected_calibration_error:.4f} ({entry.bins} bins), log loss {loss} nats; "
        f"{entry.estimator}; {entry.examples} examples of {entry.classes} classes"
    )


def class_samples_summary(entry: ClassSamplesEntry) -> str:
    """Return agreement and distance of samples of each class as lines."""
    mean, real = (_number(value, ".2f") for value in (entry.mean_frechet_distance, entry.mean_real_frechet_distance))
    lines = [
        f"{entry.split:<10} {entry.samples:,} samples of requested classes; {extractor_title(entry.classifier)}",
        f"           the classifier finds the requested class in {entry.class_agreement:.4f} of the samples and the "
        f"label in {_number(entry.real_agreement, '.4f')} of the real images",
        f"           mean Fréchet classifier distance of a class {mean}; of other real images {real}",
        "           class: samples, agreement, Fréchet classifier distance",
    ]
    for name, size, agreement, distance in zip(
        entry.classes,
        entry.samples_by_class,
        entry.agreement_by_class,
        entry.frechet_distance_by_class,
        strict=True,
    ):
        lines.append(f"             {name}: {size}, {agreement:.3f}, {_number(distance, '.2f')}")
    return "\n".join(lines)


def memorization_summary(entry: MemorizationEntry) -> str:
    """Return how many samples lie nearer to training images than test images do, as one line."""
    parts = [
        f"{100.0 * nearest.samples_nearer_than_99_percent_of_heldout:.1f} % in {space}"
        for space, nearest in (("pixels", entry.pixels), ("features", entry.features))
        if nearest is not None and nearest.samples_nearer_than_99_percent_of_heldout is not None
    ]
    return (
        f"{'nearest':<10} samples nearer to a training image than 99 % of the test images are: {', '.join(parts)}; "
        f"{entry.samples:,} samples; expected 1 % if nothing was memorized"
    )
