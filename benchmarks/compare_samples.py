"""Measure saved samples, of tfgen or of another program, against the test pictures of a data set.

    tfgen sample RUN --n 5000 --out gan.npz
    python benchmarks/compare_samples.py gan.npz reference.npz --data PICTURES --image-size 64 --classifier FILE.npz

For each file with the array "images", uint8 [n, H, W, C] or float [n, H, W, C] in [0, 1], this prints the Fréchet
classifier distance, KID, precision and recall, and the fraction of samples that are nearer to a training picture than
99 % of the test pictures are. The last row compares training pictures with the test pictures.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.data import load
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.split import evenly_spaced
from tfgen.metrics.classes import class_histogram
from tfgen.metrics.memorization import compare_nearness, nearest_examples
from tfgen.metrics.set_distances import ClassifiedFeatures, set_distances


def read_images(file: str) -> np.ndarray:
    """The images of an .npz, float32 [n, H, W, C] in [0, 1]."""
    images = np.load(file, allow_pickle=False)["images"]
    return images.astype(np.float32) / 255.0 if images.dtype == np.uint8 else images.astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("samples", nargs="+", help=".npz files with the array images.")
    parser.add_argument("--data", required=True, help="Data set, as for tfgen train.")
    parser.add_argument("--image-size", help="Size of the images, as for tfgen train.")
    parser.add_argument("--classifier", help="Classifier of the features, as for tfgen evaluate.")
    parser.add_argument("--train-size", type=int, help="Number of training pictures that the models were trained on.")
    options = parser.parse_args()
    dataset = load(options.data, image_size=options.image_size, train_size=options.train_size)
    classifier = classifier_for(options.data, dataset.event_shape, dataset.levels, options.classifier, dataset)
    sets = {Path(file).stem: read_images(file) for file in options.samples}
    count = min(len(dataset.test), *map(len, sets.values()))
    real = classifier.classify(dataset.test.examples[evenly_spaced(len(dataset.test), count)])
    train = classifier.classify(dataset.train.examples)
    frequencies = class_histogram(real.classes, classifier.classes)
    of_test = nearest_examples(real.features, train.features)
    print(f"{count} pictures of each set, {len(train.features)} training pictures, features of {classifier.identity}")
    print(f"{'set':<24}{'Fréchet':>10}{'KID':>10}{'precision':>11}{'recall':>8}{'near training':>15}")
    for name, images in sets.items():
        samples = classifier.classify(images[:count])
        near = compare_nearness(nearest_examples(samples.features, train.features), of_test)
        share = near["samples_nearer_than_99_percent_of_heldout"]
        print(_row(name, set_distances(real, samples, frequencies)) + f"{100 * share:>13.1f} %")
    some = ClassifiedFeatures(train.features[:count], train.classes[:count])
    print(_row("training pictures", set_distances(real, some, frequencies)))


def _row(name: str, found: dict[str, Any]) -> str:
    frechet, kid, precision, recall = (
        found[key] for key in ("frechet_classifier_distance", "kid", "precision", "recall")
    )
    return f"{name:<24}{frechet:>10.3f}{kid:>10.4f}{precision:>11.3f}{recall:>8.3f}"


if __name__ == "__main__":
    main()
