"""What COCO, VOC and YOLO have in common: the same boxes give the same parts."""

from __future__ import annotations

import numpy as np
import pytest
from data_sets import draw, voc_xml

from edge_compress.compress.data import CocoConfig, DataError, VocConfig, YoloConfig, open_data

PETS = ("cat", "dog")


@pytest.fixture(params=["coco", "voc", "yolo"])
def config(request, pictures):
    """Return a function that makes the `data` of each format for the same pictures."""
    written = request.getfixturevalue(request.param)
    if request.param == "coco":
        written.write()

    def make(**more):
        if request.param == "coco":
            learn = {"images": pictures, "annotations": written.path}
            return CocoConfig(format="coco", learn=learn, **more)
        if request.param == "voc":
            return VocConfig(format="voc", learn={"images": pictures}, **more)
        names = pictures.parent / "data.yaml"
        return YoloConfig(format="yolo", names=names, learn={"images": pictures}, **more)

    return make


def refused(config, labels=PETS, whole=None) -> str:
    with pytest.raises(DataError) as caught:
        open_data(config, labels, whole=whole)
    return str(caught.value)


def test_boxes_are_in_pixels_of_the_picture_with_the_models_classes(config):
    data = open_data(config(), PETS)
    seen = 0
    for part in data:
        for frame, label in zip(part, part.truth, strict=True):
            i = int(frame[0, 0, 0]) // 20
            cat, dog = [i, 2, i + 10, 22], [5, 5, 35, 25]
            np.testing.assert_allclose(label.boxes, [cat, dog][: len(label)], atol=1e-4)
            assert label.names == (PETS if i % 2 == 0 else PETS[:1])
            assert label.scores.tolist() == [1.0] * len(label)
            assert label.labels == PETS
            assert label.boxes.dtype == np.float32
            seen += 1
    assert seen == 10


def test_a_share_is_held_out_with_some_of_the_rarer_class(config):
    data = open_data(config(held_out=0.4, validation=0.34), PETS)
    assert [len(part) for part in data] == [4, 2, 4]
    assert len({i for part in data for i in part.indices}) == 10
    for part in data:
        assert any("dog" in label.names for label in part.truth)


def test_a_range_can_be_held_out_and_the_rest_is_learnt_from(config):
    data = open_data(config(held_out={"start": 2, "count": 3, "step": 2}, validation=0), PETS)
    assert [int(frame[0, 0, 0]) // 20 for frame in data.held_out] == [2, 4, 6]
    assert [int(frame[0, 0, 0]) // 20 for frame in data.learn] == [0, 1, 3, 5, 7, 8, 9]


def test_a_range_past_the_end_is_told(config):
    message = refused(config(held_out={"start": 8, "count": 3}))
    assert "`data.held_out` asks for picture 10" in message
    assert "there are 10" in message
    assert "no picture to learn from" in refused(config(held_out={"count": 10}))


def test_fewer_pictures_can_be_asked_for_but_not_more(config):
    data = open_data(config(count={"learn": 4, "held_out": 1}, validation=0), PETS)
    assert [len(data.learn), len(data.held_out)] == [4, 1]
    assert "`data.count.learn` asks for 9" in refused(config(count={"learn": 9}))


def test_labels_of_classes_that_the_recipe_leaves_out_are_left_out(config):
    data = open_data(config(), ("dog",), whole=("cat", "dog"))
    labels = [label for part in data for label in part.truth]
    assert len(labels) == 10  # a picture without a dog shows that there is none
    assert sum(len(label) for label in labels) == 5
    assert {name for label in labels for name in label.names} == {"dog"}


def test_a_label_that_the_model_does_not_know_is_named_with_its_place(config):
    message = refused(config(), labels=("cat", "dogs"))
    assert "'dog' (did you mean 'dogs'?)" in message
    assert "`classes`" in message
    assert "instances.json" in message or "/Annotations/" in message or "/labels/" in message


def test_classes_of_which_nothing_is_labelled_are_named(config):
    message = refused(config(), labels=("cat", "dog", "cow", "hen"))
    assert "2 of the model's 4 classes: 'cow', 'hen'" in message


def test_no_label_that_fits_is_told_even_when_classes_were_chosen(config):
    assert "'cow', 'hen'" in refused(config(), labels=("cow", "hen"), whole=("cow", "hen", "fox"))


def test_a_broken_picture_is_left_out_and_named(config, pictures, notes):
    (pictures / "4.png").write_bytes(b"no picture")
    data = open_data(config(), PETS, notes)
    assert sum(len(part) for part in data) == 9
    assert sum((part.skipped for part in data), ()) == ("4.png",)
    assert any("4.png" in line for line in notes.lines)


def test_a_folder_without_images_is_told(config, pictures):
    for path in pictures.iterdir():
        path.unlink()
    assert str(pictures) in refused(config())


def test_a_box_that_oversteps_the_picture_is_clipped(config, pictures, request):
    """All pictures are made narrower than their labels' boxes reach, as if drawn too far."""
    for i in range(10):
        draw(pictures / f"{i}.png", 20 * i, width=40, height=30)
    kind = config().format
    if kind == "coco":
        coco = request.getfixturevalue("coco")
        coco.content["annotations"][0]["bbox"] = [-3, -2, 60, 20]
        coco.write()
    elif kind == "voc":
        xml = voc_xml([("cat", -2, -1, 57, 18), ("dog", 6, 6, 35, 25)])
        (pictures.parent / "Annotations" / "0.xml").write_text(xml)
    else:
        text = "1 0.5 0.3 1.005 0.602\n0 0.5 0.5 0.75 0.6666667\n"
        (pictures.parent / "labels" / "0.txt").write_text(text)
    data = open_data(config(), PETS)
    boxes = [
        label.boxes[0].tolist()
        for part in data
        for frame, label in zip(part, part.truth, strict=True)
        if frame[0, 0, 0] == 0
    ]
    np.testing.assert_allclose(boxes, [[0, 0, 40, 18]], atol=0.1)
