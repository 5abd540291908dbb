"""Several frames at a time, where the model really can."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge_compress.bundle.schema import (
    ClassifierHead,
    InputSpec,
    Manifest,
    Measurement,
    Provenance,
    Variant,
)
from edge_compress.bundle.writer import BundleWriter
from edge_compress.inference.detector import Detector

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)
FRAMES = [np.full((16, 16, 3), color, np.uint8) for color in (RED, GREEN, BLUE)]


@pytest.fixture
def make_classifier(tmp_path):
    """Return a function that writes a bundle with a classifier of the mean colour.

    `batch` is the input's, free where it is a name. What the nodes do with it: "free" works for any
    batch; "baked" has a batch of 1 in a Reshape; "mixed" lets each frame see the others.
    """

    def make(batch="n", how="free"):
        rows = {"free": [-1, 3], "baked": [1, -1], "mixed": [-1, 3]}[how]
        nodes = [
            helper.make_node("GlobalAveragePool", ["images"], ["mean"]),
            helper.make_node("Reshape", ["mean", "rows"], ["flat"]),
            helper.make_node("Div", ["flat", "sixteen"], ["row"]),
        ]
        if how == "mixed":
            nodes.append(helper.make_node("ReduceMean", ["row"], ["all"], axes=[0], keepdims=1))
            nodes.append(helper.make_node("Add", ["row", "all"], ["logits"]))
        else:
            nodes.append(helper.make_node("Identity", ["row"], ["logits"]))
        graph = helper.make_graph(
            nodes,
            "colors",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, 16, 16])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
            [
                numpy_helper.from_array(np.array(rows, np.int64), "rows"),
                numpy_helper.from_array(np.float32(16), "sixteen"),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, tmp_path / "model.onnx")
        measured = Measurement(size_bytes=1, params=0, macs=0)
        with BundleWriter(tmp_path / "colors.bundle") as writer:
            sha256 = writer.add("model.onnx", tmp_path / "model.onnx")
            return writer.finish(
                Manifest(
                    name="colors",
                    task="classification",
                    labels=("blue", "green", "red"),
                    input=InputSpec(height=16, width=16, color="bgr"),
                    head=ClassifierHead(),
                    original=measured,
                    variants=(
                        Variant(
                            file="model.onnx",
                            profile="fp32",
                            precision="fp32",
                            sha256=sha256,
                            measured=measured,
                        ),
                    ),
                    provenance=Provenance(created="2026-01-01T00:00:00Z", model="colors"),
                )
            )

    return make


def together(detector, frames):
    """The names of each frame, all given at once."""
    pairs = [detector.preprocess(frame) for frame in frames]
    outputs = detector.infer(np.concatenate([tensor for tensor, _ in pairs]))
    return [detector.postprocess(outputs, geometry, i).names
            for i, (_, geometry) in enumerate(pairs)]  # fmt: skip


def test_a_free_batch_is_run_at_once(make_classifier):
    detector = Detector.open(make_classifier(), providers=("cpu",), batch=3)
    assert detector.max_batch == 3
    assert together(detector, FRAMES) == [("red",), ("green",), ("blue",)]


@pytest.mark.parametrize(("batch", "how"), [(1, "free"), ("n", "baked"), ("n", "mixed")])
def test_what_cannot_is_run_one_by_one_and_says_so(make_classifier, batch, how):
    detector = Detector.open(make_classifier(batch, how), providers=("cpu",), batch=3)
    assert detector.max_batch == 1
    assert together(detector, FRAMES) == [("red",), ("green",), ("blue",)]


def test_nobody_is_charged_for_batches_that_nobody_asks_for(make_classifier):
    detector = Detector.open(make_classifier(), providers=("cpu",))
    assert detector.max_batch == 1
    assert together(detector, FRAMES) == [("red",), ("green",), ("blue",)]


def test_a_batch_that_the_provider_refuses_is_made_smaller(cuda, make_classifier):
    cuda.largest = 2
    detector = Detector.open(make_classifier(), providers=("cuda",), batch=8)
    assert detector.max_batch == 2


def test_a_batch_survives_its_provider(cuda, make_classifier):
    detector = Detector.open(make_classifier(), providers=("cuda", "cpu"), batch=3)
    cuda[0].fault = "raise"
    assert together(detector, FRAMES) == [("red",), ("green",), ("blue",)]
    assert (detector.provider, detector.max_batch, detector.switches) == ("cpu", 3, 1)


def test_boxes_of_a_frame_are_its_own(make_bundle):
    detector = Detector.open(make_bundle(), providers=("cpu",), batch=2)
    first, second = np.zeros((64, 96, 3), np.uint8), np.zeros((64, 96, 3), np.uint8)
    first[8:16, 16:24], second[40:48, 80:88] = RED, GREEN
    assert together(detector, [first, second]) == [("red",), ("green",)]
