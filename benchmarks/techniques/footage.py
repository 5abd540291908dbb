"""YOLOX-Nano on footage that nobody labelled: agreement with the original in place of accuracy."""

from __future__ import annotations

from typing import Any

from benchmarks.techniques.experiment import Experiment, Subject

YOLOX = Subject(
    name="yolox_nano",
    title="YOLOX-Nano on footage",
    about="The 80-class COCO model at 416x416 on `vtest.avi`: frames 0-399 to learn from without "
    "labels, 300 held-out frames to measure on. Agreement is AP50 with the original's detections, "
    "mean over person, car and truck; it is no accuracy.",
    recipe={
        "task": "detection",
        "model": {
            "source": "asset:yolox_nano.onnx",
            "labels": "coco",
            "input": {"height": 416, "width": 416, "color": "bgr", "anchor": "top_left"},
            "head": {"kind": "yolox", "strides": [8, 16, 32]},
        },
        "classes": ["person", "car", "truck"],
        "data": {
            "frames": "asset:vtest.avi",
            "learn": {"start": 0, "count": 400},
            "held_out": {"start": 495, "count": 300},
        },
    },
)
_ONE = (0,)  # post-training steps have no chance in them


def _of(name: str, what: str, *passes: dict[str, Any], family: str, **others: Any) -> Experiment:
    return Experiment(YOLOX, name, what, tuple(passes), family=family, **others)


EXPERIMENTS = (
    _of(
        "int8_static",
        "static INT8",
        {"kind": "quantize", "profiles": ["ort-cpu"]},
        family="quantize",
        seeds=_ONE,
    ),
    _of(
        "nncf_int8",
        "NNCF post-training INT8, defaults",
        family="other tools",
        rival="nncf",
        seeds=_ONE,
    ),
    _of(
        "onnxruntime_int8",
        "ONNX Runtime `quantize_static`, defaults",
        family="other tools",
        rival="onnxruntime",
        seeds=_ONE,
    ),
    _of("half_weights", "FP16 storage", {"kind": "half_weights"}, family="quantize", seeds=_ONE),
    _of(
        "weights_8bit",
        "weights in 8 bits",
        {"kind": "quantize_weights", "fine_tune": {"when": "never"}},
        family="weights of few bits",
        seeds=_ONE,
    ),
    _of(
        "weights_6bit",
        "weights in 6 bits",
        {"kind": "quantize_weights", "bits": 6, "fine_tune": {"when": "never"}},
        family="weights of few bits",
        seeds=_ONE,
    ),
    _of("fold_focus", "stem folded; exact", {"kind": "fold_focus"}, family="speed", seeds=_ONE),
    _of(
        "resize_input",
        "input of the camera's shape, and smaller",
        {"kind": "resize_input", "min_agreement": 0.95},
        family="speed",
        seeds=_ONE,
    ),
    _of(
        "combination",
        "the demo's recipe: fold, resize, prune, distill, FP16 storage",
        {"kind": "fold_focus"},
        {"kind": "resize_input", "min_agreement": 0.95},
        {
            "kind": "prune",
            "measure": "params",
            "keep": 0.45,
            "steps": 3,
            "recovery": {"epochs": 4, "learning_rate": 1.0e-3},
        },
        {"kind": "distill", "schedule": {"epochs": 4, "learning_rate": 1.0e-3}},
        {"kind": "half_weights"},
        family="combination",
        seeds=_ONE,
        changes={
            "target": {"threads": 1, "channel_step": 16, "budget": {"max_drop": 0.1}},
        },
    ),
)
