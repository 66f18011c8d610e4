"""The class names of an export: each format has them, and a user's word for a class becomes its label."""

import zipfile

import pytest

from tfgen.errors import ConfigError
from tfgen.export.class_names import add_class_names, label_of, read_class_names, write_class_names

NAMES = ("cat", "7", "été")


def test_a_folder_has_the_names_in_the_order_of_the_labels(tmp_path):
    write_class_names(NAMES, tmp_path)
    assert read_class_names(tmp_path) == NAMES
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8") == "cat\n7\nété\n"


def test_a_model_without_classes_leaves_no_names(tmp_path):
    write_class_names(NAMES, tmp_path)
    write_class_names((), tmp_path)
    assert read_class_names(tmp_path) == ()


def test_a_file_stays_readable_from_its_start_and_is_a_zip_archive(tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(b"1234TFL3" + bytes(100))
    assert read_class_names(file) == ()
    add_class_names((), file)
    assert file.stat().st_size == 108
    add_class_names(NAMES, file)
    assert file.read_bytes()[:108] == b"1234TFL3" + bytes(100)
    assert read_class_names(file) == NAMES
    assert zipfile.ZipFile(file).read("labels.txt").decode().splitlines() == [*NAMES]


def test_a_line_break_in_a_name_moves_no_other_class(tmp_path):
    write_class_names(("two\nlines", "b"), tmp_path)
    assert read_class_names(tmp_path) == ("two lines", "b")


@pytest.mark.parametrize(("word", "label"), [("cat", 0), ("7", 1), ("2", 2), ("any", -1), ("-1", -1), ("été", 2)])
def test_a_class_is_given_by_name_or_index(word, label):
    assert label_of(word, NAMES) == label


@pytest.mark.parametrize("word", ["3", "cta", "", "-2", "1.0"])
def test_an_unknown_class_is_refused(word):
    with pytest.raises(
        ConfigError, match=r"label: expected one of cat, 7, été, an index from 0 to 2, or any\. Received"
    ):
        label_of(word, NAMES)


def test_a_misspelt_class_gets_a_suggestion():
    with pytest.raises(ConfigError, match="Did you mean 'cat'"):
        label_of("cta", NAMES)
