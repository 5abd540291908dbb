"""Each head on a real ONNX graph: boxes of known objects in the pixels of a letterboxed source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_compress.bundle.schema import (
    ClassifierHead,
    DetrHead,
    InputSpec,
    NmsInGraphHead,
    SsdHead,
    Yolov8Head,
    YoloxHead,
)
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.vision.heads import ModelOutputError
from edge_compress.vision.thresholds import Thresholds

LABELS = ("cat", "dog", "owl")
HEIGHT, WIDTH = 64, 96
# A tall source: letterboxed to 32 x 64 pixels in the middle of 96 x 64, 4 source pixels for each.
SOURCE = np.zeros((256, 128, 3), np.uint8)
LEFT, SHRUNK = 32, 4.0

# Two objects in network pixels xyxy, and where they are in the source.
DOG, OWL = (40.0, 8.0, 56.0, 24.0), (36.0, 40.0, 44.0, 60.0)
IN_SOURCE = {
    "dog": [(DOG[0] - LEFT) * SHRUNK, DOG[1] * SHRUNK, (DOG[2] - LEFT) * SHRUNK, DOG[3] * SHRUNK],
    "owl": [(OWL[0] - LEFT) * SHRUNK, OWL[1] * SHRUNK, (OWL[2] - LEFT) * SHRUNK, OWL[3] * SHRUNK],
}
SCORES = {"dog": 0.9, "owl": 0.6}


@pytest.fixture
def open_detector(make_fixed_onnx):
    """Return a function that opens a detector on a model with these outputs and this head."""

    def make(head, **outputs):
        session = OrtSession(make_fixed_onnx(outputs, HEIGHT, WIDTH), threads=1)
        spec = InputSpec(height=HEIGHT, width=WIDTH, anchor="center")
        return Detector(session, spec, head, LABELS, Thresholds(confidence=0.5))

    return make


def cxcywh(box):
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2] - box[0], box[3] - box[1])


def logit(probability):
    return np.log(probability) - np.log1p(-probability)


def yolox():
    """Raw grid values at strides 8 and 16; the dog twice, the weaker copy a pixel off."""
    cells, rows = 12 * 8 + 6 * 4, np.zeros((1, 12 * 8 + 6 * 4, 8), np.float32)
    rows[0, :, 4] = 0.01

    def put(stride, start, box, class_id, objectness, probability):
        x, y, w, h = cxcywh(box)
        column, row = int(x // stride), int(y // stride)
        cell = start + row * (WIDTH // stride) + column
        rows[0, cell, :5] = (x / stride - column, y / stride - row, np.log(w / stride),
                             np.log(h / stride), objectness)  # fmt: skip
        rows[0, cell, 5 + class_id] = probability

    put(16, 12 * 8, DOG, 1, 1.0, 0.9)
    put(8, 0, tuple(v + 1 for v in DOG), 1, 0.8, 0.9)
    put(8, 0, OWL, 2, 0.75, 0.8)
    put(8, 0, (60, 60, 64, 64), 0, 0.6, 0.6)  # 0.36: too weak
    assert cells == rows.shape[1]
    return YoloxHead(strides=(8, 16)), {"output": rows}


def yolov8():
    columns = np.zeros((1, 7, 50), np.float32)
    columns[0, :4] = 5.0
    columns[0, :, 10] = (*cxcywh(DOG), 0.1, 0.9, 0.2)
    columns[0, :, 11] = (*cxcywh(tuple(v + 1 for v in DOG)), 0.1, 0.7, 0.2)
    columns[0, :, 40] = (*cxcywh(OWL), 0.0, 0.3, 0.6)
    return Yolov8Head(), {"output": columns}


def ssd(box_format="xyxy", normalized=True, activation="none", background=True):
    probabilities = np.full((4, 4), 0.02, np.float32)
    probabilities[0, 2], probabilities[1, 2], probabilities[2, 3] = 0.9, 0.7, 0.6
    probabilities[:, 0] = 0
    if activation == "softmax":
        probabilities[:, 0] = 1 - probabilities.sum(axis=1)
        scores = np.log(np.maximum(probabilities, 1e-6))
    elif activation == "sigmoid":
        scores = logit(np.clip(probabilities, 1e-6, 1 - 1e-6))
    else:
        probabilities[3, 0] = 0.99  # the background is sure of nothing being there
        scores = probabilities
    if not background:
        scores = scores[:, 1:]
    boxes = np.array([DOG, [v + 1 for v in DOG], OWL, (0, 0, 9, 9)], np.float32)
    if box_format == "yxyx":
        boxes = boxes[:, [1, 0, 3, 2]]
    elif box_format == "cxcywh":
        boxes = np.array([cxcywh(b) for b in boxes], np.float32)
    if normalized:
        size = (HEIGHT, WIDTH) if box_format == "yxyx" else (WIDTH, HEIGHT)
        boxes = boxes / np.array(size * 2, np.float32)
    head = SsdHead(
        normalized=normalized, box_format=box_format, background=background, activation=activation
    )
    return head, {"boxes": boxes[None], "scores": scores[None].astype(np.float32)}


def detr(activation="softmax"):
    classes = 4 if activation == "softmax" else 3
    probabilities = np.full((5, classes), 0.01, np.float32)
    probabilities[2, 1], probabilities[4, 2] = 0.9, 0.6
    if activation == "softmax":
        probabilities[:, 3] = 1 - probabilities[:, :3].sum(axis=1)
        logits = np.log(probabilities)
    else:
        logits = logit(probabilities)
    boxes = np.full((5, 4), 0.5, np.float32)
    size = np.array((WIDTH, HEIGHT) * 2)
    boxes[2], boxes[4] = cxcywh(DOG) / size, cxcywh(OWL) / size
    return DetrHead(activation=activation), {
        "logits": logits[None].astype(np.float32),
        "boxes": boxes[None],
    }


def nms_in_graph(batched=False, normalized=False):
    boxes = np.array([OWL, DOG, (0, 0, 9, 9)], np.float32)
    if normalized:
        boxes = boxes / np.array((WIDTH, HEIGHT) * 2, np.float32)
    outputs = {
        # In an order of its own: the outputs are found by name.
        "labels": np.array([2, 1, 0], np.int64),
        "found": boxes,
        "scores": np.array([0.6, 0.9, 0.2], np.float32),
    }
    if batched:
        outputs = {name: value[None] for name, value in outputs.items()}
    return NmsInGraphHead(boxes="found", normalized=normalized), outputs


CASES = {
    "yolox": yolox(),
    "yolov8": yolov8(),
    "ssd": ssd(),
    "ssd yxyx": ssd(box_format="yxyx"),
    "ssd cxcywh pixels": ssd(box_format="cxcywh", normalized=False),
    "ssd softmax": ssd(activation="softmax"),
    "ssd sigmoid without background": ssd(activation="sigmoid", background=False),
    "detr": detr(),
    "rt-detr": detr("sigmoid"),
    "nms-in-graph": nms_in_graph(),
    "nms-in-graph with a batch of 1, 0-1": nms_in_graph(batched=True, normalized=True),
}
PLAIN = [name for name in CASES if " " not in name]


@pytest.mark.parametrize("case", CASES)
def test_known_objects_come_out_in_source_pixels(open_detector, case):
    head, outputs = CASES[case]
    found = open_detector(head, **outputs).detect(SOURCE)
    assert found.names == ("dog", "owl")
    for seen in found:
        np.testing.assert_allclose(seen.box, IN_SOURCE[seen.name], atol=0.01)
        assert seen.score == pytest.approx(SCORES[seen.name], abs=1e-3)
    assert (found.boxes.dtype, found.scores.dtype) == (np.float32, np.float32)
    assert found.class_ids.dtype == np.int64


@pytest.mark.parametrize("case", CASES)
def test_thresholds_hold(open_detector, case):
    head, outputs = CASES[case]
    detector = open_detector(head, **outputs)
    detector.thresholds = replace(detector.thresholds, confidence=0.7)
    assert detector.detect(SOURCE).names == ("dog",)
    detector.thresholds = Thresholds(confidence=0.99)
    assert detector.detect(SOURCE).names == ()
    detector.thresholds = Thresholds(confidence=0.5, max_detections=1)
    assert detector.detect(SOURCE).names == ("dog",)


@pytest.mark.parametrize("case", ["yolox", "yolov8", "ssd"])
def test_the_nms_threshold_decides_about_the_weaker_copy(open_detector, case):
    head, outputs = CASES[case]
    detector = open_detector(head, **outputs)
    detector.thresholds = Thresholds(confidence=0.5, nms_iou=0.95)
    assert detector.detect(SOURCE).names == ("dog", "dog", "owl")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("case", PLAIN)
def test_one_value_that_is_not_finite_is_an_error(open_detector, case, value):
    head, outputs = CASES[case]
    for name, array in outputs.items():
        if array.dtype != np.float32:
            continue
        broken = array.copy()
        broken.ravel()[-1] = value
        with pytest.raises(ModelOutputError, match=r"1 of .* NaN or infinite"):
            open_detector(head, **(outputs | {name: broken})).detect(SOURCE)


@pytest.mark.parametrize("case", PLAIN)
def test_outputs_of_another_shape_are_an_error_that_says_so(open_detector, case):
    head, outputs = CASES[case]
    cut = (slice(None), slice(3)) if case == "yolov8" else (..., slice(3))
    wrong = {name: array[cut] for name, array in outputs.items()}
    with pytest.raises(ModelOutputError, match=f"the {head.kind} head .* the model gives"):
        open_detector(head, **wrong).detect(SOURCE)


@pytest.mark.parametrize("case", ["ssd", "detr", "nms-in-graph"])
def test_an_output_that_is_missing_is_named(open_detector, case):
    head, outputs = CASES[case]
    name, array = next(iter(outputs.items()))
    with pytest.raises(ModelOutputError, match=r"has no output 'found'|reads 2 model output"):
        open_detector(head, **{name: array}).detect(SOURCE)


def test_very_large_finite_values_are_no_error(open_detector):
    head, outputs = CASES["yolox"]
    large = outputs["output"].copy()
    large[0, 10:20, 2:4] = 3e38
    assert open_detector(head, output=large).detect(SOURCE).names == ("dog", "owl")


def test_a_box_of_absurd_size_fills_the_image_without_overflow(open_detector):
    head, outputs = CASES["yolox"]
    absurd = outputs["output"].copy()
    absurd[0, 50] = (0.5, 0.5, 3e38, 3e38, 1.0, 0.99, 0, 0)
    with np.errstate(all="raise"):
        found = open_detector(head, output=absurd).detect(SOURCE)
    assert found.names == ("cat", "dog", "owl")
    assert found.boxes[0].tolist() == [0, 0, 128, 256]


def test_yolox_says_how_many_cells_its_strides_make(open_detector):
    _, outputs = CASES["yolox"]
    with pytest.raises(ModelOutputError, match=r"needs 126 cells .*96x64.*gives 120.*`strides`"):
        open_detector(YoloxHead(strides=(8, 16, 32)), **outputs).detect(SOURCE)


def test_a_classifier_gives_its_best_classes(open_detector):
    logits = np.log(np.array([[0.25, 0.6, 0.15]], np.float32))
    detector = open_detector(ClassifierHead(top_k=2), logits=logits)
    detector.thresholds = Thresholds(confidence=0.2)
    found = detector.detect(SOURCE)
    assert found.names == ("dog", "cat")
    np.testing.assert_allclose(found.scores, [0.6, 0.25], atol=1e-5)
    assert found.boxes.tolist() == [[0, 0, 128, 256]] * 2


def test_a_classifier_whose_graph_ends_in_softmax_is_taken_as_it_is(open_detector):
    head = ClassifierHead(activation="none")
    found = open_detector(head, logits=np.array([[0.1, 0.2, 0.7]], np.float32)).detect(SOURCE)
    assert found.names == ("owl",)
    assert found.scores[0] == pytest.approx(0.7)


@pytest.mark.parametrize("logits", [np.zeros((1, 3, 2)), np.zeros((2, 3)), np.full((1, 3), np.nan)])
def test_a_classifier_with_other_outputs_is_an_error(open_detector, logits):
    detector = open_detector(ClassifierHead(), logits=logits.astype(np.float32))
    with pytest.raises(ModelOutputError, match="classifier head"):
        detector.detect(SOURCE)


def test_a_box_wholly_in_the_padding_is_left_out(open_detector):
    head, outputs = CASES["nms-in-graph"]
    boxes = np.array([(2, 2, 20, 20), DOG, OWL], np.float32)  # the padding ends at column 32
    found = open_detector(head, **(outputs | {"found": boxes})).detect(SOURCE)
    assert found.names == ("dog",)
