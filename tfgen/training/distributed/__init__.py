"""Training on several devices and machines: strategy, cluster, agreement of the workers, launcher and supervisor."""
