"""Training on several devices and machines: strategy, cluster, heartbeat and supervisor."""
