"""The families of models side by side, by the pictures that were recorded with their models."""

import math
from dataclasses import dataclass

from tfgen.app import training_history
from tfgen.app.context import Context
from tfgen.app.pictures import cache_image
from tfgen.config.families import FAMILIES
from tfgen.errors import TfgenError
from tfgen.runs.evaluations import entries_of_last_epoch
from tfgen.runs.run import Run

#: Family → what it does and what it is good at, in one sentence.
SENTENCES = {
    "vae": "Compresses a picture to a few numbers and draws it again from them: quick, stable, a little blurred.",
    "gan": "A drawing network learns from a second network that tells its pictures from real ones: sharp, but it "
    "cannot say how probable a picture is.",
    "flow": "Turns noise into a picture in steps that can be undone: it knows exactly how probable each picture is, "
    "and takes the longest to draw.",
}
#: Data of the models that are shown if they are there.
DATA = "mnist"


@dataclass(frozen=True)
class Example:
    """A family and a model of it: name and title of the family, a sentence about it, and the name of the model."""

    family: str
    title: str
    sentence: str
    model: str


def examples(context: Context) -> list[Example]:
    """Return for each family of `SENTENCES` the packed model whose samples are nearest to real pictures.

    Models of MNIST come before others, as distances of different data cannot be compared.
    """
    found = []
    for family, sentence in SENTENCES.items():
        runs = {entry.name: entry.run for entry in context.catalogue.entries() if entry.run is not None}
        packed = [name for name, run in runs.items() if run.is_packed and run.config.model == family]
        ranked = sorted(packed, key=lambda name: (runs[name].config.data.data != DATA, _distance(runs[name])))
        if ranked:
            found.append(Example(family, FAMILIES[family].title, sentence, ranked[0]))
    return found


def _distance(run: Run) -> float:
    """Smallest recorded Fréchet classifier distance of a run's samples from real pictures; infinite if none is."""
    entries = entries_of_last_epoch(run, skip_damaged=True).get("quality", [])
    distances = [entry.frechet_classifier_distance for entry in entries]
    return min((each for each in distances if each is not None), default=math.inf)


def recorded_samples(context: Context, model: str) -> str | None:
    """Return the path of the recorded pictures of a packed model's seeds from 0, None if they cannot be read.

    No model is loaded, so that the page has these pictures from the start.
    """
    try:
        picture, _ = training_history.samples(context.catalogue.run(model))
    except TfgenError:
        return None
    return cache_image(picture, f"{model}-seeds-from-0", keep=True)
