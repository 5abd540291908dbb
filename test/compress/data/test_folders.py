"""A sub-folder a class: matched with the model's labels by name."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from data_sets import draw

from edge_compress.compress.data import DataError, FoldersConfig, open_data

PETS = ("dog", "cat")  # not in the folders' order


def opened(folder, labels=PETS, progress=None, whole=None, **more):
    config = FoldersConfig(format="folders", learn=folder, **more)
    return open_data(config, labels, progress, whole=whole)


def refused(folder, labels=PETS, **more) -> str:
    with pytest.raises(DataError) as caught:
        opened(folder, labels, **more)
    return str(caught.value)


def test_each_picture_has_the_class_of_its_folder(class_folders):
    for part in opened(class_folders):
        for frame, label in zip(part, part.truth, strict=True):
            assert label.names == ("cat" if frame[0, 0, 0] < 100 else "dog",)
            assert label.boxes.tolist() == [[0, 0, 40, 30]]
            assert label.labels == PETS


def test_a_share_of_each_class_is_held_out(class_folders):
    data = opened(class_folders, held_out=0.2, validation=0.25)
    counts = [np.bincount([int(t.class_ids[0]) for t in part.truth]).tolist() for part in data]
    assert counts == [[12, 6], [4, 2], [4, 2]]
    indices = [set(part.indices) for part in data]
    assert len(set.union(*indices)) == 30


def test_a_folder_of_its_own_can_be_held_out(class_folders, tmp_path):
    for name, value in (("cat", 11), ("dog", 222)):
        draw(tmp_path / "test" / name / "a.png", value)
    data = opened(class_folders, held_out=tmp_path / "test")
    assert sorted(int(frame[0, 0, 0]) for frame in data.held_out) == [11, 222]
    assert len(data.learn) + len(data.validation) == 30


def test_the_names_in_order_are_the_classes_of_a_model_without_labels(class_folders):
    config = FoldersConfig(format="folders", learn=class_folders)
    assert config.class_names == ("cat", "dog")


def test_what_is_learnt_from_cannot_also_judge(class_folders):
    assert "share 30 pictures" in refused(class_folders, held_out=class_folders)


def test_a_broken_picture_is_left_out_and_named(class_folders, notes):
    (class_folders / "dog" / "03.png").write_bytes(b"no picture")
    data = opened(class_folders, progress=notes)
    assert sum(len(part) for part in data) == 29
    assert sum((part.skipped for part in data), ()) == ("dog/03.png",)
    assert any("dog/03.png" in line for line in notes.lines)


def test_a_folder_that_is_no_class_of_the_model_is_named_with_the_nearest(class_folders):
    (class_folders / "cat").rename(class_folders / "cats")
    message = refused(class_folders)
    assert "'cats' (did you mean 'cat'?)" in message
    assert "`model.labels`" in message


def test_folders_of_classes_that_the_recipe_leaves_out_are_left_out(class_folders):
    draw(class_folders / "cow" / "1.png", 0)
    data = opened(class_folders, ("dog",), whole=("cat", "dog", "cow"))
    assert sum(len(part) for part in data) == 20
    assert {name for part in data for label in part.truth for name in label.names} == {"dog"}


def test_a_class_without_a_picture_is_named(class_folders):
    shutil.rmtree(class_folders / "cat")
    assert "1 of the model's 2 classes: 'cat'" in refused(class_folders)
    (class_folders / "cat").mkdir()
    assert "1 of the model's 2 classes: 'cat'" in refused(class_folders)


def test_a_class_with_nothing_but_broken_pictures_is_named(class_folders):
    for path in (class_folders / "cat").iterdir():
        path.write_bytes(b"")
    assert "1 of the model's 2 classes: 'cat'" in refused(class_folders)


def test_a_folder_of_pictures_without_classes_says_what_is_needed(pictures):
    message = refused(pictures)
    assert "`data.learn`" in message
    assert "sub-folder" in message
    assert "images/dog/1.jpg" in message


def test_more_pictures_than_there_are_cannot_be_asked_for(class_folders):
    message = refused(class_folders, count={"learn": 25})
    assert "`data.count.learn` asks for 25 pictures, but there are 24" in message
