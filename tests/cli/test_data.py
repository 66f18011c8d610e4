"""`tfgen data show`: a description of a data set, and a picture of its examples."""

import numpy as np
import pytest
from PIL import Image

from tfgen.cli.data import main


def test_the_description_names_size_levels_split_and_classes(capsys):
    main(["show", "digits"])
    said = capsys.readouterr().out
    for words in ("8×8", "17 levels", "1,297 training, 200 validation, 300 test", "classes     10"):
        assert words in said


@pytest.mark.parametrize("data", ["digits", "moons"])
def test_the_picture_shows_examples(data, tmp_path):
    path = tmp_path / "sheet.png"
    main(["show", data, "--n", "20", "--out", str(path)])
    with Image.open(path) as picture:
        assert np.asarray(picture).std() > 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "nowhere"], "Received: "),
        (["show", "digits", "--out", "sheet.txt"], "Expected a file name ending in .png"),
        (["list", "digits"], "expected one of show"),
    ],
)
def test_bad_input_is_a_sentence(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert words in capsys.readouterr().err
