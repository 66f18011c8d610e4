"""Training on pictures of the user, with options that follow from the pictures and the time."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.config.families import find_family
from tfgen.data import NAMES
from tfgen.errors import ConfigError, DataError
from tfgen.files import user_path

#: Usual time of a training in minutes, and the longest.
MINUTES, MAX_MINUTES = 5.0, 24 * 60.0
#: Hidden folder of the uploaded pictures, in the folder of the runs.
UPLOADS = ".pictures"
#: Smallest and largest side of the images in pixels.
SMALLEST_SIZE, LARGEST_SIZE = 4, 1024
#: Most groups of similar pictures.
MOST_GROUPS = 1000
#: What happens to a picture that is not square, if all images get one size. The first is the usual one.
FITS = ("crop", "pad")


def train_on_pictures(
    context: Context,
    model: str,
    pictures: Any = None,
    folder: str = "",
    minutes: float = MINUTES,
    image_size: int | None = None,
    conditional: bool = False,
    seed: int = 0,
    fit: str = FITS[0],
    skip_broken: bool = False,
    groups: int | None = None,
) -> str:
    """Start to train a new run on pictures of yours, with options that follow from the pictures and the time.

    Args:
        model: family of the model: vae, gan, flow, …
        pictures: a .zip of pictures, at least ten. Sub-folders are the classes.
        folder: instead of a .zip, the path of a folder or archive on the machine of the app, which has to be yours.
        minutes: planned time of the training, up to a day.
        image_size: side of the images in pixels. 0 or None: that of the files, if all have one size.
        conditional: whether the model learns the classes, so that pictures of a class can be drawn.
        seed: seed of the weights, the batches and the noise.
        fit: with an image size, "crop" cuts a picture to a square, "pad" keeps all of it and adds a white border.
        skip_broken: leave out files that cannot be read. Without it, the first such file ends the training.
        groups: number of groups of similar pictures that the model learns as classes, in place of the sub-folders, 2 to
            1,000; 0 or None for none.

    Returns:
        The name of the run, for `training_state` and `training`. All other handlers take it when the run has a model.
    """
    if not isinstance(model, str):
        raise ConfigError(f"model: expected a name. Received: {model!r}")
    find_family(model)
    options: dict[str, Any] = {"seed": validation.int_in_range("seed", seed, 0, 2**31 - 1)}
    minutes = validation.float_in_range("minutes", minutes, 0.1, MAX_MINUTES)
    options |= reading_options(image_size, fit, skip_broken)
    if checked_flag("conditional", conditional):
        options["conditional"] = True
    if groups is not None and groups != 0:
        clusters = validation.int_in_range("groups", groups, 2, MOST_GROUPS)
        options |= {"conditional": True, "clusters": clusters}
    path, name = source_of(context, pictures, folder)
    data = path if folder else _kept(context.catalogue.root, path, name)
    return context.trainer.start_auto(model, data, minutes, **options)


def reading_options(image_size: Any, fit: Any, skip_broken: Any) -> dict[str, Any]:
    """Return the options of `tfgen.data.load` that differ from the usual ones.

    Args:
        image_size, fit, skip_broken: as for `train_on_pictures`.

    Raises:
        ConfigError: if a value is out of range.
    """
    options: dict[str, Any] = {}
    if image_size is not None and image_size != 0:
        options["image_size"] = validation.int_in_range("image_size", image_size, SMALLEST_SIZE, LARGEST_SIZE)
    if validation.one_of("fit", fit, FITS) != FITS[0]:
        options["fit"] = fit
    if checked_flag("skip_broken", skip_broken):
        options["skip_broken"] = True
    return options


def checked_flag(name: str, value: Any) -> bool:
    """Return a value that is true or false. Raises `ConfigError` for another one."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: expected true or false. Received: {value!r}")
    return value


def source_of(context: Context, pictures: Any, folder: Any) -> tuple[Path, str]:
    """Return the path of the pictures, and the name by which the user knows them.

    Args:
        context: shared objects of the app.
        pictures, folder: as for `train_on_pictures`.

    Raises:
        TfgenError: if there are no pictures or two, or the page may not read the folder.
    """
    if not isinstance(folder, str | None):
        raise ConfigError(f"folder: expected a path. Received: {type(folder).__name__}")
    if bool(pictures) == bool(folder):
        received = "both" if pictures else "neither"
        raise ConfigError(f"pictures: expected a .zip or the path of a folder. Received: {received}")
    if folder:
        if not context.is_local:
            raise ConfigError("folder: expected a .zip of pictures, because the app serves other machines too")
        path = user_path(folder).absolute()
        if folder in NAMES or not path.exists():
            raise DataError(f"folder: expected the path of a folder or archive of pictures. Received: {folder!r}")
        return path, path.name
    name = str(pictures.get("name") or "pictures.zip")
    if pictures["path"] is None:
        raise DataError(f"{name}: expected an uploaded file. Received: none of that name")
    return Path(pictures["path"]), name


def _kept(root: Path, upload: Path, name: str) -> Path:
    """Copy an uploaded file into a folder named after its content, and return the path of the copy.

    Uploads are deleted after a while, and a run is resumed with the pictures it began with.
    """
    with open(upload, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stem = re.sub(r"[^\w.-]+", "-", Path(name).stem).strip("-.")[:40] or "pictures"
    target = root.absolute() / UPLOADS / digest[:16] / f"{stem}.zip"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # With the time of the upload, so that the pictures are not decoded again if the page has described them.
        shutil.copy2(upload, target.with_suffix(".partial"))
        target.with_suffix(".partial").replace(target)
    return target
