"""Labels in requests: names, indices, the default, and what is refused."""

import numpy as np
import pytest
import requests

from tfgen.cli import client
from tfgen.plots.grid import image_grid
from tfgen.serving.client import Client
from tfgen.serving.labels import with_labels
from tfgen.serving.saved_model import InputError, SavedModel
from tfgen.serving.transports import ServerError

CLASSES = ("cat", "dog", "owl")
NAMES = ("seed", "temperature", "label")


@pytest.fixture(scope="module")
def model(exported_conditional):
    return SavedModel(exported_conditional)


@pytest.mark.parametrize(
    "labels", [[2, 0], ["owl", "cat"], ["2", "cat"], [2, "cat"], np.asarray(["owl", "cat"]), [b"owl", 0]]
)
def test_labels_are_names_or_indices(labels):
    assert list(with_labels({"seed": [1, 2], "label": labels}, NAMES, CLASSES)["label"]) == [2, 0]


def test_a_request_without_a_label_has_no_class():
    assert with_labels({"seed": [1, 2]}, NAMES, CLASSES)["label"].tolist() == [-1, -1]
    assert with_labels({"seed": [1, 2]}, ("seed",), ()) == {"seed": [1, 2]}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["cta"], "label: expected one of cat, dog, owl.*Received: 'cta'. Did you mean 'cat'"),
        ([3], r"label: expected -1 \(any class\) to 2. Received: 3 to 3"),
        ([-2, 0], r"label: expected -1 \(any class\) to 2. Received: -2 to 0"),
    ],
)
def test_an_unknown_class_is_refused(labels, message):
    with pytest.raises(InputError, match=message):
        with_labels({"seed": [0] * len(labels), "label": labels}, NAMES, CLASSES)


@pytest.mark.parametrize("label", [1.5, "cat", [["cat"]], [None], [True], [0.0]])
def test_labels_of_another_type_are_refused(model, label):
    with pytest.raises(InputError, match="label"):
        model.call("sample", {"seed": [0], "temperature": [1.0], "label": label})


def test_a_model_without_classes_refuses_a_label(exported):
    with pytest.raises(InputError, match="Expected the inputs seed, temperature of signature sample"):
        SavedModel(exported).call("sample", {"seed": [0], "temperature": [1.0], "label": [0]})


def test_the_loaded_model_knows_its_classes(model, conditional_model):
    assert model.classes == CLASSES
    found = model.call("sample", {"seed": [5, 6], "temperature": [1.0, 1.0], "label": ["owl", "any"]})["images"]
    np.testing.assert_allclose(found[:1], conditional_model.sample(1, seed=5, label="owl"), atol=1e-5)
    np.testing.assert_allclose(found[1:], conditional_model.sample(1, seed=6), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["rest", "v2", "grpc-v2"])
def test_every_protocol_takes_names_and_indices(conditional_server, conditional_model, protocol):
    server = conditional_server.grpc if protocol.startswith("grpc") else conditional_server.http
    owls = conditional_model.sample(3, seed=7, label="owl").numpy()
    with Client(server, protocol) as remote:
        np.testing.assert_allclose(remote.sample(3, seed=7, label="owl"), owls, atol=1e-5)
        np.testing.assert_allclose(remote.sample(3, seed=7, label=2), owls, atol=1e-5)
        np.testing.assert_allclose(remote.sample(3, seed=7), conditional_model.sample(3, seed=7), atol=1e-5)
        path = remote.interpolate(3, 7, 8, "owl", "cat")
        np.testing.assert_allclose(path[:1], owls[:1], atol=1e-5)
        np.testing.assert_allclose(path[2:], conditional_model.sample(1, seed=8, label="cat"), atol=1e-5)
        with pytest.raises(ServerError, match="label: expected one of cat, dog, owl"):
            remote.sample(1, label="bird")


@pytest.mark.slow
def test_the_description_of_the_model_lists_the_classes(conditional_server):
    metadata = requests.get(conditional_server.http + "/v2/models/model", timeout=60).json()
    assert metadata["parameters"] == {"labels": [*CLASSES]}
    assert {"name": "label", "datatype": "INT32", "shape": [-1]} in metadata["inputs"]
    assert requests.get(conditional_server.http + "/v2/models/other", timeout=60).status_code == 404


@pytest.mark.slow
def test_the_client_asks_for_a_class(conditional_server, conditional_model, tmp_path):
    from PIL import Image

    client.main(["--n=4", "--label=dog", f"--address={conditional_server.http}", f"--out={tmp_path / 'dogs.png'}"])
    pixels = np.asarray(Image.open(tmp_path / "dogs.png"))
    expected = image_grid(conditional_model.sample(4, label="dog").numpy())[..., 0]
    scale = len(pixels) // len(expected)
    np.testing.assert_allclose(pixels[::scale, ::scale].astype(int), expected, atol=1)


def test_a_class_of_the_last_picture_needs_an_interpolation(capsys):
    with pytest.raises(SystemExit):
        client.main(["--label-to=dog"])
    assert "--label-to: expected with --to only" in capsys.readouterr().err
