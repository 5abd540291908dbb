"""What all experiments on CIFAR-10 share: the pictures, and how long is learnt."""

from __future__ import annotations

from typing import Any

DATA = {"format": "cifar10", "folder": "asset:cifar10", "validation": 0.04}
_VARIED = {"mirror": True, "shift": 0.125, "contrast": 0.1, "brightness": 8}


def schedule(epochs: int, learning_rate: float, **others: Any) -> dict[str, Any]:
    """A schedule for small pictures."""
    return {
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch_size": 128,
        "augmentation": _VARIED,
        **others,
    }


ONE = (0,)  # what has no chance in it is run once
# Enough to calibrate on and to see what matters, where nothing is learnt afterwards.
FEW = {"data": {**DATA, "count": {"learn": 5000}}}
INT8 = {"kind": "quantize", "profiles": ["ort-cpu"]}
