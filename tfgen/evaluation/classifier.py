"""A frozen classifier of images, in whose features samples are compared with data.

Distances in these features are not the FID, whose features are those of one particular network trained on photographs.
They must be compared neither with an FID nor with distances in the features of another classifier. Every measurement
therefore records the SHA-256 of the classifier's weights.
"""

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tfgen.errors import DataError
from tfgen.metrics.set_distances import ClassifiedFeatures
from tfgen.runs.entries import ClassifierIdentity

if TYPE_CHECKING:
    from tfgen.data.stored import Images

#: Number of images that are classified at a time.
BATCH = 500


@dataclass(frozen=True)
class ClassifierCard:
    """The description of a classifier, stored as JSON next to its weights.

    Attributes:
        data: name of the data set that the classifier was trained on.
        event_shape: shape (H, W, C) of its images.
        levels: number of intensity levels of its images.
        labels: label of each class, in ascending order.
        label_names: name of each class, None if the data set has no names.
        filters: see `build_network` or `build_whitened_network`.
        architecture: key of `tfgen.evaluation.classifier_recipes.RECIPES`.
        feature_scale: number by which the features of the network are divided.
        test_examples: number of images of the test set.
        test_accuracy: fraction of the test set that is classified correctly.
        weights: number of weights.
        command: the command that trained the classifier.
        sha256: SHA-256 of the weights file, hexadecimal.
    """

    data: str
    event_shape: tuple[int, ...]
    levels: int
    labels: tuple[int, ...]
    filters: int
    architecture: str = "convolutional"
    feature_scale: float = 1.0
    label_names: tuple[str, ...] | None = None
    test_examples: int | None = None
    test_accuracy: float = math.nan
    weights: int | None = None
    command: str | None = None
    sha256: str = ""

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.labels)

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the JSON file."""
        return {**dataclasses.asdict(self), "classes": self.classes}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ClassifierCard":
        """Read the content of the JSON file.

        Raises:
            ValueError: if a value is missing, of another type or out of range.
        """
        return cls(**_CardFile.model_validate_json(json.dumps(values)).model_dump(exclude={"classes"}))


_Side = Annotated[int, Field(ge=1, le=1024)]


class _CardFile(BaseModel):
    """The types and ranges of the values in the JSON file."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    data: str
    event_shape: tuple[_Side, _Side, _Side]
    levels: int = Field(ge=2, le=256)
    classes: int | None = None
    labels: tuple[int, ...] = Field(min_length=2, max_length=100_000)
    filters: int = Field(ge=1, le=256)
    # Files of earlier versions have one architecture and name none.
    architecture: str = "convolutional"
    feature_scale: float = Field(default=1.0, gt=0.0)
    label_names: tuple[str, ...] | None = None
    test_examples: int | None = Field(default=None, ge=0)
    test_accuracy: float = Field(ge=0.0, le=1.0)
    weights: int | None = Field(default=None, ge=0)
    command: str | None = None
    sha256: str

    @model_validator(mode="after")
    def _numbers_of_classes_agree(self) -> Self:
        if list(self.labels) != sorted(set(self.labels)):
            raise ValueError(f"labels: expected different numbers in ascending order. Received: {self.labels[:10]}")
        names = self.label_names
        if self.classes not in (None, len(self.labels)) or (names is not None and len(names) != len(self.labels)):
            raise ValueError(
                f"labels: expected as many as classes and names. Received: {len(self.labels)} labels, "
                f"{self.classes} classes and {'no' if names is None else len(names)} names"
            )
        return self


@dataclass(frozen=True)
class Classifier:
    """A frozen classifier.

    Attributes:
        network: see `tfgen.evaluation.classifier_recipes.build_classifier_network`.
        card: its description.
        name: name of its file without the suffix.
    """

    network: Any
    card: ClassifierCard = field(repr=False)
    name: str

    @property
    def identity(self) -> ClassifierIdentity:
        """The part of the card that every measurement records: name, SHA-256 of the weights and test accuracy."""
        return ClassifierIdentity(name=self.name, sha256=self.card.sha256, test_accuracy=self.card.test_accuracy)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.card.classes

    def classify(self, images: "Images | Iterable[np.ndarray]") -> ClassifiedFeatures:
        """Return features and class of each image.

        Args:
            images: uint8 images [n, H, W, C] with the levels of the data, or floats [n, H, W, C] in [0, 1], or an
                iterable of such arrays.

        Returns:
            Features, float64 [n, d]; classes, int64 [n], as positions in the card's labels; and the probabilities of
            these classes, or None if smoothed labels have taught the classifier to give no class a high probability.
        """
        from tfgen.evaluation.classifier_recipes import RECIPES

        features, logits = [], []
        for batch in self._batches(as_parts(images)):
            batch_features, batch_logits = self.network(batch, training=False)
            features.append(np.asarray(batch_features, np.float64) / self.card.feature_scale)
            logits.append(np.asarray(batch_logits))
        all_logits = np.concatenate(logits).astype(np.float64)
        if RECIPES[self.card.architecture].label_smoothing:
            return ClassifiedFeatures(np.concatenate(features), all_logits.argmax(axis=1), None)
        # The largest value of the softmax.
        confidences = 1.0 / np.exp(all_logits - all_logits.max(axis=1, keepdims=True)).sum(axis=1)
        return ClassifiedFeatures(np.concatenate(features), all_logits.argmax(axis=1), confidences)

    def _batches(self, parts: "Iterable[Images]") -> Iterator[np.ndarray]:
        for part in parts:
            for start in range(0, len(part), BATCH):
                batch = np.asarray(part[start : start + BATCH])
                yield batch / np.float32(self.card.levels - 1) if batch.dtype == np.uint8 else batch

    def class_of_label(self, labels: np.ndarray | None) -> np.ndarray:
        """Turn labels of the data into classes: integers [n] → positions in the card's labels, int64 [n].

        Raises:
            DataError: if there are no labels, or a label is none of the classifier's.
        """
        if labels is None:
            raise DataError("Expected labelled images. Received: images without labels")
        known = np.array(self.card.labels)
        if not np.isin(labels, known).all():
            unknown = sorted(set(np.unique(labels).tolist()) - set(known.tolist()))
            raise DataError(f"Expected labels among {known.tolist()}. Received: {unknown[:10]}")
        return np.searchsorted(known, labels)

    def class_of_name(self, names: Sequence[str]) -> np.ndarray | None:
        """Find the class of each name of another data set or model: int64 [k]. None if a name is none of the classes'.

        A class without a name is called by its label.
        """
        own = self.card.label_names or tuple(map(str, self.card.labels))
        if not names or not set(names) <= set(own):
            return None
        return np.array([own.index(name) for name in names])

    def accuracy(self, images: "Images", labels: np.ndarray | None) -> float:
        """Return the fraction of images that are classified correctly, in [0, 1].

        Args:
            images: see `classify`.
            labels: labels of the data, integers [n].

        Raises:
            DataError: see `class_of_label`.
        """
        return float(np.mean(self.classify(images).classes == self.class_of_label(labels)))


def as_parts(images: "Images | Iterable[np.ndarray]") -> "Iterable[Images]":
    """Return images in one array, or in the arrays of an iterable, as an iterable of arrays."""
    return [images] if hasattr(images, "shape") else images  # type: ignore[list-item, return-value]
