"""From logits to probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalise over the last axis; the maximum is taken off first, so nothing overflows."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float32] = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map each logit to 0-1 by itself, without overflow at either end."""
    probabilities: NDArray[np.float32] = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return probabilities
