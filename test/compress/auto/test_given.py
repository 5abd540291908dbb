"""How `--model` and `--data` are read, and what is refused."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper
from recordings import JPEG, RAW, write_bag

from edge_compress.bags.errors import BagError
from edge_compress.compress.auto.errors import AutoError
from edge_compress.compress.auto.frames_for import data_mapping
from edge_compress.compress.auto.model_for import model_mapping
from edge_compress.compress.recipe_file import RecipeError


def onnx_file(path, *outputs):
    """A graph from an image [1, 3, 64, 96] to outputs of these shapes."""
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 96])
    nodes, values, constants = [], [], []
    for place, shape in enumerate(outputs):
        zeros = np.zeros(shape, np.float32)
        constants.append(onnx.numpy_helper.from_array(zeros, f"zeros_{place}"))
        nodes += [
            helper.make_node("ReduceMean", ["images"], [f"mean_{place}"], keepdims=0),
            helper.make_node("Add", [f"zeros_{place}", f"mean_{place}"], [f"out_{place}"]),
        ]
        values.append(helper.make_tensor_value_info(f"out_{place}", TensorProto.FLOAT, shape))
    graph = helper.make_graph(nodes, "graph", [image], values, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return str(path)


CELLS = 8 * 12 + 4 * 6 + 2 * 3  # of 64 x 96 at strides 8, 16 and 32


def test_a_yolox_is_known_by_its_cells(tmp_path):
    found = model_mapping(onnx_file(tmp_path / "net.onnx", [1, CELLS, 85]))
    assert found.task == "detection"
    assert found.model["head"] == {"kind": "yolox", "strides": [8, 16, 32]}
    assert found.model["labels"] == "coco"
    assert found.model["input"] == {
        "height": 64,
        "width": 96,
        "color": "bgr",
        "anchor": "top_left",
    }


def test_a_yolov8_is_known_by_its_cells(tmp_path):
    path = onnx_file(tmp_path / "net.onnx", [1, 7, CELLS])
    found = model_mapping(path, ["a", "b", "c"])
    assert found.model["head"] == {"kind": "yolov8"}
    assert found.model["labels"] == ["a", "b", "c"]
    assert "labels" not in model_mapping(path).model, "three classes are not COCO's"


def test_torchvision_and_recipes_say_all_themselves(write_recipe):
    found = model_mapping("torchvision:resnet18")
    assert (found.task, found.model["head"]) == ("classification", {"kind": "classifier"})
    recipe = write_recipe(classes=["dog"])
    found = model_mapping(str(recipe))
    assert found.model["source"] == "tiny_detector:tiny"
    assert found.classes == ("dog",)
    assert model_mapping(str(recipe), ["coco"]).model["labels"] == "coco"


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([[1, 10]], r"its outputs \(\[1, 10\]\) do not say how it is fed and read; give a recipe"),
        ([[1, 99, 85]], r"\[1, 99, 85\]"),
        ([[1, 5, 4], [1, 5, 3]], r"\[1, 5, 4\], \[1, 5, 3\]"),
    ],
)
def test_a_file_that_does_not_say_how_it_is_fed_is_refused(outputs, message, tmp_path):
    with pytest.raises(AutoError, match=message):
        model_mapping(onnx_file(tmp_path / "net.onnx", *outputs))


def test_a_model_that_is_not_there_or_no_model_is_refused(tmp_path):
    with pytest.raises(AutoError, match=r"gone.onnx: no such file"):
        model_mapping(str(tmp_path / "gone.onnx"))
    with pytest.raises(AutoError, match=r"an .onnx file or torchvision:NAME is needed"):
        model_mapping("net.pth")


def video(path, count):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 24))
    for value in range(count):
        writer.write(np.full((24, 32, 3), value % 250, np.uint8))
    writer.release()
    return path


def frames_of(part):
    return range(part["start"], part["start"] + part["count"] * part["step"], part["step"])


@pytest.mark.parametrize("count", [20, 100, 1000])
def test_a_video_is_halved_with_a_gap_before_what_judges(count, tmp_path):
    found = data_mapping(str(video(tmp_path / "street.avi", count)))
    learn, held_out = frames_of(found["learn"]), frames_of(found["held_out"])
    assert learn[0] == 0
    assert held_out[-1] < count
    assert held_out[0] - learn[-1] > 0.1 * count
    assert len(learn) <= 400
    assert len(held_out) <= 300
    assert len(learn) >= min(0.5 * count, 200)


def test_a_folder_of_images_and_a_data_file_are_data_too(images, write_recipe, tmp_path):
    for number in range(12, 24):
        (images / f"{number}.png").write_bytes((images / "00.png").read_bytes())
    assert data_mapping(str(images))["frames"] == str(images)
    of_recipe = data_mapping(str(write_recipe()))
    own = tmp_path / "data.yaml"
    own.write_text(yaml.safe_dump({"frames": "images", "learn": {"count": 6}} | HELD_OUT))
    assert data_mapping(str(own)) == of_recipe
    assert of_recipe["frames"] == str(images)


HELD_OUT = {"held_out": {"start": 6, "count": 6}}


def test_a_bag_is_data_with_its_topic(tmp_path):
    bag = write_bag(tmp_path / "drive", count=30, topics=(RAW, JPEG))
    assert data_mapping(str(bag), JPEG) == {
        "format": "frames",
        "frames": str(bag),
        "topic": JPEG,
        "learn": {"start": 0, "count": 15, "step": 1},
        "held_out": {"start": 18, "count": 12, "step": 1},
    }
    with pytest.raises(BagError, match="several topics have images"):
        data_mapping(str(bag))
    with pytest.raises(AutoError, match="says itself which topic"):
        data_mapping(str(tmp_path / "data.yaml"), RAW)


def test_data_that_cannot_be_used_are_refused(images, tmp_path):
    with pytest.raises(AutoError, match="no such file or folder"):
        data_mapping(str(tmp_path / "gone.avi"))
    with pytest.raises(AutoError, match="has 12 frames; at least 20 are needed"):
        data_mapping(str(images))
    bag = tmp_path / "flight.mcap"
    bag.write_bytes(b"")
    with pytest.raises(BagError, match="cannot be read as a bag"):
        data_mapping(str(bag))
    wrong = tmp_path / "data.yaml"
    wrong.write_text("frame: images\n")
    with pytest.raises(RecipeError, match="`data.frame`: unknown key; did you mean `frames`"):
        data_mapping(str(wrong))
