"""A `.keras` file of a model in place of a run folder."""

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from tfgen.config import RunConfig
from tfgen.config.data import DataConfig
from tfgen.config.families import FAMILIES, config_class
from tfgen.config.migration import migrate_hyperparameters
from tfgen.config.train import TrainConfig
from tfgen.errors import ConfigError, RunError
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset

#: Suffix of the files.
SUFFIX = ".keras"
#: In place of the names of the data set and of the preset, which the file does not hold.
UNKNOWN = "unknown"


class KerasRun(Run):
    """A model that `model.save` wrote. Its `path` is the file.

    Commands that need a model only take it as a run. There are no data, no metrics and no measurements, and nothing is
    recorded.
    """

    @classmethod
    def of_file(cls, file: Path) -> "KerasRun":
        """Open a `.keras` file, whose configuration is read without TensorFlow.

        Raises:
            RunError: if the file is damaged or holds no model of this package.
        """
        try:
            with zipfile.ZipFile(file) as archive:
                content = json.loads(archive.read("config.json"))
            return cls(file, _run_config(content["class_name"], content["config"]))
        except ConfigError as error:
            raise RunError(f"Expected a model saved by tfgen in {file}. Received: {error}") from None
        except (ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile, NotImplementedError) as error:
            reason = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
            raise RunError(f"Expected a model saved by tfgen in {file}. Received: a damaged file ({reason})") from None

    @property
    def is_packed(self) -> bool:
        return False

    @property
    def model_file(self) -> Path:
        return self.path

    def metrics(self, *, skip_damaged: bool = False) -> list[dict[str, Any]]:
        return []

    @property
    def epoch(self) -> None:
        return None

    @property
    def state(self) -> Literal["finished"]:
        return "finished"

    @property
    def dataset(self) -> "Dataset":  # type: ignore[override]
        """Raises `RunError`: the file does not say on which data the model was trained."""
        self._refuse()

    @property
    def local_dataset(self) -> "Dataset":
        """Raises `RunError`, as `dataset` does."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise RunError(
            f"Expected the folder of a run, whose configuration names its data. Received: {self.path}, the file of a "
            "model"
        )


def _run_config(class_name: Any, values: dict[str, Any]) -> RunConfig:
    """The configuration of a model, from the entries of its file."""
    names = {family.model_class: name for name, family in FAMILIES.items()}
    if not isinstance(class_name, str) or class_name not in names:
        raise ConfigError(f"a model of class {class_name!r}, and not {', '.join(names)}")
    model, points = names[class_name], len(values["event_shape"]) == 1
    options = config_class(model, points)
    hyperparameters = migrate_hyperparameters(model, values, points)
    architecture = {name: hyperparameters[name] for name in options.option_names() if name in hyperparameters}
    data = DataConfig(data=UNKNOWN, conditional=bool(values.get("classes")))
    return RunConfig(model, UNKNOWN, options.from_dict(architecture), data, TrainConfig())
