"""Small searches on some digits, and parts of them to try alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from digits import load_digits

from edge_compress.compress.search.record import TrialRow
from edge_compress.compress.search.trial import FinishedTrial

MLP: dict[str, Any] = {
    "name": "digits",
    "recipe": {
        "task": "classification",
        "model": {
            "source": "edge_compress.compress.networks.mlp:mlp",
            "arguments": {"hidden": {"search": [4, 16, 64]}},
            "input": {"height": 28, "width": 28, "scale": 1 / 255, "fit": "stretch"},
            "head": {"kind": "classifier"},
        },
        "data": {"format": "mnist", "folder": "digits", "validation": 0.25},
        "passes": [
            {
                "kind": "train",
                "schedule": {
                    "epochs": 4,
                    "batch_size": 50,
                    "learning_rate": {"search": [1e-3, 1e-2]},
                    "augmentation": {"mirror": False, "shift": 0, "contrast": 0, "brightness": 0},
                },
            }
        ],
    },
    "algorithm": "random",
    "trials": 4,
    "finalists": 1,
}


def write_digits(folder: Path, learn: int = 400, held_out: int = 100) -> Path:
    """Some digits in MNIST's own files."""
    folder.mkdir()
    digits = load_digits()
    grey = np.stack([image[..., 0] for image in digits.held_out[: learn + held_out]])
    truth = digits.held_out.truth[: learn + held_out]
    numbers = np.array([found.class_ids[0] for found in truth], np.uint8)
    for name, part in (("train", slice(0, learn)), ("t10k", slice(learn, None))):
        for kind, values in (("images-idx3", grey[part]), ("labels-idx1", numbers[part])):
            head = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes()
            (folder / f"{name}-{kind}-ubyte").write_bytes(head + values.tobytes())
    return folder


def write_search(folder: Path, base: Mapping[str, Any] = MLP, **changes: Any) -> Path:
    """A search file in `folder`; changes are by dotted key, with `__` for a dot."""
    content = copy.deepcopy(dict(base))
    for dotted, value in changes.items():
        *parents, key = dotted.split("__")
        place = content
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        if value is None:
            place.pop(key, None)
        else:
            place[int(key) if key.isdigit() else key] = value
    path = folder / "search.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@dataclass
class Point:
    """A trial of no study."""

    values: Mapping[str, Any]
    mapping: Mapping[str, Any]
    number: int = 0
    attempt: int = 1
    reports: dict[int, float] = field(default_factory=dict)

    def report(self, step: int, value: float) -> None:
        self.reports[step] = value

    def reported(self, step: int) -> list[float]:
        return []


def row(number: int, **changes: Any) -> TrialRow:
    """A candidate's row."""
    known = {"quality": 0.9, "latency_ms": 10.0, "size_bytes": 1_000_000, "state": "complete"}
    return TrialRow(number=number, parameters={}, seconds=1.0, **{**known, **changes})


def finished(number: int, **changes: Any) -> FinishedTrial:
    """A finished trial."""
    known: dict[str, Any] = {
        "values": {"width": 8},
        "state": "complete",
        "why": "",
        "objectives": (0.9, 10.0),
        "violations": {},
        "figures": {"quality": 0.9, "latency_ms": 10.0, "size_bytes": 1000},
        "seconds": 2.0,
        "worker": "here",
        "attempts": 1,
    }
    return FinishedTrial(number=number, **{**known, **changes})
