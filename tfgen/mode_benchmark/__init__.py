"""A benchmark of mode collapse: how many modes do GANs with the same networks, data and number of steps cover?

datasets       data with a known number of modes
methods        the GANs that are compared
trial          one training: a dataset, a method and a seed
run_trial      trains and measures one trial
benchmark      runs all trials and writes the report
results        the measurements of a trial, and of a method over its seeds
table, figure  the report
"""
