"""The same networks in PyTorch: what a user would train and sample instead of tfgen's.

A network has as many weights as tfgen's and, for copied weights (`copy_weights`), the same outputs.
"""
