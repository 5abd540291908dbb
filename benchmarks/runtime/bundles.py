"""The bundles that are run: YOLOX-Nano as it is, one that certain frames break, a damaged one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edge_compress import assets
from edge_compress.bundle.schema import (
    InputSpec,
    Manifest,
    Measurement,
    Provenance,
    Variant,
    YoloxHead,
)
from edge_compress.bundle.writer import BundleWriter
from edge_compress.vision.labels import load_labels

MODEL_FILE = "model.fp32.onnx"
SIDE = 416
PATCH = 16  # pixels of a 640 x 480 frame: more than one of the network's


def yolox_bundle(folder: Path, name: str, model: Path | None = None, **input: Any) -> Path:
    """Write YOLOX-Nano, or a model like it, not compressed, into ``folder/NAME.bundle``.

    Args:
        folder: above the bundle.
        name: of the bundle.
        model: its file; None for YOLOX-Nano.
        input: what is to be other in its `InputSpec`.
    """
    spec = {"height": SIDE, "width": SIDE, "color": "bgr", "anchor": "top_left", **input}
    model = model or assets.fetch("yolox_nano.onnx")
    measured = Measurement(size_bytes=model.stat().st_size, params=896_000, macs=531_000_000)
    with BundleWriter(folder / f"{name}.bundle") as writer:
        variant = Variant(
            file=MODEL_FILE,
            profile="fp32",
            precision="fp32",
            sha256=writer.add(MODEL_FILE, model),
            measured=measured,
        )
        return writer.finish(
            Manifest(
                name=name,
                task="detection",
                labels=load_labels("coco"),
                input=InputSpec.model_validate(spec),
                head=YoloxHead(),
                original=measured,
                variants=(variant,),
                provenance=Provenance(created="2026-01-01T00:00:00Z", model="YOLOX-Nano"),
            )
        )


def breakable_bundle(folder: Path) -> Path:
    """Write a YOLOX-Nano that two kinds of frames break; all others give the same as ever.

    A frame whose top left corner is pure white makes all outputs NaN. One whose top right corner is
    makes the runtime itself fail: an index that is computed from the pixel is out of bounds. So the
    node that is tested is the one that flies; nothing in it knows of the test.
    """
    model = onnx.load(assets.fetch("yolox_nano.onnx"))
    graph = model.graph
    (output,) = (one.name for one in graph.output)
    for node in graph.node:
        node.output[:] = ["clean" if name == output else name for name in node.output]
    constants = {
        "corner_zero": np.float32(0),
        "corner_full": np.float32(255),
        "corner_almost": np.float32(254),
        "corner_only": np.zeros(1, np.float32),
        "corner_axes": np.array([2, 3], np.int64),
    }
    for side, start in (("left", 0), ("right", SIDE - 1)):
        constants[f"corner_{side}_from"] = np.array([0, start], np.int64)
        constants[f"corner_{side}_to"] = np.array([1, start + 1], np.int64)
    image = graph.input[0].name
    graph.node.extend(
        [
            *_darkest(image, "left"),
            # log(255 - darkest channel) is -inf for pure white only; times 0 it is NaN.
            helper.make_node("Sub", ["corner_full", "darkest_left"], ["to_white"]),
            helper.make_node("Log", ["to_white"], ["log_to_white"]),
            helper.make_node("Mul", ["log_to_white", "corner_zero"], ["poison"]),
            *_darkest(image, "right"),
            helper.make_node("Sub", ["darkest_right", "corner_almost"], ["above"]),
            helper.make_node("Relu", ["above"], ["one_if_white"]),
            helper.make_node("Cast", ["one_if_white"], ["index"], to=onnx.TensorProto.INT64),
            helper.make_node("Gather", ["corner_only", "index"], ["nothing"]),
            helper.make_node("Add", ["poison", "nothing"], ["breaks"]),
            helper.make_node("Add", ["clean", "breaks"], [output]),
        ]
    )
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    onnx.checker.check_model(model)
    path = folder / "breakable.onnx"
    onnx.save(model, path)
    return yolox_bundle(folder, "breakable", path)


def damaged_copy(bundle: Path) -> Path:
    """Copy a bundle and change one byte of its model, which its checksums then tell."""
    copy = bundle.with_name("damaged.bundle")
    shutil.copytree(bundle, copy)
    model = copy / MODEL_FILE
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    return copy


def with_white_corner(image: NDArray[np.uint8], *, right: bool) -> NDArray[np.uint8]:
    """Return a copy of a [height, width, 3] frame that breaks `breakable_bundle`."""
    broken = image.copy()
    broken[:PATCH, -PATCH if right else 0 : None if right else PATCH] = 255
    return broken


def _darkest(image: str, side: str) -> list[onnx.NodeProto]:
    bounds = [f"corner_{side}_from", f"corner_{side}_to", "corner_axes"]
    return [
        helper.make_node("Slice", [image, *bounds], [f"corner_{side}"]),
        helper.make_node("ReduceMin", [f"corner_{side}"], [f"darkest_{side}"], keepdims=0),
    ]
