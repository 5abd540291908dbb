"""VOC's XML: what is in it, what is left out, and what is refused."""

from __future__ import annotations

import pytest
from data_sets import draw, voc_xml

from edge_compress.compress.data import DataError, VocConfig, open_data

PETS = ("cat", "dog")


@pytest.fixture
def opened(voc, pictures, notes):
    def read(learn=None, **more):
        config = VocConfig(format="voc", learn={"images": pictures, **(learn or {})}, **more)
        return open_data(config, PETS, notes)

    return read


def test_annotations_can_lie_beside_each_image(voc, pictures, opened):
    for path in voc.iterdir():
        path.rename(pictures / path.name)
    voc.rmdir()
    assert sum(len(part) for part in opened()) == 10


def test_annotations_in_another_folder_can_be_named(voc, opened, tmp_path):
    voc.rename(tmp_path / "xml")
    assert sum(len(part) for part in opened({"annotations": tmp_path / "xml"})) == 10


def test_an_image_set_chooses_pictures(opened, tmp_path):
    (tmp_path / "train.txt").write_text("0\n1  1\n2 -1\n")
    (tmp_path / "test.txt").write_text("3\n4\n")
    learn = {"image_set": tmp_path / "train.txt"}
    held_out = {"images": tmp_path / "images", "image_set": tmp_path / "test.txt"}
    data = opened(learn, held_out=held_out, validation=0)
    assert [int(frame[0, 0, 0]) // 20 for frame in data.learn] == [0, 1, 2]
    assert [int(frame[0, 0, 0]) // 20 for frame in data.held_out] == [3, 4]


def test_an_image_set_with_what_is_not_there_is_refused(opened, tmp_path):
    (tmp_path / "train.txt").write_text("0\n77\n")
    with pytest.raises(DataError, match="has no image '77'; 1 of the 2"):
        opened({"image_set": tmp_path / "train.txt"})
    (tmp_path / "train.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"train\.txt: `image_set` cannot be read"):
        opened({"image_set": tmp_path / "train.txt"})


def test_difficult_objects_are_left_out(voc, opened):
    hard = "<difficult>1</difficult>"
    (voc / "0.xml").write_text(voc_xml([("cat", 1, 1, 9, 9, hard), ("dog", 2, 2, 9, 9)]))
    assert sum(len(label) for part in opened() for label in part.truth) == 14


def test_an_image_without_annotations_is_left_out_and_counted(voc, opened, notes):
    (voc / "3.xml").unlink()
    assert sum(len(part) for part in opened()) == 9
    assert any("1 of 10 images have no XML" in line and "3.png" in line for line in notes.lines)


def test_annotations_without_an_image_are_counted(pictures, opened, notes):
    (pictures / "3.png").unlink()
    assert sum(len(part) for part in opened()) == 9
    assert any("1 label files have no image" in line and "3.xml" in line for line in notes.lines)


def test_images_that_have_no_annotations_at_all_are_refused(voc, opened):
    for path in voc.iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"none of the 10 images.*Annotations/0\.xml"):
        opened()


def test_a_picture_of_another_size_than_its_labels_is_left_out(pictures, opened, notes):
    draw(pictures / "4.png", 80, width=30, height=40)
    assert sum(len(part) for part in opened()) == 9
    assert any("is 30 x 40, its labels are for 40 x 30" in line for line in notes.lines)


def test_a_size_that_nobody_wrote_is_not_checked(voc, pictures, opened):
    (voc / "4.xml").write_text(voc_xml([("cat", 1, 1, 9, 9)], size=None))
    draw(pictures / "4.png", 80, width=30, height=40)
    assert sum(len(part) for part in opened()) == 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<annotation>", "not XML"),
        ("", "not XML"),
        (voc_xml([("cat", 9, 1, 3, 9)]), "'cat' is inside out: xmin 9, ymin 1, xmax 3, ymax 9"),
        (voc_xml([("cat", "nan", 1, 3, 9)]), "inside out"),
        (voc_xml([("cat", 41, 1, 43, 9)]), "lies outside of 4.png, which is 40 x 30"),
        (voc_xml([("cat", "x", 1, 3, 9)]), "'cat' has no `bndbox`"),
        ("<annotation><object><name>cat</name></object></annotation>", "'cat' has no `bndbox`"),
        (voc_xml([("", 1, 1, 3, 9)]), "has no `name`"),
    ],
)
def test_annotations_that_cannot_be_are_refused_with_their_file(voc, opened, content, told):
    (voc / "4.xml").write_text(content)
    with pytest.raises(DataError) as caught:
        opened()
    assert str(voc / "4.xml") in str(caught.value)
    assert told in str(caught.value)


def test_annotations_that_are_found_are_among_what_is_read(voc, pictures, tmp_path):
    """So that a run does not go on with what it has learnt from other labels."""
    config = VocConfig(format="voc", learn={"images": pictures})
    assert set(config.paths) == {pictures, voc}
    judge = {"images": draw(tmp_path / "judge" / "0.png").parent}
    config = VocConfig(format="voc", learn={"images": pictures}, held_out=judge)
    assert set(config.paths) == {pictures, voc, judge["images"]}  # `Annotations` is beside both
    named = {**judge, "annotations": tmp_path}
    config = VocConfig(format="voc", learn={"images": pictures}, held_out=named)
    assert set(config.paths) == {pictures, voc, judge["images"], tmp_path}
