"""CIFAR-10 with a MobileNetV2 that we train from nothing."""

from __future__ import annotations

from typing import Any

from benchmarks.techniques.cifar10 import DATA, FEW, INT8, ONE, schedule
from benchmarks.techniques.experiment import ANYTHING, Experiment, Subject

MOBILENET = Subject(
    name="cifar10_mobilenet",
    title="CIFAR-10, MobileNetV2",
    about="Width 0.5, trained from nothing by our own `train`; 50,000 pictures to learn from "
    "(2,000 of them only to choose by), all 10,000 test pictures to measure on. Every seed starts "
    "from the same trained weights.",
    recipe={
        "task": "classification",
        "model": {
            "source": "edge_compress.compress.networks.mobilenet_v2:mobilenet_v2",
            "arguments": {"width": 0.5, "stem_stride": 2, "dropout": 0.0},
            "input": {
                "height": 32,
                "width": 32,
                "scale": 1 / 64,
                "mean": [2, 2, 2],
                "fit": "stretch",
            },
            "head": {"kind": "classifier"},
        },
        "data": DATA,
    },
    start="trained",
    start_seed=0,
)
_COARSE = {"target": {**ANYTHING, "channel_step": 16}}
THIRD = (
    {"kind": "prune", "keep": 0.33, "steps": 2, "recovery": schedule(1, 1e-3)},
    {"kind": "distill", "from": "labels", "schedule": schedule(5, 2e-3)},
)


def _mobilenet(
    name: str, what: str, *passes: dict[str, Any], family: str, **others: Any
) -> Experiment:
    return Experiment(MOBILENET, name, what, tuple(passes), family=family, **others)


EXPERIMENTS = (
    _mobilenet(
        "trained",
        "`train` from nothing, 7 epochs",
        {"kind": "train", "schedule": schedule(7, 4e-3)},
        family="train",
        seeds=ONE,
        fresh=True,
        keeps_weights=True,
    ),
    _mobilenet(
        "prune_third",
        "channels: a third of the MACs in 2 steps, by original and labels; 5 epochs of labels",
        *THIRD,
        family="prune",
        changes=_COARSE,
        first=True,
    ),
    _mobilenet(
        "combination",
        "the same third of the MACs, then static INT8",
        *THIRD,
        INT8,
        family="combination",
        changes=_COARSE,
        first=True,
        goes_on_from="prune_third",
    ),
    _mobilenet(
        "combination_half",
        "the same third of the MACs, then FP16 storage: INT8 was slower than float here",
        *THIRD,
        {"kind": "half_weights"},
        family="combination",
        changes=_COARSE,
        goes_on_from="prune_third",
    ),
    _mobilenet("int8_static", "static INT8", INT8, family="quantize", changes=FEW, seeds=ONE),
    _mobilenet(
        "int8_equalized",
        "`equalize`, then static INT8",
        {"kind": "equalize"},
        INT8,
        family="quantize",
        changes=FEW,
        seeds=ONE,
    ),
    _mobilenet(
        "nncf_int8",
        "NNCF post-training INT8, defaults",
        family="other tools",
        rival="nncf",
        seeds=ONE,
    ),
    _mobilenet(
        "onnxruntime_int8",
        "ONNX Runtime `quantize_static`, defaults",
        family="other tools",
        rival="onnxruntime",
        seeds=ONE,
    ),
)
