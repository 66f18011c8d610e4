"""Mixes of two to four samples: one picture from the weighted sum of their latent noise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.handlers.sample import samples_picture
from tfgen.app.labels import ANY, label_of_seed, weights_of_mix
from tfgen.app.latent_paths import images_of, noise_of_seed, noise_of_seeds
from tfgen.app.pictures import cache_image, grid_picture
from tfgen.errors import ConfigError

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.models.contract import GenerativeModel

#: Numbers of the samples of a mix.
NUMBERS = (1, 2, 3, 4)
#: Approximate side of the small picture of a sample, in pixels.
SMALL = 160


def mix(
    context: Context,
    model: str,
    seed_1: int = 0,
    seed_2: int = 1,
    seed_3: int = 2,
    seed_4: int = 3,
    weight_1: float = 1.0,
    weight_2: float = 1.0,
    weight_3: float = 0.0,
    weight_4: float = 0.0,
    temperature: float = 1.0,
    label_1: str = ANY,
    label_2: str = ANY,
    label_3: str = ANY,
    label_4: str = ANY,
) -> str:
    """Mix up to four samples of a model in its latent space, each with a weight.

    The latent noise of the mix is z = Σ wᵢ zᵢ / √(Σ wᵢ²), with the noise zᵢ and the weight wᵢ of each sample. If the zᵢ
    are independent, z has the distribution of the noise of one sample. Equal seeds have equal noise, which is not
    independent: their weights are added first. The weights of the classes are wᵢ / Σ wⱼ. With one weight above 0, the
    mix is the sample itself.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        seed_1: seed of the first sample.
        seed_2: seed of the second sample.
        seed_3: seed of the third sample.
        seed_4: seed of the fourth sample.
        weight_1: weight of the first sample, 0 to 1. At least one of the four weights is above 0.
        weight_2: weight of the second sample.
        weight_3: weight of the third sample; 0 leaves the sample out.
        weight_4: weight of the fourth sample; 0 leaves the sample out.
        temperature: factor on the standard deviation of the latent noise of all samples, 0 to 2.
        label_1: class of the first sample, for a model with classes: its name, or "any class", which its seed draws.
        label_2: class of the second sample, likewise.
        label_3: class of the third sample, likewise.
        label_4: class of the fourth sample, likewise.

    Returns:
        The picture.
    """
    seeds = [
        validation.seed(value, f"seed_{number}")
        for number, value in zip(NUMBERS, (seed_1, seed_2, seed_3, seed_4), strict=True)
    ]
    weights = _weights((weight_1, weight_2, weight_3, weight_4))
    temperature = validation.temperature(temperature)
    chosen = (label_1, label_2, label_3, label_4)
    used = [i for i, weight in enumerate(weights) if weight > 0.0]
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A mix")
        labels = [label_of_seed(loaded, seed, label) for seed, label in zip(seeds, chosen, strict=True)]
        if len(used) == 1:
            # Another way to compute the picture might round some of its pixels differently.
            picture = samples_picture(context, model, 1, seeds[used[0]], temperature, chosen[used[0]])
        else:
            noise = _mixed_noise(loaded, seeds, weights, temperature)
            picture = grid_picture(images_of(loaded, noise, weights_of_mix(loaded, labels, weights)).numpy())
    return cache_image(picture, f"{model}-mix-of-{'-'.join(str(seeds[i]) for i in used)}")


def small_samples(
    context: Context, model: str, seeds: Sequence[int], temperature: float, labels: Sequence[str]
) -> list[str]:
    """Draw a small picture of each of some samples of a mix. Arguments: see `mix`; one label for each seed."""
    seeds, temperature = [validation.seed(seed) for seed in seeds], validation.temperature(temperature)
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A mix")
        pictures = [
            images_of(loaded, noise_of_seed(loaded, seed, temperature), label_of_seed(loaded, seed, label)).numpy()
            for seed, label in zip(seeds, labels, strict=True)
        ]
    names = [f"{model}-seed-{seed}" for seed in seeds]
    return [cache_image(grid_picture(image, target=SMALL), name) for image, name in zip(pictures, names, strict=True)]


def _weights(values: Sequence) -> list[float]:
    weights = [
        validation.float_in_range(f"weight_{number}", value, 0.0, 1.0)
        for number, value in zip(NUMBERS, values, strict=True)
    ]
    if not any(weights):
        raise ConfigError("weights: expected at least one above 0. Received: 0 for all samples")
    return weights


def _mixed_noise(
    model: "GenerativeModel", seeds: Sequence[int], weights: Sequence[float], temperature: float
) -> "tf.Tensor":
    """Return the latent noise of a mix, [D]; see `mix`."""
    from tfgen.models.latent_paths import weighted_sum

    of_seed: dict[int, float] = {}
    for seed, weight in zip(seeds, weights, strict=True):
        if weight > 0.0:
            of_seed[seed] = of_seed.get(seed, 0.0) + weight
    return weighted_sum(noise_of_seeds(model, list(of_seed), temperature), list(of_seed.values()))
