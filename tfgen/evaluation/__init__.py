"""Evaluation: measurements of a model on data, recorded as entries of a run's `evaluation.json`, and their report.

For each kind of entry there is a function `evaluate_…` of a model and data, and a function `measure_…` of a run, which
also writes the entry:

    likelihood      log-likelihood of a split, and the baseline of independent pixels
    inversion       error of a flow's inverse
    quality         distance of samples from real images, in the features of a classifier
    memorization    distance of samples to training images
    cost            weights, operations of training, seconds of sampling

`evaluate` measures everything that a model has, `report` turns entries into text. The classifier has its network, its
files, its training and the search for it in `classifier…` modules. `modes`, `outliers`, `interpolation` and `samples`
are used by commands of the same names.
"""
