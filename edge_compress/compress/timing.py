"""What latency is taken on, and how two models' are compared."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_compress.compress.target import Target
from edge_compress.inference.onnxruntime_session import PROVIDERS

UNSURE = (0.97, 1.05)  # a ratio in here is measured again, longer


def paired_ratio(samples: NDArray[np.float64], base: NDArray[np.float64]) -> float:
    """Median of the ratios of runs that stood next to each other, so that drift cancels out."""
    return float(np.median(np.asarray(samples) / np.asarray(base)))


def provider_for(target: Target) -> str:
    """The provider that comes nearest to the target on this machine."""
    if target.profile == "tensorrt":
        available = onnxruntime.get_available_providers()
        for provider in ("tensorrt", "cuda"):
            if PROVIDERS[provider] in available:
                return provider
    return "cpu"
