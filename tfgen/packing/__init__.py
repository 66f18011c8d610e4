"""Packing: small folders of finished runs, which can be distributed with a package.

pack         makes the folder
rounding     chooses the smallest number format of the weights that keeps samples and likelihoods
remeasure    repeats the measurements of the run with the rounded weights
"""
