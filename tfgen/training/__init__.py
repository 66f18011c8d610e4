"""Training: optimizers, the training loop and its callbacks, and the session that the command line runs."""
