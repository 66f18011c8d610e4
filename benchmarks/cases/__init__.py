"""The cases of the benchmark. Each module has `add_arguments(parser)` and `run(options)`, which returns the results.

The results are column → measure → value, see `benchmarks.report.show`.
"""
