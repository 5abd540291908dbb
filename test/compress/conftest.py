"""A small detector, footage and recipes for the tests of compression."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import yaml

MATERIAL = Path(__file__).parent / "material"
# Helpers that are imported by name: `from digits import trained, Mlp`.
sys.path.insert(0, str(Path(__file__).parent))
# Bags: `from recordings import write_bag`.
sys.path.insert(0, str(Path(__file__).parents[1] / "bags"))


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny models only wait for each other
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _material_is_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(MATERIAL))


@pytest.fixture
def tiny(_material_is_importable):
    """The module of material/tiny_detector.py."""
    import tiny_detector

    return tiny_detector


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of 12 images of 96 x 80 with coloured blocks."""
    folder = tmp_path / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(12):
        blocks = random.integers(0, 256, (5, 6, 3), np.uint8)
        image = cv2.resize(blocks, (96, 80), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{i:02d}.png"), image)
    return folder


RECIPE: dict[str, Any] = {
    "name": "tiny",
    "task": "detection",
    "model": {
        "source": "tiny_detector:tiny",
        "labels": ["cat", "dog"],
        "input": {"height": 64, "width": 64, "color": "bgr"},
        "head": {"kind": "yolox", "strides": [8]},
    },
    "data": {
        "frames": "images",
        "learn": {"count": 6},
        "held_out": {"start": 6, "count": 6},
    },
    "passes": [{"kind": "quantize", "frames": 4}],
}


@pytest.fixture
def write_recipe(tmp_path: Path, images: Path):
    """Return a function that writes a recipe file with some keys, given dotted, changed."""

    def write(**changes: Any) -> Path:
        content = copy.deepcopy(RECIPE)
        for dotted, value in changes.items():
            *parents, key = dotted.split("__")
            place = content
            for parent in parents:
                place = place[parent]
            if value is None:
                place.pop(key, None)
            else:
                place[key] = value
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    return write


@pytest.fixture
def tiny_onnx(tmp_path: Path, tiny) -> Path:
    """The small detector as a file of its own, exported for a batch of one at 64 x 64."""
    path = tmp_path / "tiny.onnx"
    export_onnx(tiny.tiny(), path, (1, 3, 64, 64))
    return path


def export_onnx(module: torch.nn.Module, path: Path, shape: tuple[int, ...], **settings: Any):
    torch.onnx.export(
        module.eval(),
        (torch.zeros(shape),),
        str(path),
        opset_version=17,
        input_names=["images"],
        output_names=["output"],
        dynamo=False,
        **settings,
    )
