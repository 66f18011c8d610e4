"""Data sets of TensorFlow Datasets and Hugging Face Datasets, made here without a network."""

import numpy as np
import pytest
from PIL import Image

from tfgen import data
from tfgen.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), np.uint8)
NAMES = ["cat", "dog", "owl"]

# The packages themselves give warnings on import and on use.
pytestmark = pytest.mark.filterwarnings("ignore")


def check(dataset):
    assert dataset.classes == tuple(NAMES)
    assert len(dataset.test) == 5
    train = np.concatenate([dataset.train.images, dataset.validation.images])
    labels = np.concatenate([dataset.train.labels, dataset.validation.labels])
    expected = {bytes(PIXELS[i]): i % 2 for i in range(15)}
    assert {bytes(image): label for image, label in zip(train, labels, strict=True)} == expected
    np.testing.assert_array_equal(dataset.test.images, PIXELS[15:])
    assert dataset.test.labels.tolist() == [i % 2 for i in range(15, 20)]


@pytest.fixture
def saved(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"img": datasets.Image(), "label": datasets.ClassLabel(names=NAMES)})

    def part(rows):
        rows = [{"img": Image.fromarray(PIXELS[i]), "label": i % 2} for i in rows]
        return datasets.Dataset.from_list(rows, features=features)

    splits = datasets.DatasetDict({"train": part(range(15)), "test": part(range(15, 20))})
    splits.save_to_disk(str(tmp_path / "mine"))
    part(range(20)).save_to_disk(str(tmp_path / "one"))
    datasets.Dataset.from_list([{"x": 1}]).save_to_disk(str(tmp_path / "numbers"))
    return tmp_path


@pytest.mark.parametrize("cache", [True, False])
def test_a_saved_data_set_of_hugging_face_is_read(saved, cache):
    check(data.load(f"hf:{saved / 'mine'}", cache=cache))
    assert data.load(f"hf:{saved / 'mine'}").name == "mine"
    one = data.load(f"hf:{saved / 'one'}", image_size="8x4", fit="pad")
    assert (len(one.train), len(one.validation), len(one.test)) == (16, 2, 2)
    assert one.event_shape == (8, 4, 3)


def test_a_data_set_without_pictures_is_refused(saved):
    with pytest.raises(DataError, match=r"expected a column of pictures\. Received: x"):
        data.load(f"hf:{saved / 'numbers'}")


@pytest.fixture
def prepared(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")

    class Mine(tfds.core.GeneratorBasedBuilder):
        """Pictures."""

        VERSION = tfds.core.Version("1.0.0")
        # The package looks for files beside the module of the class, which a test has not.
        pkg_dir_path = tmp_path

        def _info(self):
            features = {"image": tfds.features.Image(shape=(6, 5, 3)), "label": tfds.features.ClassLabel(names=NAMES)}
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(range(15)), "test": self._generate_examples(range(15, 20))}

        def _generate_examples(self, rows):
            for i in rows:
                yield f"{i:03d}", {"image": PIXELS[i], "label": i % 2}

    Mine(data_dir=str(tmp_path / "data")).download_and_prepare()
    return tmp_path / "data"


def test_a_prepared_data_set_of_tensorflow_is_read(prepared):
    dataset = data.load(f"tfds:{prepared / 'mine' / '1.0.0'}")
    assert dataset.name == "mine"
    # The package shuffles the examples when it writes them.
    order = [next(i for i in range(15, 20) if (PIXELS[i] == image).all()) for image in dataset.test.images]
    assert sorted(order) == list(range(15, 20))
    assert dataset.test.labels.tolist() == [i % 2 for i in order]
    train = {bytes(image) for part in (dataset.train, dataset.validation) for image in part.images}
    assert train == {bytes(image) for image in PIXELS[:15]}
    assert dataset.classes == tuple(NAMES)
    np.testing.assert_array_equal(data.load(f"tfds:{prepared}", cache=False).test.images, dataset.test.images)


@pytest.mark.parametrize(("kind", "package"), [("hf", "datasets"), ("tfds", "tensorflow_datasets")])
def test_a_missing_package_is_an_error_that_says_how_to_install_it(kind, package, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(DataError, match=rf'not installed\. Install it with: pip install "tfgen\[{kind}\]"'):
        data.load(f"{kind}:mnist")
    with pytest.raises(DataError, match=rf"Expected {kind}:NAME"):
        data.load(f"{kind}:")
