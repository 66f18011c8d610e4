"""scikit-learn's 1,797 real handwritten digits, 8×8 pixels of 17 levels: the embedded default, no network needed."""

from __future__ import annotations

import numpy as np

from tfgen.data.sets import ImageSet
from tfgen.data.split import Source, permutation

LEVELS = 17
TEST_SIZE = 300
VALIDATION_SIZE = 200
# scikit-learn's order groups the images by writer, so a split must mix them. Its seed belongs to the data set and is no
# option: bits per dimension of two runs can be compared only if nobody's test images are somebody's training images.
SPLIT_SEED = 1797


def load_digits() -> Source:
    """The digits, uint8 [1797, 8, 8, 1] of levels 0 to 16 with labels 0 to 9: 1,297 training, 200 validation, 300 test.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI (1998), its test part.
    """
    from sklearn import datasets

    bunch = datasets.load_digits()
    images = ImageSet(bunch.images.astype(np.uint8)[..., None], LEVELS, bunch.target.astype(np.int64))
    order = permutation(len(images), SPLIT_SEED)
    return Source(
        "digits",
        pool=images[order[:-TEST_SIZE]],
        test=images[order[-TEST_SIZE:]],
        validation_size=VALIDATION_SIZE,
        label_names=tuple("0123456789"),
    )
