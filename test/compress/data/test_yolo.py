"""YOLO's text files: what is in them, what is taken for nothing, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.compress.data import DataError, YoloConfig, open_data

PETS = ("cat", "dog")


@pytest.fixture
def opened(yolo, pictures, notes):
    def read(learn=None, names="data.yaml", **more):
        config = YoloConfig(
            format="yolo",
            names=pictures.parent / names,
            learn={"images": pictures, **(learn or {})},
            **more,
        )
        return open_data(config, PETS, notes)

    return read


def names_in(data) -> int:
    return sum(len(label) for part in data for label in part.truth)


def test_labels_beside_images_of_a_sub_folder_are_found(yolo, pictures, opened):
    for path in (yolo, pictures):
        path.rename(path.with_name("moved"))
        (path / "train").parent.mkdir()
        path.with_name("moved").rename(path / "train")
    assert names_in(opened({"images": pictures / "train"})) == 15


def test_labels_in_the_images_own_folder_are_found(yolo, pictures, opened):
    for path in yolo.iterdir():
        path.rename(pictures / path.name)
    yolo.rmdir()
    assert names_in(opened()) == 15


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "train: images\nnames:\n  0: dog\n  1: cat\n"),
        ("a.yml", "nc: 2\nnames: [dog, cat]\n"),
        ("a.txt", "dog\ncat\n\n"),
        ("obj.names", "dog\ncat\n"),
    ],
)
def test_the_names_come_from_each_kind_of_file(pictures, opened, name, text):
    (pictures.parent / name).write_text(text)
    data = opened(names=name)
    assert all(label.names[0] == "cat" for part in data for label in part.truth)
    config = YoloConfig(format="yolo", names=pictures.parent / name, learn={"images": pictures})
    assert config.class_names == ("dog", "cat")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "names: {1: dog, 2: cat}"),
        ("a.yaml", "[dog, cat]"),
        ("a.yaml", "names: ["),
        ("a.yaml", "names: []"),
    ],
)
def test_names_that_cannot_be_are_refused(pictures, opened, name, text):
    (pictures.parent / name).write_text(text)
    with pytest.raises(DataError, match=r"a\.yaml.*`(data\.)?names`"):
        opened(names=name)


def test_a_polygon_counts_as_the_box_around_it(yolo, opened):
    (yolo / "0.txt").write_text("1 0.25 0.1 0.5 0.6 0.2 0.3\n0 0.5 0.5 0.2 0.2\n")
    boxes = [
        label.boxes[0]
        for part in opened()
        for frame, label in zip(part, part.truth, strict=True)
        if frame[0, 0, 0] == 0
    ]
    np.testing.assert_allclose(boxes, [[8, 3, 20, 18]], atol=1e-4)


def test_an_image_without_labels_shows_nothing(yolo, opened, notes):
    (yolo / "1.txt").unlink()
    (yolo / "3.txt").write_text("\n")
    data = opened()
    assert sum(len(part) for part in data) == 10
    assert names_in(data) == 13
    assert any("1 of 10 images have no labels" in line and "1.png" in line for line in notes.lines)


def test_labels_without_an_image_are_counted(pictures, opened, notes):
    (pictures / "3.png").unlink()
    assert sum(len(part) for part in opened()) == 9
    assert any("1 label files have no image" in line and "3.txt" in line for line in notes.lines)


def test_images_that_have_no_labels_at_all_are_refused(yolo, opened):
    for path in yolo.iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"none of the 10 images.*labels/0\.txt"):
        opened()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2 0.5 0.5 0.1 0.1", "class 2, but `data.names` has 2 names, so numbers are 0 to 1"),
        ("-1 0.5 0.5 0.1 0.1", "class -1"),
        ("cat 0.5 0.5 0.1 0.1", "must be a class number"),
        ("0.5 0.5 0.5 0.1 0.1", "must be a class number"),
        ("1 0.5 0.5 0.1", "must be a class number"),
        ("1 0.5 0.5 0.1 0.1 0.9", "must be a class number"),
        ("1 nan 0.5 0.1 0.1", "must be a class number"),
        ("1 0.5 0.5 -0.1 0.1", "inside out: width -0.1"),
        ("1 20 15 10 8", "are these pixels?"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_number(yolo, opened, line, told):
    (yolo / "4.txt").write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n")
    with pytest.raises(DataError) as caught:
        opened()
    assert f"{yolo / '4.txt'}:2: " in str(caught.value)
    assert told in str(caught.value)


def test_a_file_that_is_no_text_is_refused(yolo, opened):
    (yolo / "4.txt").write_bytes(b"\xff\x00")
    with pytest.raises(DataError, match=r"4\.txt: cannot be read"):
        opened()


@pytest.mark.parametrize("own", [False, True])
def test_labels_that_are_found_are_among_what_is_read(yolo, pictures, own):
    """So that a run does not go on with what it has learnt from other labels."""
    part = {"images": pictures, **({"labels": yolo} if own else {})}
    names = pictures.parent / "data.yaml"
    config = YoloConfig(format="yolo", names=names, learn=part, held_out=part)
    assert set(config.paths) == {names, pictures, yolo}
    assert len(config.paths) == 3


def test_two_pictures_that_the_same_labels_fit_are_refused(yolo, pictures, opened):
    (pictures / "3.bmp").write_bytes((pictures / "3.png").read_bytes())
    with pytest.raises(DataError, match=r"3\.bmp and 3\.png differ in their suffix alone"):
        opened()
