"""What every head checks of a model's raw outputs before it reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError

# Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n] 0-1, class ids int64 [n].
Decoded = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]


class ModelOutputError(EdgeCompressError):
    """A model's outputs do not fit its head, or are not finite."""


class NotFiniteError(ModelOutputError):
    """A model's outputs hold NaN or infinity."""


def expect_outputs(outputs: Sequence[NDArray[Any]], count: int, head: str) -> None:
    """Refuse fewer outputs than the head reads.

    Raises:
        ModelOutputError: with the number that came.
    """
    if len(outputs) < count:
        raise ModelOutputError(
            f"the {head} head reads {count} model output(s), the model gives {len(outputs)}"
        )


def check_finite(output: NDArray[Any], head: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        NotFiniteError: with how many values are not finite.
    """
    # The extremes are two fast passes, and NaN and infinity always show in them.
    if output.size == 0 or (math.isfinite(output.max()) and math.isfinite(output.min())):
        return
    bad = output.size - np.count_nonzero(np.isfinite(output))
    raise NotFiniteError(
        f"{bad} of {output.size} values for the {head} head are NaN or infinite; the model or its "
        "input is broken"
    )


def empty() -> Decoded:
    """Nothing was seen."""
    return np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64)
