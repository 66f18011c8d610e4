"""`tfgen data`: a description of a data set, a picture of its examples, and the cache."""

import numpy as np
import pytest
from PIL import Image

from tfgen.cli.data import main

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), np.uint8)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    for i, picture in enumerate(PIXELS):
        path = tmp_path / "mine" / ("cat" if i < 6 else "dog") / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return tmp_path / "mine"


def test_the_description_names_size_levels_split_and_classes(capsys):
    main(["show", "digits"])
    said = capsys.readouterr().out
    for words in ("8×8", "17 levels", "1,297 training, 200 validation, 300 test", "classes     10"):
        assert words in said


def test_files_are_described_with_their_sizes_modes_and_duplicates(folder, capsys):
    (folder / "README.txt").touch()
    Image.fromarray(PIXELS[0]).convert("RGBA").save(folder / "dog" / "copy.png")
    main(["show", str(folder)])
    said = capsys.readouterr().out
    for words in (
        "files       13 pictures",
        "left out    1 file of other types than pictures: 1 .txt",
        "sizes       6×5 (13)",
        "RGB (12), RGBA (1); 1 may have transparent pixels",
        "duplicates  1 image equal to an earlier one",
        "11 training, 1 validation, 1 test",
    ):
        assert words in said, said
    assert "copy.png" in said and "00.png" in said


def test_what_training_refuses_is_described_and_then_said(folder, capsys):
    Image.new("RGB", (9, 7)).save(folder / "cat" / "other.png")
    (folder / "cat" / "broken.png").write_bytes((folder / "cat" / "00.png").read_bytes()[:70])
    with pytest.raises(SystemExit) as stop:
        main(["show", str(folder)])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert "7×9 (1)" in said.out
    assert "1 broken picture, for example" in said.out
    assert "6×5 pixels" in said.out
    assert "--skip-broken --image-size 6x5" in said.out
    assert "--image-size N" in said.err


@pytest.mark.parametrize("data", ["digits", "moons"])
def test_the_picture_shows_examples(data, tmp_path):
    path = tmp_path / "sheet.png"
    main(["show", data, "--n", "20", "--out", str(path)])
    with Image.open(path) as picture:
        assert np.asarray(picture).std() > 3


def test_clear_empties_the_cache(folder, capsys):
    main(["show", str(folder)])
    main(["clear"])
    assert "deleted 1 decoded data set" in capsys.readouterr().out
    main(["show", str(folder), "--no-cache"])
    main(["clear"])
    assert "deleted 0 decoded data sets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "nowhere"], "Received: "),
        (["show", "digits", "--out", "sheet.txt"], "Expected a file name ending in .png"),
        (["list", "digits"], "expected one of show"),
        (["show"], "show: expected DATA"),
        (["clear", "digits"], "clear: expected no DATA"),
        (["show", "digits", "--image-size", "8by8"], "--image-size: expected N or HxW"),
    ],
)
def test_bad_input_is_a_sentence(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert words in capsys.readouterr().err
