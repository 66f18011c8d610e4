"""Benchmarks of tfgen: `python -m benchmarks CASE`, for example `python -m benchmarks training --peer torch`."""
