"""Pictures of a model to keep: a .zip with one file for each sample."""

import tempfile
import zipfile
from pathlib import Path

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.decoding import REMOVED, decoding
from tfgen.app.labels import ANY, label_to_sample
from tfgen.app.pictures import cache_bytes

#: Largest number of pictures in a .zip.
MAX_PICTURES = 1000


def sample_zip(
    context: Context,
    model: str,
    count: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    label: str = ANY,
    guidance: float | None = None,
    noise: str = REMOVED,
) -> str:
    """Draw pictures from a model, and return a .zip with one PNG for each, as `tfgen sample --out DIR` writes them.

    Args:
        model: name of a pretrained model or a run, as `models` lists them. Its samples must be images.
        count: number of pictures, 1 to 1000.
        seed: seed of the first picture. The others use the following seeds.
        temperature: factor on the standard deviation of the latent noise, 0 to 2.
        label: class of the pictures, as for `sample`.
        guidance: weight of the guidance, as for `sample`.
        noise: "removed" or "kept", as for `sample`.

    Returns:
        The .zip. The name and the metadata of each PNG, in the model's own size, hold the seed and the class.
    """
    from tfgen.evaluation.sample_pictures import write_pictures
    from tfgen.evaluation.samples import decoding_facts, labels_of_samples, sample_chunks

    count = validation.int_in_range("count", count, 1, MAX_PICTURES)
    seed, temperature = validation.seed(seed), validation.temperature(temperature)
    with (
        tempfile.TemporaryDirectory() as name,
        context.models.using(model) as loaded,
        decoding(loaded, guidance, noise),
    ):
        folder = Path(name, "pictures")
        folder.mkdir()
        validation.expect_images(loaded, "A .zip of pictures")
        labels = labels_of_samples(loaded, count, seed, label_to_sample(loaded, label))
        chunks = sample_chunks(loaded, count, seed=seed, temperature=temperature, labels=labels)
        settings = decoding_facts(loaded)
        write_pictures(
            chunks, folder, run=model, seed=seed, temperature=temperature, classes=loaded.classes, settings=settings
        )
        file = Path(name, "pictures.zip")
        # PNG files are compressed already.
        with zipfile.ZipFile(file, "w") as archive:
            for picture in sorted(folder.iterdir()):
                archive.write(picture, picture.name)
        return cache_bytes(file.read_bytes(), f"{model}-seeds-{seed}-to-{seed + count - 1}", "zip")
