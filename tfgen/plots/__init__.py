"""Figures of images, points, densities and training curves. They take arrays or a model, and never a run folder.

The package imports none of its modules, because most of them import matplotlib, which the grids of images do not need.
"""
