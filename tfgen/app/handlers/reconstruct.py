"""The reconstruction of a picture by a model, and the likelihood of the picture compared with the test set.

The module imports matplotlib in its functions: the page appears without matplotlib.
"""

import html
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.encoding import search_states
from tfgen.app.labels import ANY, class_probabilities, label_of_example
from tfgen.app.pictures import as_picture, cache_image
from tfgen.app.preprocessing import as_example
from tfgen.errors import DataError, UndefinedError
from tfgen.evaluation.projection import Projection, can_project
from tfgen.plots.grid import to_bytes
from tfgen.runs.evaluations import entries_of_last_epoch
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Number of noise samples over which the likelihood of a picture is averaged.
NOISE_SAMPLES = 16
#: First words of the sentence while a search goes on.
SEARCHING = "Search for the latent"
#: Approximate side of each picture in pixels.
SIDE = 360


def reconstruct(
    context: Context, model: str, picture: Any, fit: bool = True, label: str = ANY
) -> tuple[str, str, str, str | None, str | None, str]:
    """Reconstruct a picture of yours, and compute its likelihood. For a GAN, search the nearest picture it can draw.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        picture: your picture, of any size.
        fit: crop, centre and invert the picture as in MNIST (only for models of grey images).
        label: class of the picture, for a model with classes: its name, or "any class", the most probable one. The
            likelihood is that of the picture given the class.

    Returns:
        The preprocessed picture, its reconstruction, their difference (red: the reconstruction is lighter, blue: it is
        darker), a map of the bits of each pixel (if the model has a likelihood), a plot of the picture's likelihood
        among those of the test set (if measured), and a sentence about it.
    """
    *_, last = reconstruct_in_steps(context, model, picture, fit, label)
    return last


def reconstruct_in_steps(
    context: Context, model: str, picture: Any, fit: bool = True, label: str = ANY
) -> Iterator[tuple[str, str, str, str | None, str | None, str]]:
    """Yield what `reconstruct` returns: once, or for a model without an encoder after every few steps of the search."""
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A reconstruction")
        example = as_example(picture, loaded, fit)
        is_searched = can_project(loaded)
        if is_searched:
            states = search_states(context, model, loaded, example, label)
        else:
            results = _encoded_and_decoded(context, model, loaded, example, label)
    # Results are passed on without the lock: Gradio may ask for the next one in another thread.
    if not is_searched:
        yield results
        return
    begin = time.monotonic()
    while True:
        # Other events compute between two states of the search.
        with context.models.using(model):
            state = next(states, None)
        if state is None:
            return
        sentence = _search_sentence(loaded, state, time.monotonic() - begin)
        yield *_pictures(model, example, state.images), None, None, sentence  # type: ignore[misc]


def _encoded_and_decoded(context: Context, model: str, loaded: "GenerativeModel", example: np.ndarray, label: str):
    from tfgen.plots import style
    from tfgen.plots.bits_map import draw_bits

    of_class = label_of_example(loaded, example, label)
    given = loaded.given(of_class)
    reconstruction = loaded.decode(loaded.encode(example, **given), **given).numpy()
    class_sentence = _class_sentence(loaded, example, of_class)
    # The mean over rows with the same picture and other noise.
    terms = loaded.bits_of_pixels(np.repeat(example, NOISE_SAMPLES, axis=0), **given)
    bits, bits_of_latent = (np.mean(each, axis=0) for each in terms)
    total = float(bits.sum() + bits_of_latent)
    plot, sentence = _typicality(context.catalogue.run(model), total / example.size, model)
    bits_map = cache_image(style.picture(draw_bits(bits)), f"{model}-bits")
    sentence += class_sentence + _bits_sentence(total, float(bits_of_latent))
    return *_pictures(model, example, reconstruction), bits_map, plot, sentence


def _pictures(model: str, example: np.ndarray, reconstruction: np.ndarray) -> list[str]:
    """Return the paths of a picture [1, H, W, C], of its reconstruction, and of their difference."""
    from tfgen.plots.difference import signed_difference

    pictures = {
        "input": to_bytes(example)[0],
        "reconstruction": to_bytes(reconstruction)[0],
        "difference": signed_difference(example[0], reconstruction[0]),
    }
    return [cache_image(as_picture(pixels, SIDE), f"{model}-{name}") for name, pixels in pictures.items()]


