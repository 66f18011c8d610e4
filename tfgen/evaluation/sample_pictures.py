"""Writes every sample as a picture file of its own, with its seed and class in the name and in the metadata."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tfgen
from tfgen.evaluation.samples import Samples
from tfgen.files import atomic_write
from tfgen.plots.grid import to_bytes, to_picture

#: Suffix → Pillow's format and options of a picture file.
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "png": ("PNG", {}),
    "webp": ("WEBP", {"lossless": True}),
    "jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
}
#: EXIF tags ImageDescription and Software.
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131


def write_pictures(
    chunks: Iterable[Samples],
    folder: Path,
    *,
    format: str = "png",
    run: str,
    seed: int = 0,
    temperature: float = 1.0,
    classes: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> int:
    """Write each sample in the model's own size, and return the number of files.

    The name of a file is `seed-N.png`, or `seed-N-CLASS.png` for a conditional model. The metadata holds the run, the
    seed, the temperature, the class and the settings of the decoding: as text chunks Run, Seed, Temperature, Label,
    Guidance, Noise and Software of a PNG, and as JSON in the EXIF ImageDescription of WebP and JPEG files.

    Args:
        chunks: images, as `tfgen.evaluation.samples.sample_chunks` yields them.
        folder: existing folder.
        format: key of `FORMATS`. PNG and WebP are lossless.
        run: name of the run or model, for the metadata.
        seed: seed of sample 0.
        temperature: temperature of the samples.
        classes: names of the classes; () without classes.
        settings: further entries of the metadata, for example the weight of the guidance.

    Raises:
        DataError: if an image is not finite or outside [0, 1].
        OSError: if a file cannot be written.
    """
    count = 0
    for chunk in chunks:
        for row, pixels in enumerate(to_bytes(chunk.examples)):
            own = seed + chunk.first + row
            facts: dict[str, Any] = {"run": run, "seed": own, "temperature": temperature, **(settings or {})}
            name = f"seed-{own:08d}"
            if chunk.labels is not None:
                facts["label"] = classes[chunk.labels[row]]
                name += f"-{_file_name(facts['label'])}"
            _write(to_picture(pixels), folder / f"{name}.{format}", format, facts)
            count += 1
    return count


def _file_name(text: str) -> str:
    """Return the name of a class with only letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^\w.-]+", "_", text).strip("._") or "class"


def _write(picture, path: Path, format: str, facts: dict[str, Any]) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    kind, options = FORMATS[format]
    software = f"tfgen {tfgen.__version__}"
    if format == "png":
        info = PngInfo()
        for key, value in {**facts, "software": software}.items():
            info.add_itxt(key.capitalize(), str(value))
        options = {**options, "pnginfo": info}
    else:
        exif = Image.Exif()
        exif[_DESCRIPTION] = json.dumps(facts)
        exif[_SOFTWARE] = software
        options = {**options, "exif": exif}
    with atomic_write(path) as temporary:
        picture.save(temporary, format=kind, **options)
