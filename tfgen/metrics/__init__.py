"""Metrics: functions of arrays that return numbers. Nothing here knows models, data sets or files.

frechet              Fréchet distance between two sets of features
kernel_distance      kernel distance (KID)
neighbours           precision, recall, density, coverage; nearest neighbours
classes              class histogram and KL divergence
classification       accuracy, calibration and log loss of class probabilities
set_distances        all of these between two sets of classified features
memorization         distance of samples to training examples
modes                covered modes of a Gaussian mixture, or of combinations of classes
independent_pixels   bits per dimension of independent pixels, the baseline of a likelihood
"""
