"""Data sets of images and of points, each with a fixed split into training, validation and test examples.

Importing this package imports neither TensorFlow nor NumPy, so that `--help` can list the names quickly.

- `load` returns a data set by name or path; `NAMES` are the built-in names.
- `tfgen.data.sets`: the types `Dataset`, `ImageSet` and `PointSet`.
- `tfgen.data.batches`: training and evaluation batches.
- `tfgen.data.summary`: a description of a data set in text.
"""

from tfgen.data.sources import IMAGE_NAMES, NAMES, POINT_NAMES, load

__all__ = ["IMAGE_NAMES", "NAMES", "POINT_NAMES", "load"]
