"""The parts of the entries of `evaluation.json`: figures and identities that several entries hold."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of everything in an entry: immutable, with checked types, and with a JSON form."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    def to_json(self) -> dict[str, Any]:
        """The fields that were set, as values that `json.dump` can write."""
        return self.model_dump(exclude_unset=True)


class ClassifierIdentity(Record):
    """The classifier, or other extractor of features, in whose features a quality was measured.

    Attributes:
        name: of the data set that the classifier was trained on, or of the network.
        sha256: of its weights.
        test_accuracy: fraction of correct classes on the test split; None for a network of other classes.
    """

    name: str
    sha256: str
    test_accuracy: float | None = None


class QualityFigures(Record):
    """Distances between two sets of images of equal size; see `tfgen.metrics.set_distances`.

    Attributes:
        frechet_classifier_distance: None in the features of a network that is no classifier of the data.
        fid: the Fréchet distance in the features of an Inception network; None in those of a classifier.
        class_histogram, kl_to_uniform, kl_to_data: of a classifier's classes; in nats; None where a divergence is
            infinite.
        confidently_classified: share of images to whose class the classifier gives a probability of at least 0.95.
    """

    frechet_classifier_distance: float | None = None
    fid: float | None = None
    kid: float | None = None
    kid_standard_deviation: float | None = None
    kid_subsets: int | None = None
    kid_subset_size: int | None = None
    precision: float | None = None
    recall: float | None = None
    density: float | None = None
    coverage: float | None = None
    class_histogram: list[int] | None = None
    kl_to_uniform: float | None = None
    kl_to_data: float | None = None
    confidently_classified: float | None = None


class InversionErrors(Record):
    """Errors |x − f(f⁻¹(x))| over the values of a set of images in [0, 1], or of points.

    Attributes:
        count: number of examples.
        largest, mean: over all values of all examples.
    """

    count: int
    largest: float
    mean: float


class NearestDistances(Record):
    """Distances of samples and of test images to the nearest training image.

    Attributes:
        distance, test_distance: medians over the samples and over the test images.
        ratio, test_ratio: medians of the distance over that training image's distance to its own nearest neighbour.
        near: fraction of the samples below the 1st percentile of the test images' ratios.
        samples_nearer_than_99_percent_of_heldout: fraction of the samples that are nearer to a training image than 99 %
            of the test images are, by the distance itself.
    """

    distance: float
    test_distance: float
    ratio: float
    test_ratio: float
    near: float
    samples_nearer_than_99_percent_of_heldout: float | None = None


class NearPair(Record):
    """A sample, given by its seed, and the training image nearest to it, given by its position."""

    seed: int
    training_image: int
    distance: float
    ratio: float


class Machine(Record):
    """The machine on which a time was measured.

    Attributes:
        cores: number of cores that the process may use; None where the system does not tell.
        devices: TensorFlow's names of the physical devices.
    """

    processor: str
    cores: int | None
    devices: list[str]
