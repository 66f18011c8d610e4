"""Texts for visitors tell no folders of the machine."""

from pathlib import Path

import pytest

from tfgen.app.public_text import data_name, without_folders


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Expected weights in /home/me/runs/vae/model.keras, which is missing",
            "Expected weights in model.keras, which",
        ),
        ("'/a/b/c.png': no picture", "'c.png': no picture"),
        ("--data /srv/pictures/cats.zip --epochs 3", "--data cats.zip --epochs 3"),
        ("/gone", "/gone"),
        ("half and/or all, 3/4 of ./here/there", "half and/or all, 3/4 of ./here/there"),
        ("see https://example.com/a/b/c", "see https://example.com/a/b/c"),
        ("", ""),
    ],
)
def test_absolute_paths_become_their_last_names(text, shown):
    assert without_folders(text).startswith(shown)


def test_known_folders_may_have_spaces(tmp_path):
    root = tmp_path / "my runs"
    text = f"Expected a run in {root / 'a' / 'config.json'}. Received: {root}"
    assert without_folders(text, root) == "Expected a run in a/config.json. Received: my runs"
    assert str(Path.home()) not in without_folders(f"{Path.home()}/my pictures/x.png")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("./emoji.zip", "emoji.zip"),
        ("/srv/cats", "cats"),
        ("digits", "digits"),
        ("hf:me/cats", "hf:me/cats"),
        ("/", "/"),
    ],
)
def test_the_name_of_the_data_is_the_last_part_of_its_path(data, name):
    assert data_name(data) == name
