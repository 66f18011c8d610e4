"""Paths of a configuration, stored so that they mean the same file from every folder."""

from tfgen import pretrained
from tfgen.config import RunConfig
from tfgen.data import NAMES
from tfgen.files import user_path


def with_absolute_paths(config: RunConfig) -> RunConfig:
    """A copy whose relative paths of existing files and folders are absolute. Names of data and models stay names."""
    data, train = config.data, config.train
    changes = {name: _absolute(getattr(data, name)) for name in ("data_dir", "labels")}
    if data.data not in NAMES:
        changes["data"] = _absolute(data.data)
    if train.init_from is not None and not pretrained.is_name(train.init_from):
        changes["init_from"] = _absolute(train.init_from)
    return config.with_options({name: value for name, value in changes.items() if value is not None})


def _absolute(path: str | None) -> str | None:
    if path is None or not (found := user_path(path)).exists():
        return path
    return str(found.resolve())