def _search_sentence(model: "GenerativeModel", state: Projection, seconds: float) -> str:
    """Return a sentence about the state of a search: the time left, or at its end what the result means."""
    near = f"differs by **{state.errors[0]:.3f}** (root mean square of the pixels; 1 is black against white)"
    if state.step < state.steps:
        left = "" if not state.step else f", about {seconds * (state.steps / state.step - 1.0):.0f} s left"
        return f"{SEARCHING}: step {state.step} of {state.steps}{left}. The nearest picture so far {near}."
    of_class = "" if state.labels is None else f" Its class is **{html.escape(model.classes[state.labels[0]])}**."
    return (
        f"The nearest picture that the search found {near}.{of_class} A GAN has no encoder, so its latent is searched; "
        "it cannot say how probable a picture is."
    )


def _bits_sentence(total: float, of_latent: float) -> str:
    """Return a sentence about the bits of a picture; a flow has no bits of a latent."""
    parts = f": {of_latent:.0f} say which latent, the others which pixels" if of_latent else ""
    return f" The picture takes {total:.0f} bits in all{parts}."


def _class_sentence(model: "GenerativeModel", example: np.ndarray, label: int | None) -> str:
    """Return a sentence about the class of a reconstruction and its probability; empty for a model without classes."""
    if label is None:
        return ""
    probability = class_probabilities(model, example)[label]
    name = html.escape(model.classes[label], quote=False)
    return f" Reconstructed as **{name}**, whose probability is {probability:.1%} (Bayes' rule)."


def test_picture(context: Context, model: str, index: int = 0) -> str:  # noqa: PT028 (a handler, not a test)
    """Return a picture of the test set of a model's data, if the data are on this machine.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        index: position of the picture in the test set, from 0.

    Returns:
        The picture.
    """
    test = context.test_sets.test_set(context.catalogue.model_run(model))
    if test.levels is None:
        raise UndefinedError("The data of this model are points in the plane and no pictures")
    index = validation.int_in_range("index", index, 0, len(test) - 1)
    pixels = test.examples[index : index + 1] / np.float32(test.levels - 1)
    return cache_image(as_picture(to_bytes(pixels)[0], 1), f"test-{index}")


# The name is the handler's name for programs. pytest must not collect the function as a test.
test_picture.__test__ = False  # type: ignore[attr-defined]


def _typicality(run: Run, bits_per_dim: float, model: str) -> tuple[str | None, str]:
    """Compare a picture's bits/dim with those of the test set: path of a plot, or None, and a sentence."""
    from tfgen.plots import style
    from tfgen.plots.typicality import draw_typicality, share_below

    figure = f"**{bits_per_dim:.3f} bits/dim** (lower: the model finds the picture more probable)"
    entries = [
        entry
        for entry in entries_of_last_epoch(run, skip_damaged=True).get("likelihood", ())
        if entry.split == "test" and entry.bits_per_dim_percentiles
    ]
    # An estimate with one sample comes first: the likelihood above is an average of such estimates.
    entry = min(entries, key=lambda each: each.samples != 1, default=None)
    try:
        share = share_below(entry.bits_per_dim_percentiles, bits_per_dim) if entry else None
    except DataError:
        share = None
    if entry is None or share is None:
        return None, (
            f"{figure}. To see how usual this value is, run `tfgen evaluate` on the run: the command records the "
            "distribution over the test set."
        )
    plot = style.picture(draw_typicality(entry.bits_per_dim_percentiles, bits_per_dim))
    sentence = f"{figure}, {_typicality_text(share)} ({entry.estimator}; mean over {NOISE_SAMPLES} noise samples)."
    return cache_image(plot, f"{model}-likelihood"), sentence


def _typicality_text(share: float) -> str:
    """Say how usual a picture is, of which the given share of the test set has lower bits/dim."""
    if share >= 1.0:
        return "higher than every picture of the test set: very unlikely under this model"
    if share >= 0.95:
        return f"higher than {100 * share:.1f} % of the test set: unusual"
    if share <= 0.0:
        return "lower than every picture of the test set: simpler than all of them, so likely but not typical"
    return f"higher than {100 * share:.0f} % of the test set: usual"
