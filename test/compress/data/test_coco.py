"""COCO's JSON: what is in it, what is left out, and what is refused."""

from __future__ import annotations

import re

import pytest
from data_sets import draw

from edge_compress.compress.data import CocoConfig, DataError, open_data

PETS = ("cat", "dog")


@pytest.fixture
def opened(coco, pictures, notes):
    def read(**more):
        learn = {"images": pictures, "annotations": coco.write()}
        return open_data(CocoConfig(format="coco", learn=learn, **more), PETS, notes)

    return read


@pytest.fixture
def refused(opened, coco):
    def read(**more) -> str:
        with pytest.raises(DataError) as caught:
            opened(**more)
        assert str(coco.path) in str(caught.value) or "images" in str(caught.value)
        return str(caught.value)

    return read


def test_the_categories_by_id_are_the_classes_of_a_model_without_labels(coco, pictures):
    learn = {"images": pictures, "annotations": coco.write()}
    assert CocoConfig(format="coco", learn=learn).class_names == ("cat", "dog")


def test_pictures_of_their_own_can_be_held_out(opened, coco, pictures, tmp_path):
    draw(tmp_path / "val" / "new.png", 77)
    train = dict(coco.content)
    coco.content["images"] = [{"id": 1, "file_name": "new.png", "width": 40, "height": 30}]
    coco.content["annotations"] = []
    coco.path = tmp_path / "val.json"
    coco.write()
    coco.path, coco.content = tmp_path / "instances.json", train
    data = opened(held_out={"images": tmp_path / "val", "annotations": tmp_path / "val.json"})
    assert [int(frame[0, 0, 0]) for frame in data.held_out] == [77]
    assert len(data.held_out.truth[0]) == 0
    assert len(data.learn) + len(data.validation) == 10


def test_the_same_pictures_cannot_judge(refused, coco, pictures):
    message = refused(held_out={"images": pictures, "annotations": coco.path})
    assert "share 10 pictures" in message


def test_crowds_are_left_out(opened, coco):
    for annotation in coco.content["annotations"][:10]:
        if annotation["image_id"] == 103:
            annotation["iscrowd"] = 1
    data = opened()
    assert sum(len(label) for part in data for label in part.truth) == 14


def test_a_picture_that_is_not_there_is_left_out_and_counted(opened, pictures, notes):
    (pictures / "4.png").unlink()
    assert sum(len(part) for part in opened()) == 9
    assert any("1 of 10 images are not in" in line and "4.png" in line for line in notes.lines)


def test_a_folder_without_any_of_the_pictures_is_refused(refused, pictures):
    for path in pictures.iterdir():
        path.rename(path.with_suffix(".jpg"))
    message = refused()
    assert "none of the 10 images of instances.json, such as '0.png'" in message


def test_a_picture_of_another_size_than_its_labels_is_left_out(opened, pictures, notes):
    draw(pictures / "4.png", 80, width=30, height=40)
    assert sum(len(part) for part in opened()) == 9
    assert any("4.png (is 30 x 40, its labels are for 40 x 30)" in line for line in notes.lines)


def test_a_box_without_area_is_left_out_and_counted(opened, coco, notes):
    coco.content["annotations"][0]["bbox"] = [3, 3, 0, 5]
    data = opened()
    assert sum(len(label) for part in data for label in part.truth) == 14
    assert any("1 boxes without area" in line for line in notes.lines)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c["annotations"][1].update(bbox=[9, 9, -5, 3]), "`annotations` 1.*inside out"),
        (lambda c: c["annotations"][1].update(bbox=[1, 2, 3]), "`annotations` 1: needs.*`bbox`"),
        (lambda c: c["annotations"][1].update(bbox=None), "`annotations` 1: needs"),
        (lambda c: c["annotations"][1].update(bbox=[float("nan")] * 4), "inside out"),
        (lambda c: c["annotations"][1].update(category_id=99), "category 99 is not one"),
        (lambda c: c["annotations"][1].update(image_id=99), "image 99 is not one"),
        (lambda c: c["annotations"][1].update(bbox=[41, 2, 9, 9]), "lies outside of 1.png"),
        (lambda c: c["annotations"][1].update(category_id=[1]), "`annotations` 1: needs"),
        (lambda c: c["annotations"][1].update(image_id=[1]), "`annotations` 1: needs"),
        (lambda c: c["annotations"].append(5), "`annotations` 15: needs"),
        (lambda c: c.pop("categories"), "no list `categories`"),
        (lambda c: c["categories"][0].pop("name"), "`categories`: each needs `id` and `name`"),
        (lambda c: c["images"][0].pop("width"), "`images`: each needs"),
    ],
)
def test_annotations_that_cannot_be_are_refused_with_their_place(refused, coco, change, told):
    change(coco.content)
    assert re.search(told, refused())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_file_that_is_no_annotations_is_refused(coco, pictures, content):
    coco.path.write_bytes(content)
    config = CocoConfig(format="coco", learn={"images": pictures, "annotations": coco.path})
    with pytest.raises(DataError, match=r"instances\.json"):
        open_data(config, PETS)
