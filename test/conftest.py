"""Real parts for all tests: the demo's model and video, and small models made on the spot.

The small detector sees plain coloured squares. Its graph is a real ONNX file with a yolox head:
each 8 x 8 cell of its input becomes one box of 16 x 16 network pixels around the cell's centre,
with the brightness of the cell above mid-grey as objectness and its blue, green and red as the
class probabilities. So a pure red patch that covers one cell gives one box of class ``red`` with
score 1, and grey or black give nothing. A frame whose top left pixel is pure white makes all its
outputs NaN, for tests of a model that breaks.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import settings
from onnx import TensorProto, helper, numpy_helper

from edge_compress.bundle.schema import (
    ClassifierHead,
    InputSpec,
    LatencyStats,
    Manifest,
    Measurement,
    ParitySample,
    Profile,
    Provenance,
    Variant,
    YoloxHead,
)
from edge_compress.bundle.writer import BundleWriter
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.parity_sample import see

COLORS = ("blue", "green", "red")
CELL = 8


class MakeModel(Protocol):
    """Writes a small model."""

    def __call__(self, height: int = 64, width: int = 96, *, slow: bool = False) -> Path: ...


class MakeFixed(Protocol):
    """Writes a small model with known outputs."""

    def __call__(
        self, outputs: Mapping[str, np.ndarray], height: int = 64, width: int = 96
    ) -> Path: ...


class MakeBundle(Protocol):
    """Writes a small bundle."""

    def __call__(
        self,
        name: str = "tiny",
        *,
        height: int = 64,
        width: int = 96,
        labels: Sequence[str] = COLORS,
        profiles: Sequence[Profile] = ("fp32",),
        slow: Sequence[Profile] = (),
        latency: LatencyStats | None = None,
        task: str = "detection",
        anchor: str = "top_left",
        sample: np.ndarray | None = None,
    ) -> Path: ...


# No two workers of one run have a domain in common, whatever seeds their tests set. Ids up to 101
# stay clear of the ports that Linux hands out. Set before the first import of rclpy.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = min(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), 50)
_DOMAINS = range(1 + _WORKER % _WORKERS, 102, _WORKERS)
os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().choice(_DOMAINS))

# A shell starts background jobs with SIGINT ignored, and all their children inherit that. Tests of
# Ctrl-C must not depend on how pytest was started.
signal.signal(signal.SIGINT, signal.default_int_handler)


# A machine that stalls is no fault of the code.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")


@pytest.fixture
def own_domain(monkeypatch: pytest.MonkeyPatch) -> str:
    """Set a ROS domain in which no node of another test is, and return it."""
    others = [domain for domain in _DOMAINS if str(domain) != os.environ["ROS_DOMAIN_ID"]]
    monkeypatch.setenv("ROS_DOMAIN_ID", str(random.SystemRandom().choice(others)))
    return os.environ["ROS_DOMAIN_ID"]


@pytest.fixture(scope="session")
def yolox_onnx() -> Path:
    """YOLOX-Nano, COCO-80, input images [1, 3, 416, 416]."""
    from edge_compress import assets

    return assets.fetch("yolox_nano.onnx")


@pytest.fixture(scope="session")
def vtest_video() -> Path:
    """People in a square, fixed camera, 768 x 576, 795 frames."""
    from edge_compress import assets

    return assets.fetch("vtest.avi")


@pytest.fixture(scope="session")
def opengl() -> str:
    """Skip a test that draws where that cannot be done; in CI it fails."""
    from edge_compress.simulation.errors import RenderError
    from edge_compress.simulation.opengl import find_backend

    try:
        return find_backend()
    except RenderError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def make_detector_onnx(tmp_path: Path) -> MakeModel:
    """Return a function that writes the small detector (see this module) and returns its path.

    Its input is ``images`` [1, 3, height, width], BGR 0-255, both sizes multiples of 8; its output
    is [1, cells, 8] for a yolox head with strides (8,). With `slow` it gives the same outputs, but
    first runs convolutions that nobody needs: many times slower on any machine.
    """

    def make(height: int = 64, width: int = 96, *, slow: bool = False) -> Path:
        path = tmp_path / f"squares-{height}x{width}{'-slow' * slow}.onnx"
        onnx.save(_squares_detector(height, width, slow), path)
        return path

    return make


@pytest.fixture
def make_classifier_onnx(tmp_path: Path) -> MakeModel:
    """Return a function that writes a small classifier and returns its path.

    Its logits [1, 3] are the frame's mean blue, green and red over 16, so a softmax of them is
    sure of the stronger colour.
    """

    def make(height: int = 64, width: int = 96, *, slow: bool = False) -> Path:
        path = tmp_path / f"colors-{height}x{width}.onnx"
        onnx.save(_color_classifier(height, width), path)
        return path

    return make


@pytest.fixture
def make_fixed_onnx(tmp_path: Path) -> MakeFixed:
    """Return a function that writes a model which answers any frame with the given arrays.

    The arrays keep their names, order, shapes and types. Each float one has 0 times the frame's
    mean added, so the runtime cannot fold the graph away.
    """

    def make(outputs: Mapping[str, np.ndarray], height: int = 64, width: int = 96) -> Path:
        path = tmp_path / "fixed.onnx"
        onnx.save(_fixed(outputs, height, width), path)
        return path

    return make


@pytest.fixture
def make_bundle(
    tmp_path: Path, make_detector_onnx: MakeModel, make_classifier_onnx: MakeModel
) -> MakeBundle:
    """Return a function that writes a real small bundle to ``tmp_path/NAME.bundle``.

    The model is the small detector (see this module), or the small classifier for
    ``task="classification"``. It has one file a profile, ``model.PROFILE.onnx``, all with the same
    answers, those in `slow` after needless work; `latency` is written down as measured for each.
    Frames are letterboxed. `sample` is a BGR frame that becomes the parity sample.
    """

    def make(
        name: str = "tiny",
        *,
        height: int = 64,
        width: int = 96,
        labels: Sequence[str] = COLORS,
        profiles: Sequence[Profile] = ("fp32",),
        slow: Sequence[Profile] = (),
        latency: LatencyStats | None = None,
        task: str = "detection",
        anchor: str = "top_left",
        sample: np.ndarray | None = None,
    ) -> Path:
        detection = task == "detection"
        make_onnx = make_detector_onnx if detection else make_classifier_onnx
        model = make_onnx(height, width)
        measured = Measurement(
            size_bytes=model.stat().st_size, params=0, macs=height * width * 3, latency_ms=latency
        )
        spec = InputSpec(height=height, width=width, color="bgr", anchor=anchor)
        head = YoloxHead(strides=(CELL,)) if detection else ClassifierHead()
        with BundleWriter(tmp_path / f"{name}.bundle", overwrite=True) as writer:
            seen = None
            if sample is not None:
                seen = ParitySample(
                    file="sample.png",
                    sha256=writer.add("sample.png", cv2.imencode(".png", sample)[1].tobytes()),
                    objects=see(OrtSession(model, threads=1), spec, head, sample),
                )
            variants = [
                Variant(
                    file=f"model.{profile}.onnx",
                    profile=profile,
                    precision="fp32",
                    sha256=writer.add(
                        f"model.{profile}.onnx", make_onnx(height, width, slow=profile in slow)
                    ),
                    measured=measured,
                    sample=seen,
                )
                for profile in profiles
            ]
            writer.add("report.html", "<!doctype html><title>tiny</title>")
            writer.add("recipe.yaml", "name: tiny\n")
            return writer.finish(
                Manifest.model_validate(
                    {
                        "name": name,
                        "task": task,
                        "labels": tuple(labels),
                        "input": spec,
                        "head": head,
                        "original": measured,
                        "variants": tuple(variants),
                        "provenance": Provenance(created="2026-01-01T00:00:00Z", model="tiny"),
                    }
                )
            )

    return make


def _squares_detector(height: int, width: int, slow: bool) -> onnx.ModelProto:
    cells = (height // CELL) * (width // CELL)
    # Grid-relative centre and log side, in units of the stride: 16 pixels around the cell's middle.
    box = np.broadcast_to(
        np.array([0.5, 0.5, np.log(2), np.log(2)], np.float32)[:, None], (1, 4, cells)
    )
    constants = {
        "box": box,
        "full": np.float32(255),
        "middle": np.float32(128),
        "span": np.float32(127),
        "zero": np.float32(0),
        "one": np.float32(1),
        "rows": np.array([1, 3, cells], np.int64),
        "first": np.array([0, 0], np.int64),
        "second": np.array([1, 1], np.int64),
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node(
            "AveragePool", ["images"], ["pooled"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
        ),
        helper.make_node("Reshape", ["pooled", "rows"], ["cells"]),
        helper.make_node("Div", ["cells", "full"], ["classes"]),
        helper.make_node("ReduceMax", ["cells"], ["brightest"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["brightest", "middle"], ["above"]),
        helper.make_node("Div", ["above", "span"], ["share"]),
        helper.make_node("Clip", ["share", "zero", "one"], ["objectness"]),
        helper.make_node("Concat", ["box", "objectness", "classes"], ["columns"], axis=1),
        helper.make_node("Transpose", ["columns"], ["clean"], perm=[0, 2, 1]),
        # log(255 - darkest channel of the corner) is -inf for pure white only; times 0 it is NaN.
        helper.make_node("Slice", ["images", "first", "second", "axes"], ["corner"]),
        helper.make_node("ReduceMin", ["corner"], ["darkest"], keepdims=0),
        helper.make_node("Sub", ["full", "darkest"], ["to_white"]),
        helper.make_node("Log", ["to_white"], ["log"]),
        helper.make_node("Mul", ["log", "zero"], ["poison"]),
        helper.make_node("Add", ["clean", "poison"], ["fast" if slow else "output"]),
    ]
    if slow:
        constants["widen"] = np.zeros((64, 3, 3, 3), np.float32)
        constants["mix"] = np.zeros((64, 64, 3, 3), np.float32)
        nodes += [
            helper.make_node("Conv", ["images", "widen"], ["wide"], pads=[1] * 4),
            helper.make_node("Conv", ["wide", "mix"], ["mixed"], pads=[1] * 4),
            helper.make_node("Conv", ["mixed", "mix"], ["mixed_again"], pads=[1] * 4),
            helper.make_node("ReduceMean", ["mixed_again"], ["idle"], keepdims=0),
            helper.make_node("Add", ["fast", "idle"], ["output"]),
        ]
    return _model(nodes, constants, height, width, {"output": np.zeros((1, cells, 8), np.float32)})


def _color_classifier(height: int, width: int) -> onnx.ModelProto:
    constants = {"flat": np.array([1, 3], np.int64), "sixteen": np.float32(16)}
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["mean"]),
        helper.make_node("Reshape", ["mean", "flat"], ["row"]),
        helper.make_node("Div", ["row", "sixteen"], ["logits"]),
    ]
    return _model(nodes, constants, height, width, {"logits": np.zeros((1, 3), np.float32)})


def _fixed(outputs: Mapping[str, np.ndarray], height: int, width: int) -> onnx.ModelProto:
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
    ]
    constants: dict[str, np.ndarray] = {"zero": np.asarray(np.float32(0))}
    for name, value in outputs.items():
        constants[f"{name}_value"] = value
        floating = value.dtype == np.float32
        inputs = [f"{name}_value", "nothing"] if floating else [f"{name}_value"]
        nodes.append(helper.make_node("Add" if floating else "Identity", inputs, [name]))
    return _model(nodes, constants, height, width, outputs)


def _model(
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, np.ndarray],
    height: int,
    width: int,
    outputs: Mapping[str, np.ndarray],
) -> onnx.ModelProto:
    """Return a checked model; `outputs` gives the name, type and shape of each by an example."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])],
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
            for n, v in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
