"""Entries of `evaluation.json` as text."""

from tfgen.runs.entries import InversionEntry, LikelihoodEntry, QualityEntry

#: Metric of sample quality → its title and number format.
QUALITY_METRICS = {
    "frechet_classifier_distance": ("Fréchet classifier distance", ".2f"),
    "kid": ("KID", ".4f"),
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "density": ("density", ".3f"),
    "coverage": ("coverage", ".3f"),
    "kl_to_uniform": ("KL of classes to uniform", ".4f"),
    "kl_to_data": ("KL of classes to the data's", ".4f"),
}


def likelihood_summary(entry: LikelihoodEntry) -> str:
    """Return a likelihood as one line: the value, its standard error, the baseline and the estimator."""
    # The entry of a packed model may have been measured before its weights were rounded (`tfgen pack`).
    weights = "" if entry.weights is None else f"; {entry.weights}"
    value = _points_value(entry) if entry.bits_per_dim is None else _images_value(entry)
    return f"{entry.split:<10} {value}; {entry.estimator}; {entry.examples} examples{weights}"


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
    classifier = entry.classifier
    temperature = "" if entry.temperature == 1.0 else f", temperature {entry.temperature:g}"
    lines = [
        f"{entry.split:<10} {entry.samples:,} {entry.pictures}, seeds from {entry.seed}{temperature}, against as many "
        f"real images; classifier {classifier.name} {classifier.sha256[:8]}, accuracy {classifier.test_accuracy:.4f}; "
        "in the last column, other real images against the same ones"
    ]
    for name, (title, form) in QUALITY_METRICS.items():
        value, reference = (_number(getattr(figures, name), form) for figures in (entry, entry.real_reference))
        lines.append(f"           {title:<28} {value:>9}   real {reference}")
    lines.append(f"           samples of each class         {' '.join(map(str, entry.class_histogram or ()))}")
    return "\n".join(lines)
