"""Measurements of a model on a data set, and the pictures that show them."""
