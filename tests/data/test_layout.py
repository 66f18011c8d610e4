"""What folders mean: a split, classes, or nothing."""

import pytest

from tfgen.data.layout import layout_of, role_of
from tfgen.errors import DataError


def classes(names, **options):
    found = layout_of(names, "mine", **options)
    return None if found.labels is None else [found.label_names[k] for k in found.labels]


def test_folders_are_classes_and_a_folder_that_holds_everything_is_not():
    names = ["cat/1.png", "cat/2.png", "dog/deep/1.png"]
    assert classes(names) == ["cat", "cat", "dog"]
    assert classes([f"wrap/more/{name}" for name in names]) == ["cat", "cat", "dog"]
    assert classes(["all/1.png", "all/2.png"]) is None
    assert classes(["1.png", "2.png"]) is None
    assert layout_of(["1.png"], "mine").notes == ()


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("TRAIN", "Valid", "Testing"),
        ("training", "validation", "test"),
        ("Train", "dev", "TEST"),
        ("train_set", "validation-set", "testset"),
        ("train2017", "val2017", "test2017"),
        ("Training Images", "eval", "testing_data"),
    ],
)
@pytest.mark.parametrize("wrap", ["", "data/pictures/"])
def test_the_usual_names_of_splits_are_understood_in_any_case(train, validation, test, wrap):
    names = [
        f"{wrap}{test}/cat/1.png",
        f"{wrap}{train}/dog/2.png",
        f"{wrap}{validation}/cat/3.png",
        f"{wrap}{train}/cat/4.png",
    ]
    found = layout_of(names, "mine")
    assert found.sizes == (2, 1, 1)
    assert found.order.tolist() == [1, 3, 2, 0]
    assert found.label_names == ("cat", "dog")
    assert found.labels.tolist() == [1, 0, 0, 0]


def test_without_a_test_folder_the_validation_folder_is_the_test_split():
    found = layout_of(["train/1.png", "train/2.png", "val/3.png"], "mine")
    assert found.sizes == (2, 0, 1)
    assert "validation folder is the test split" in found.notes[0]


def test_a_folder_inside_each_split_that_holds_everything_is_no_class():
    assert classes(["train/images/1.png", "test/images/2.png"]) is None
    assert classes(["train/images/cat/1.png", "test/images/dog/2.png"]) == ["cat", "dog"]


def test_a_stray_picture_is_said_and_does_not_become_a_class():
    found = layout_of(["stray.png", "cat/1.png", "dog/2.png"], "mine")
    assert found.labels is None
    assert "1 of 3 pictures lie outside of them, for example stray.png" in found.notes[0]


def test_a_picture_outside_of_the_split_is_an_error():
    with pytest.raises(DataError, match=r"1 outside of them: stray\.png"):
        layout_of(["train/1.png", "test/2.png", "stray.png"], "mine")


def test_two_folders_for_one_split_are_an_error():
    with pytest.raises(DataError, match=r"one folder for each split. Received: test, train, val, valid"):
        layout_of([f"{name}/1.png" for name in ("test", "train", "val", "valid")], "mine")


def test_train_beside_another_class_is_a_class():
    found = layout_of(["train/1.png", "test/2.png", "boat/3.png"], "mine")
    assert found.sizes is None
    assert found.label_names == ("boat", "test", "train")
    assert "because boat lies beside them" in found.notes[0]


def test_the_source_may_know_the_splits():
    found = layout_of(["b/1.png", "a/2.png", "b/3.png"], "mine", roles=["test", "train", "train"])
    assert found.sizes == (2, 0, 1)
    assert [found.label_names[k] for k in found.labels] == ["a", "b", "b"]


@pytest.mark.parametrize("name", ["trainer", "test drive", "contest", "valley", "devil", "tests", "train-12"])
def test_other_names_are_no_split(name):
    assert layout_of([f"{name}/1.png", "train/2.png", "cat/3.png"], "mine").sizes is None
    assert role_of(name) is None
