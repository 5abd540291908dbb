"""What is drawn again and again: activations, windows and numbers of channels."""

from __future__ import annotations

import numpy as np

from edge_compress.inference.device_table.blocks import ACTIVATIONS, Activation

# Steps that channel counts are multiples of, and how often.
_STEPS = ((16, 0.45), (8, 0.25), (4, 0.1), (1, 0.2))
_ACTIVATION_WEIGHTS = {
    "relu": 6,
    "relu6": 3,
    "silu": 5,
    "hardswish": 3,
    "leaky": 2,
    "sigmoid": 1,
    "tanh": 1,
    "hardsigmoid": 1,
    "elu": 1,
    "gelu": 1,
    "none": 3,
}


def draw_activation(rng: np.random.Generator) -> Activation:
    """What a network uses throughout."""
    weights = np.asarray(list(_ACTIVATION_WEIGHTS.values()), float)
    return ACTIVATIONS[str(rng.choice(list(_ACTIVATION_WEIGHTS), p=weights / weights.sum()))]


def draw_kernel(rng: np.random.Generator, *, alone: bool = False) -> tuple[int, int]:
    """Height and width of a window; of 1 only where it does not stand alone."""
    size = int(rng.choice((3, 5, 7) if alone else (1, 3, 3, 3, 5, 7)))
    return size, size


def draw_channels(rng: np.random.Generator, around: float) -> int:
    """A number of channels, on or off the step."""
    steps, weights = zip(*_STEPS, strict=True)
    step = int(rng.choice(steps, p=weights))
    return max(1 if step == 1 else step, round(around * 2 ** rng.uniform(-0.5, 0.5) / step) * step)
