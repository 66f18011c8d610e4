"""The built-in data set: scikit-learn's 1,797 handwritten digits of 8×8 pixels, which need no download."""

from __future__ import annotations

import numpy as np

from tfgen.data.sets import ImageSet
from tfgen.data.split import Source, permutation

LEVELS = 17
TEST_SIZE = 300
VALIDATION_SIZE = 200
# scikit-learn sorts the images by writer, so they have to be shuffled before they are split. The seed is a constant and
# not an option: bits per dimension of two runs can be compared only if no test image of one is a training image of the
# other.
SPLIT_SEED = 1797


def load_digits() -> Source:
    """Load the digits: uint8 [1797, 8, 8, 1] of levels 0 to 16 with labels 0 to 9, 1,297 / 200 / 300.

    Source:
        E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, the test part.
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
