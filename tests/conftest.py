"""Shared by all tests: real data that is always there, and small runs."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """scikit-learn's 1,797 digits, uint8 [n, 8, 8, 1] with 17 levels."""
    from tfgen.data import load

    return load("digits").train.examples
