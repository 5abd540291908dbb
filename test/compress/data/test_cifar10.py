"""CIFAR-10 is read from each form that it is offered in, with the same pictures in each."""

from __future__ import annotations

import json
import pickle

import cv2
import numpy as np
import pytest

from edge_compress import assets
from edge_compress.compress.data import Cifar10Config, DataError, open_data

BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
TEN = Cifar10Config(format="cifar10", folder=".").class_names


def batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Twenty pictures [20, 32, 32, 3] in RGB and their labels."""
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (20, 32, 32, 3), np.uint8), np.arange(20) % 10


def write_png(folder, name, images, numbers) -> None:
    cv2.imwrite(str(folder / f"{name}.png"), images.reshape(20, 1024, 3)[..., ::-1])


def write_binary(folder, name, images, numbers) -> None:
    planes = images.transpose(0, 3, 1, 2).reshape(20, -1)
    rows = np.concatenate([numbers[:, None].astype(np.uint8), planes], axis=1)
    (folder / f"{name}.bin").write_bytes(rows.tobytes())


def write_python(folder, name, images, numbers) -> None:
    planes = images.transpose(0, 3, 1, 2).reshape(20, -1)
    content = {b"data": planes, b"labels": numbers.tolist(), b"batch_label": b"one"}
    (folder / name).write_bytes(pickle.dumps(content, protocol=2))


WRITERS = {"png": write_png, "binary": write_binary, "python": write_python}


@pytest.fixture(params=WRITERS)
def cifar(request, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, name in enumerate((*BATCHES, "test_batch")):
        WRITERS[request.param](folder, name, *batch(i))
    if request.param == "png":
        (folder / "train_lables.json").write_text(json.dumps([i % 10 for i in range(100)]))
        (folder / "test_lables.json").write_text(json.dumps([i % 10 for i in range(20)]))
    return folder


def opened(folder, labels=TEN, **more):
    return open_data(Cifar10Config(format="cifar10", folder=folder, **more), labels)


def refused(folder, **more) -> str:
    with pytest.raises(DataError) as caught:
        opened(folder, **more)
    return str(caught.value)


def test_each_form_gives_the_same_pictures_in_bgr_with_their_labels(cifar):
    data = opened(cifar)
    assert [len(part) for part in data] == [90, 10, 20]
    for place, frame, label in zip(data.learn.indices, data.learn, data.learn.truth, strict=True):
        images, numbers = batch(place // 20)
        assert np.array_equal(frame[..., ::-1], images[place % 20])
        assert label.names == (TEN[numbers[place % 20]],)
    assert np.array_equal(data.held_out[3][..., ::-1], batch(5)[0][3])


def test_a_missing_batch_is_named(cifar):
    missing = next(path for path in cifar.iterdir() if path.name.startswith("data_batch_3"))
    missing.unlink()
    message = refused(cifar)
    assert str(missing) in message
    assert "is missing" in message


def test_a_batch_that_is_not_whole_is_named(cifar):
    path = next(path for path in cifar.iterdir() if path.name.startswith("data_batch_3"))
    path.write_bytes(path.read_bytes()[:5000])
    message = refused(cifar)
    assert str(path) in message
    assert "not a whole" in message


def test_a_folder_without_batches_says_what_must_be_there(tmp_path):
    assert "test_batch.png" in refused(tmp_path)


def png_labels(tmp_path, content: str):
    for i, name in enumerate((*BATCHES, "test_batch")):
        write_png(tmp_path, name, *batch(i))
    (tmp_path / "train_lables.json").write_text(content)
    (tmp_path / "test_lables.json").write_text(json.dumps([i % 10 for i in range(20)]))
    return tmp_path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[1, 2", "not JSON"),
        ('{"a": 1}', "a list of class numbers"),
        ('["cat"]', "a list of class numbers"),
        ("[1, 2]", "2 labels for 100 pictures"),
        (json.dumps([10] * 100), "label 10 is not one of CIFAR-10's"),
    ],
)
def test_labels_that_cannot_be_are_refused_with_their_file(tmp_path, content, told):
    message = refused(png_labels(tmp_path, content))
    assert "train_lables.json" in message
    assert told in message


def test_a_batch_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    for i, name in enumerate((*BATCHES, "test_batch")):
        write_python(tmp_path, name, *batch(i))
    (tmp_path / "data_batch_2").write_bytes(pickle.dumps({b"data": Evil()}))
    assert "data_batch_2" in refused(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_model_of_another_number_of_classes_is_refused(cifar):
    assert "10 classes, but the model has 2" in refused(cifar, labels=("cat", "dog"))


@pytest.mark.slow
def test_the_real_one_is_read_whole():
    data = opened(assets.fetch("cifar10"))
    assert [len(part) for part in data] == [45_000, 5_000, 10_000]
    counts = np.bincount([int(label.class_ids[0]) for label in data.validation.truth])
    assert counts.tolist() == [500] * 10
