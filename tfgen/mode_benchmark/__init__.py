"""The mode-collapse lab: the same networks on the same data for the same number of steps, in several games."""
