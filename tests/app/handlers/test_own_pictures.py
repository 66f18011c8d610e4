"""Training on pictures of the user: what is checked before a process starts."""

import zipfile
from types import SimpleNamespace

import pytest

from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.own_pictures import UPLOADS, train_on_pictures
from tfgen.errors import TfgenError


@pytest.fixture
def started(tmp_path):
    """A context whose trainer only notes what it was asked for, and that list."""
    asked = []

    def start_auto(*values, **options):
        asked.append((*values, options))
        return "cats-vae-1"

    def context(is_local=True):
        trainer = SimpleNamespace(start_auto=start_auto)
        return Context(Catalogue(tmp_path / "runs"), None, trainer, is_local=is_local)  # type: ignore[arg-type]

    return context, asked


@pytest.fixture
def upload(tmp_path):
    with zipfile.ZipFile(tmp_path / "upload", "w") as archive:
        archive.writestr("a.png", b"x")
    return {"path": str(tmp_path / "upload"), "name": "my <cats>.zip"}


def test_an_upload_is_kept_beside_the_runs(started, upload, tmp_path):
    context, asked = started
    for _ in range(2):
        assert (
            train_on_pictures(context(False), "vae", upload, minutes=3, image_size=16.0, conditional=True)
            == "cats-vae-1"
        )
    model, data, minutes, options = asked[0]
    assert (model, minutes, options) == ("vae", 3.0, {"seed": 0, "image_size": 16, "conditional": True})
    assert data.parents[2] == tmp_path / "runs" and data.parents[1].name == UPLOADS
    assert data.name == "my-cats.zip"
    assert data.read_bytes() == (tmp_path / "upload").read_bytes()
    assert asked[1][1] == data
    assert [path.name for path in data.parent.iterdir()] == ["my-cats.zip"]
    assert Catalogue(tmp_path / "runs").trained() == Catalogue(tmp_path / "none").trained()


def test_a_local_page_may_name_a_folder(started, tmp_path):
    context, asked = started
    train_on_pictures(context(), "flow", None, str(tmp_path))
    assert asked == [("flow", tmp_path, 5.0, {"seed": 0})]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "diffusion"}, "model: expected one of"),
        ({"model": 3}, "model: expected a name"),
        ({"pictures": None}, "Received: neither"),
        ({"folder": "/"}, "Received: both"),
        ({"pictures": {"path": None, "name": "a.zip"}}, r"a\.zip: expected an uploaded file"),
        ({"pictures": None, "folder": "/nowhere"}, "folder: expected the path"),
        ({"pictures": None, "folder": "digits"}, "folder: expected the path"),
        ({"pictures": None, "folder": "~nosuch"}, "user who does not exist"),
        ({"pictures": None, "folder": 7}, "folder: expected a path"),
        ({"minutes": 0}, r"minutes: expected a number from 0\.1 to 1440"),
        ({"minutes": None}, "minutes: expected a number"),
        ({"minutes": float("nan")}, "minutes: expected a number"),
        ({"image_size": 2}, "image_size: expected an integer from 4 to 1024"),
        ({"image_size": "big"}, "image_size: expected"),
        ({"conditional": "yes"}, "conditional: expected true or false"),
        ({"seed": -1}, "seed: expected an integer from 0"),
        ({"fit": "stretch"}, "fit: expected one of crop, pad"),
        ({"skip_broken": "yes"}, "skip_broken: expected true or false"),
        ({"groups": 1}, "groups: expected an integer from 2 to 1000"),
        ({"groups": "many"}, "groups: expected an integer"),
    ],
)
def test_a_bad_value_starts_nothing(started, upload, changes, words):
    context, asked = started
    with pytest.raises(TfgenError, match=words):
        train_on_pictures(context(), **{"model": "vae", "pictures": upload, **changes})
    assert not asked


def test_a_page_for_other_machines_reads_no_folder(started, tmp_path):
    context, asked = started
    with pytest.raises(TfgenError, match=r"folder: expected a \.zip"):
        train_on_pictures(context(is_local=False), "vae", None, str(tmp_path))
    assert not asked


def test_how_pictures_are_read_is_passed_on(started, upload):
    context, asked = started
    train_on_pictures(context(), "vae", upload, fit="pad", skip_broken=True)
    assert asked[0][3] == {"seed": 0, "fit": "pad", "skip_broken": True}


def test_groups_of_similar_pictures_are_classes(started, upload):
    context, asked = started
    train_on_pictures(context(), "vae", upload, groups=12)
    train_on_pictures(context(), "vae", upload, groups=0)
    assert asked[0][3] == {"seed": 0, "conditional": True, "clusters": 12}
    assert asked[1][3] == {"seed": 0}
