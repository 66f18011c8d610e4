"""The typed entries of a run's `evaluation.json`, one class for each kind of measurement.

Every entry names the epoch after which the run was measured. A field that an earlier version of tfgen did not write
is None; `to_json` leaves such a field out again and keeps fields that this version does not know.

The classes are pydantic models because pydantic checks nested fields and names the field that does not fit.
"""

from typing import Any, ClassVar, Self

from pydantic import AliasChoices, Field, ValidationError, model_validator

from tfgen.errors import RunError
from tfgen.runs.records import (
    ClassifierIdentity,
    InversionErrors,
    Machine,
    NearestDistances,
    NearPair,
    QualityFigures,
    Record,
)


class Entry(Record):
    """Base of all kinds of entries.

    Attributes:
        kind: name of the entry's list in `evaluation.json`.
        identity: fields that tell two measurements of this kind apart. A new entry replaces the one that is equal in
            all of them; without any, there is one entry of the kind.
        epoch: number of complete epochs when the run was measured.
        seconds: duration of the measurement.
    """

    kind: ClassVar[str]
    identity: ClassVar[tuple[str, ...]]

    epoch: int | None = None
    seconds: float | None = None

    @property
    def key(self) -> tuple:
        """The values of `identity`. A seed that an earlier version did not record was 0."""
        return tuple((getattr(self, name) or 0) if name == "seed" else getattr(self, name) for name in self.identity)

    @classmethod
    def from_json(cls, content: Any, source: object = "evaluation.json") -> Self:
        """Read an entry.

        Args:
            content: what `to_json` returned, or the file of an earlier version holds.
            source: the file, for the message.

        Raises:
            RunError: naming the first field that is missing or of the wrong type.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            reason = first["msg"].removeprefix("Value error, ")
            received = "nothing" if first["type"] == "missing" else repr(first["input"])[:80]
            raise RunError(
                f"Expected {cls.kind} entries as tfgen writes them in {source}. Received for {field or 'an entry'}: "
                f"{received} ({reason[0].lower()}{reason[1:]})"
            ) from None


class LikelihoodEntry(Entry):
    """The mean log-likelihood of a split.

    Attributes:
        split: "train", "validation" or "test".
        estimator: in words; every estimator but "exact" gives a lower bound of the log-likelihood.
        samples: latent or dequantization samples for each example.
        examples: number of examples.
        seed: of the estimator's noise.
        log_prob_nats, log_prob_nats_standard_error: mean over the examples, in nats per example, and its error, which
            is None for a single example.
        bits_per_dim, bits_per_dim_standard_error: the same of images, as −log₂ p per dimension.
        bits_per_dim_percentiles: 0th to 100th percentile of the bits/dim of single images.
        levels, dimensions: intensity levels that the likelihood observes, and values per image; None for points.
        binarization: how pixels were binarized before the model observed them.
        pixel_marginal_bits_per_dim: bits/dim of the baseline of independent pixels.
        true_log_prob_nats: of points, the mean of the true log-density.
        weights: of a packed model, what the entry was measured with, where that is not the packed weights.
        conditional: True if the likelihood is p(x|y) with the labels of the examples.
        augmentation: random changes of the training images (`--augment`), whose distribution the model learned; None
            for unchanged training images.
    """

    kind: ClassVar[str] = "likelihood"
    identity: ClassVar[tuple[str, ...]] = ("split", "samples", "examples", "seed")

    split: str
    estimator: str
    samples: int
    examples: int | None = None
    seed: int | None = None
    log_prob_nats: float | None = None
    log_prob_nats_standard_error: float | None = None
    bits_per_dim: float | None = None
    bits_per_dim_standard_error: float | None = None
    bits_per_dim_percentiles: list[float] | None = None
    levels: int | None = None
    dimensions: int | None = None
    pixel_marginal_bits_per_dim: float | None = None
    binarization: str | None = None
    true_log_prob_nats: float | None = None
    weights: str | None = None
    conditional: bool | None = None
    augmentation: str | None = None

    @model_validator(mode="after")
    def _has_a_likelihood(self) -> Self:
        if self.log_prob_nats is None and self.bits_per_dim is None:
            raise ValueError("log_prob_nats or bits_per_dim is missing")
        return self


class InversionEntry(Entry):
    """How far the decoding of an encoded example is from the example, of a flow.

    Attributes:
        seed: of the images of noise.
        examples: the errors of the split.
        noise, black, white: the errors of images of noise, of the black and of the white image; None for points.
    """

    kind: ClassVar[str] = "inversion"
    identity: ClassVar[tuple[str, ...]] = ("split", "seed")

    split: str
    seed: int
    examples: InversionErrors
    noise: InversionErrors | None = None
    black: InversionErrors | None = None
    white: InversionErrors | None = None

    @property
    def key(self) -> tuple:
        """The values of `identity`, and the number of examples."""
        return *super().key, self.examples.count


class QualityEntry(Entry, QualityFigures):
    """Distances of a model's samples from real images.

    Attributes:
        split: of the real images.
        seed: of the first sample.
        temperature: of the samples.
        classifier: in whose features the distances are measured.
        samples: number of samples, and of real images.
        pictures: what was measured: "samples", or "means of p(x|z)".
        real_reference: the same figures of other real images in place of samples, which no model can be expected to
            beat. Earlier versions wrote this field as "floor".
    """

    kind: ClassVar[str] = "quality"
    identity: ClassVar[tuple[str, ...]] = ("split", "samples", "seed", "temperature", "classifier")

    split: str
    seed: int | None = None
    temperature: float
    classifier: ClassifierIdentity
    samples: int
    pictures: str
    real_reference: QualityFigures = Field(validation_alias=AliasChoices("real_reference", "floor"))


class MemorizationEntry(Entry):
    """How near samples are to training images; see `tfgen.evaluation.memorization`.

    Attributes:
        samples: number of samples, and of test images.
        seed: of the first sample.
        training_examples: number of training images.
        pixels, features: distances between images in [0, 1], and between a classifier's features of them.
        pairs: the samples with the smallest ratios in pixels, with their training images.
        picture: a PNG in base64: these samples above their training images.
        classifier: in whose features `features` was measured.
    """

    kind: ClassVar[str] = "memorization"
    identity: ClassVar[tuple[str, ...]] = ()

    samples: int
    seed: int
    training_examples: int | None = None
    pixels: NearestDistances
    features: NearestDistances | None = None
    pairs: list[NearPair] | None = None
    picture: str | None = None
    classifier: ClassifierIdentity | None = None


class ClassificationEntry(Entry):
    """Classification of a split by Bayes' rule, p(y|x) ∝ p(x|y) p(y); see `tfgen.metrics.classification`.

    Attributes:
        split: "train", "validation" or "test".
        estimator, samples, seed: of the likelihood p(x|y).
        examples: number of examples.
        classes: number of classes.
        accuracy, accuracy_standard_error: fraction of examples whose label is the most probable class, and its error.
        expected_calibration_error: mean difference of confidence and accuracy over `bins` bins of the confidence.
        log_loss: mean of −log p(y|x) of the label, in nats.
    """

    kind: ClassVar[str] = "classification"
    identity: ClassVar[tuple[str, ...]] = ("split", "samples", "examples", "seed")

    split: str
    estimator: str
    samples: int
    seed: int | None = None
    examples: int
    classes: int
    accuracy: float
    accuracy_standard_error: float
    expected_calibration_error: float
    bins: int
    log_loss: float | None = None


class ClassSamplesEntry(Entry):
    """Samples of each class of a conditional model, seen by a classifier.

    Attributes:
        split: of the real images.
        seed: of the first sample.
        temperature: of the samples.
        classifier: which finds the classes, and in whose features the distances are measured.
        samples: number of samples of all classes together.
        classes: names of the classes.
        class_agreement: fraction of the samples in which the classifier finds the class that was asked for.
        agreement_by_class: the same fraction of each class.
        real_agreement: fraction of as many real images in which the classifier finds the label.
        samples_by_class: number of samples of each class, and of its real images that they are compared with.
        frechet_distance_by_class: Fréchet classifier distance of each class; None for a class with too few images.
        mean_frechet_distance: mean over the classes that have one.
        mean_real_frechet_distance: the same mean for other real images in place of samples.
    """

    kind: ClassVar[str] = "class_samples"
    identity: ClassVar[tuple[str, ...]] = ("split", "samples", "seed", "temperature", "classifier")

    split: str
    seed: int
    temperature: float
    classifier: ClassifierIdentity
    samples: int
    classes: list[str]
    class_agreement: float
    agreement_by_class: list[float]
    real_agreement: float | None = None
    samples_by_class: list[int]
    frechet_distance_by_class: list[float | None]
    mean_frechet_distance: float | None = None
    mean_real_frechet_distance: float | None = None


class CostEntry(Entry):
    """What a model costs to train and to sample.

    Attributes:
        weights: number of trainable weights.
        training_flops_per_example: floating-point operations of a training step for each example.
        sampling_seconds_per_example: seconds that an image takes in a batch of `sampling_batch`, median of
            `sampling_repeats`.
        machine: where the seconds were measured.
    """

    kind: ClassVar[str] = "cost"
    identity: ClassVar[tuple[str, ...]] = ()

    weights: int | None = None
    training_flops_per_example: float | None = None
    sampling_seconds_per_example: float | None = None
    sampling_batch: int | None = None
    sampling_repeats: int | None = None
    machine: Machine | None = None


#: Kind of an entry → its class, in the order of the file.
ENTRIES: dict[str, type[Entry]] = {
    cls.kind: cls
    for cls in (
        LikelihoodEntry,
        QualityEntry,
        ClassificationEntry,
        ClassSamplesEntry,
        CostEntry,
        MemorizationEntry,
        InversionEntry,
    )
}
