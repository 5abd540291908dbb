"""idx files become grey pictures with labels; what does not fit is told before any work."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from data_sets import grey, idx

from edge_compress import assets
from edge_compress.compress.data import DataError, MnistConfig, open_data

FOUR = ("a", "b", "c", "d")


def config(folder, **more) -> MnistConfig:
    return MnistConfig(format="mnist", folder=folder, **more)


def refused(folder, labels=FOUR, whole=None, **more) -> str:
    with pytest.raises(DataError) as caught:
        open_data(config(folder, **more), labels, whole=whole)
    return str(caught.value)


def classes(frames) -> list[int]:
    return [int(label.class_ids[0]) for label in frames.truth]


def test_the_two_pairs_of_files_become_three_parts(mnist):
    data = open_data(config(mnist), FOUR)
    assert [len(part) for part in data] == [54, 6, 20]
    assert set(data.learn.indices).isdisjoint(data.validation.indices)
    assert np.bincount(classes(data.validation)).min() >= 1
    assert data.learn.name == "digits"


def test_a_frame_is_its_picture_in_three_channels_with_its_label(mnist):
    data = open_data(config(mnist), FOUR)
    for part in data:
        for frame, label in zip(part, part.truth, strict=True):
            assert frame.shape == (4, 4, 3)
            assert frame[0, :, 0].tolist() == [10 * label.class_ids[0] + i for i in range(4)]
            assert (frame == frame[..., :1]).all()
            assert label.boxes.tolist() == [[0, 0, 4, 4]]
            assert label.scores.tolist() == [1]
            assert label.labels == FOUR


def test_the_split_is_the_same_each_time_and_another_with_another_seed(mnist):
    first, again = (open_data(config(mnist), FOUR).validation.indices for _ in range(2))
    assert first == again
    assert first != open_data(config(mnist, seed=1), FOUR).validation.indices


def test_the_pictures_can_be_fewer_of_each_class_the_same_number(mnist):
    data = open_data(config(mnist, count={"learn": 20, "held_out": 8}, validation=0.2), FOUR)
    assert np.bincount(classes(data.learn)).tolist() == [4, 4, 4, 4]
    assert np.bincount(classes(data.validation)).tolist() == [1, 1, 1, 1]
    assert np.bincount(classes(data.held_out)).tolist() == [2, 2, 2, 2]


def test_without_a_share_of_its_own_some_of_what_is_learnt_from_is_chosen_by(mnist):
    data = open_data(config(mnist, validation=0), FOUR)
    assert len(data.learn) == 60
    assert set(data.validation.indices) <= set(data.learn.indices)


def test_packed_files_and_other_names_are_read_too(mnist):
    for path in list(mnist.iterdir()):
        name = path.name.replace("-idx", ".idx").replace("t10k", "test")
        (mnist / f"emnist-digits-{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert [len(part) for part in open_data(config(mnist), FOUR)] == [54, 6, 20]


def test_only_pictures_of_the_recipes_classes_are_taken(mnist, notes):
    data = open_data(config(mnist), ("b", "d"), notes, whole=FOUR)
    assert len(data.learn) + len(data.validation) == 30
    for part in data:
        for frame, label in zip(part, part.truth, strict=True):
            assert label.names == ({10: "b", 30: "d"}[int(frame[0, 0, 0])],)
    assert any("all others are left out" in line for line in notes.lines)


def test_a_model_with_another_number_of_classes_is_refused(mnist):
    message = refused(mnist, labels=("a", "b", "c"))
    assert str(mnist) in message
    assert "4 classes, but the model has 3" in message
    assert "4 classes, but the model has 5" in refused(mnist, labels=(*FOUR, "e"))


def test_a_class_without_an_example_is_named(mnist):
    numbers = np.arange(60) % 3
    (mnist / "train-labels-idx1-ubyte").write_bytes(idx(numbers))
    message = refused(mnist)
    assert "1 of the model's 4 classes: 'd'" in message
    assert "`classes`" in message


def test_more_pictures_than_there_are_cannot_be_asked_for(mnist):
    assert "`data.count.learn` asks for 61" in refused(mnist, count={"learn": 61})
    assert "`data.count.held_out` asks for 21" in refused(mnist, count={"held_out": 21})


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_missing_file_is_named(mnist, name):
    (mnist / name).unlink()
    message = refused(mnist)
    assert f"`data.folder` has no {name}" in message
    assert str(mnist) in message


def test_a_folder_that_is_a_file_is_told(mnist):
    assert "`data.folder`" in refused(mnist / "train-images-idx3-ubyte")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content[:-5], "it is not whole"),
        (lambda content: content[:7], "not an idx file"),
        (lambda content: b"", "not an idx file"),
        (lambda content: b"GIF89a" + content, "not an idx file"),
    ],
)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_damaged_file_is_named(mnist, damage, told, name):
    (mnist / name).write_bytes(damage((mnist / name).read_bytes()))
    message = refused(mnist)
    assert str(mnist / name) in message
    assert told in message


def test_a_damaged_packed_file_is_named(mnist):
    path = mnist / "train-images-idx3-ubyte"
    whole = gzip.compress(path.read_bytes())
    path.unlink()
    packed = mnist / "train-images-idx3-ubyte.gz"
    packed.write_bytes(whole[: len(whole) // 2])
    assert f"{packed}: cannot be read" in refused(mnist)


def test_labels_of_other_pictures_are_refused(mnist):
    (mnist / "train-images-idx3-ubyte").write_bytes(idx(grey(np.arange(59) % 4)))
    assert "59 pictures, but train-labels-idx1-ubyte has 60 labels" in refused(mnist)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_ones_are_read_whole(name):
    data = open_data(config(assets.fetch(name)), tuple("0123456789"))
    assert [len(part) for part in data] == [54_000, 6_000, 10_000]
    assert data.learn[0].shape == (28, 28, 3)
    assert len(set(classes(data.held_out))) == 10
