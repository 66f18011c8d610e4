"""Clusters of similar pictures, which take the place of labels."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from tfgen.data.sets import Dataset, ImageSet
from tfgen.data.stored import chunks_of
from tfgen.errors import DataError

#: Number of principal components in which pictures are compared.
COMPONENTS = 50
#: Largest number of pixel values from which components and clusters are learned: 256 MB in float32.
_FITTED_VALUES = 2**26


def with_clusters(dataset: Dataset, count: int) -> Dataset:
    """Return the data set with the number of each picture's cluster as its label.

    The principal components of the training pictures and the cluster centres are learned from as many of the first
    training pictures as fit into 256 MB. Each picture of every split belongs to the nearest centre. Cluster 0 has the
    most training pictures. The labels of the source are not used.

    The fingerprint of the result covers the pictures and the number of clusters, and not the labels: a processor with
    another rounding may give a few pictures another cluster.

    Args:
        dataset: images.
        count: number of clusters, at least 2.

    Raises:
        DataError: if the data are points, there are fewer than 2 clusters, or there are fewer different training
            pictures than clusters.

    References:
        Liu et al.: Diverse image generation via self-conditioned GANs. CVPR 2020, for classes by k-means.
        Hu et al.: Self-guided diffusion models. CVPR 2023, for guidance by such classes.
    """
    if count < 2:
        raise DataError(f"{dataset.name}: expected at least 2 clusters. Received: {count}")
    if not isinstance(dataset.train, ImageSet):
        raise DataError(f"{dataset.name}: expected images, for --clusters. Received: points")
    values = int(np.prod(dataset.event_shape))
    fitted = _as_vectors(dataset.train.images[: max(count, _FITTED_VALUES // values)])
    # One thread: with several, the order of the sums and with it the last bits of the centres would change.
    with threadpool_limits(1):
        components = PCA(min(COMPONENTS, *fitted.shape), random_state=0).fit(fitted)
        found = KMeans(min(count, len(fitted)), n_init=1, random_state=0)
        with warnings.catch_warnings():
            # The warning that there are fewer different pictures than clusters becomes the error below.
            warnings.simplefilter("ignore", ConvergenceWarning)
            different = len(np.unique(found.fit(components.transform(fitted)).labels_))
        if different < count:
            raise DataError(
                f"{dataset.name}: expected at least {count} different training pictures, for --clusters {count}. "
                f"Received: {different}"
            )
        splits = {
            name: _clusters_of(part, components, found)
            for name in ("train", "validation", "test")
            if isinstance(part := getattr(dataset, name), ImageSet)
        }
    sizes = np.bincount(splits["train"], minlength=count)
    number = np.empty(count, np.int64)
    number[np.argsort(-sizes, kind="stable")] = np.arange(count)
    return replace(
        dataset,
        **{name: replace(getattr(dataset, name), labels=number[nearest]) for name, nearest in splits.items()},
        label_names=tuple(f"cluster {k}" for k in range(count)),
        digest=f"{dataset.fingerprint} {count} clusters",
    )


def _as_vectors(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32)


def _clusters_of(part: ImageSet, components: PCA, found: KMeans) -> np.ndarray:
    """The nearest centre of each picture, int64 [N]."""
    rows = 4096
    labels = [
        found.predict(components.transform(_as_vectors(chunk[start : start + rows])))
        for chunk in chunks_of(part.images)
        for start in range(0, len(chunk), rows)
    ]
    return np.concatenate(labels).astype(np.int64)
