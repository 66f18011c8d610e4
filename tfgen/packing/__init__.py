"""Trained runs as small folders that can be shipped with a package."""
