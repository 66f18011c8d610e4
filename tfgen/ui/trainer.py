"""Placeholder."""


class Trainer:
    def __init__(self, root):
        self.root = root

    def close(self): ...
