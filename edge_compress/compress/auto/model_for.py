"""`--model` as the `model` of a recipe; its head is read off an ONNX file's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge_compress.compress.auto.errors import AutoError
from edge_compress.compress.models.onnx_file import HEIGHT, WIDTH, OnnxFile, read_onnx
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_path import ASSET, TORCHVISION

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
COCO_CLASSES = 80
GIVE_A_RECIPE = (
    "give a recipe as --model, whose `model` says it: source, input (height, width, color, scale, "
    "mean, std) and head"
)


class Model(NamedTuple):
    """What a recipe says of its model.

    Attributes:
        task: detection or classification.
        model: the recipe's `model`.
        classes: that the robot needs; empty for all.
        told: how it was read, in one sentence.
    """

    task: str
    model: dict[str, Any]
    classes: tuple[str, ...]
    told: str


def model_mapping(text: str, labels: Sequence[str] = ()) -> Model:
    """How a model is read.

    Args:
        text: an .onnx file, `asset:NAME`, torchvision:NAME, or a recipe.
        labels: names of its classes; `coco` alone for the 80 of COCO; empty leaves the model's own.

    Raises:
        AutoError: when the file alone does not say how it is fed or read.
        EdgeCompressError: when it cannot be read.
    """
    if text.endswith((".yaml", ".yml")):
        return _from_recipe(Path(text), labels)
    given = {"labels": _label_key(labels)} if labels else {}
    if text.startswith(TORCHVISION):
        model = {"source": text, **given, "head": {"kind": "classifier"}}
        return Model("classification", model, (), "a classifier of torchvision, fed as ImageNet")
    if not text.endswith(".onnx"):
        raise AutoError(
            f"--model {text}: an .onnx file or torchvision:NAME is needed; for any other model "
            f"{GIVE_A_RECIPE}"
        )
    if text.startswith(ASSET):
        from edge_compress import assets

        path = assets.fetch(text.removeprefix(ASSET)).resolve()
    else:
        path = Path(text).expanduser().resolve()
    if not path.is_file():
        raise AutoError(f"--model {text}: no such file (looked for {path})")
    return _from_onnx(read_onnx(path), text if text.startswith(ASSET) else str(path), given)


def _from_recipe(path: Path, labels: Sequence[str]) -> Model:
    recipe = load_recipe(path)
    model = recipe.model.model_dump(mode="json", exclude_unset=True)
    if labels:
        model["labels"] = _label_key(labels)
    return Model(recipe.task, model, recipe.classes, f"as {path} says")


def _from_onnx(file: OnnxFile, source: str, given: dict[str, Any]) -> Model:
    height, width = file.shape[HEIGHT], file.shape[WIDTH]
    if height is None or width is None:
        raise AutoError(f"{file.path}: leaves the image size open; {GIVE_A_RECIPE}")
    outputs = [
        [d.dim_value for d in value.type.tensor_type.shape.dim] for value in file.proto.graph.output
    ]
    size = {"height": height, "width": width}
    shape = outputs[0]
    if len(outputs) == 1 and len(shape) == 3:
        for strides in STRIDES:
            cells = sum((height // step) * (width // step) for step in strides)
            if shape[1] == cells and shape[2] > 5:
                model = {
                    "source": source,
                    **_coco(given, shape[2] - 5),
                    "input": {**size, "color": "bgr", "anchor": "top_left"},
                    "head": {"kind": "yolox", "strides": list(strides)},
                }
                return Model("detection", model, (), "a YOLOX: fed BGR 0-255, top left")
            if shape[2] == cells and shape[1] > 4:
                model = {
                    "source": source,
                    **_coco(given, shape[1] - 4),
                    "input": {**size, "color": "rgb", "scale": 1 / 255},
                    "head": {"kind": "yolov8"},
                }
                return Model("detection", model, (), "a YOLOv8: fed RGB 0-1, centred")
    told = ", ".join(str(shape) for shape in outputs)
    raise AutoError(
        f"{file.path}: its outputs ({told}) do not say how it is fed and read; {GIVE_A_RECIPE}"
    )


def _coco(given: dict[str, Any], classes: int) -> dict[str, Any]:
    return given or ({"labels": "coco"} if classes == COCO_CLASSES else {})


def _label_key(labels: Sequence[str]) -> Any:
    return "coco" if list(labels) == ["coco"] else list(labels)
