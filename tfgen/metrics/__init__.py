"""Numbers that say how good a model is, each with the estimator that made it."""
