"""Weights that are mostly zero: where the others are, and what they are.

Positions are a bit for each element, or the distances from one to the next, whichever is shorter
(Han et al., "Deep Compression", arXiv:1510.00149, section 2). The values are float32 as they were,
or on a grid or in a codebook themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.packing.additions import Additions, integers
from edge_compress.compress.packing.codings import FLOAT_BYTES, Coding
from edge_compress.compress.packing.digits import packed_bytes, write_digits


@dataclass(frozen=True)
class Sparse:
    """``step * (values at places, else 0)``.

    Attributes:
        shape: of the weight.
        places: int64 [values], ascending indices into the flattened weight.
        values: what is there, as a coding of shape [values].
        step: float32, scalar or broadcast along the channels; None for 1.
    """

    shape: tuple[int, ...]
    places: NDArray[np.int64]
    values: Coding
    step: NDArray[np.float32] | None = None

    @property
    def payload(self) -> int:
        """Places, values and steps."""
        mask = packed_bytes(self._size, 2)
        places = min(mask, packed_bytes(self.places.size, self._gap_base))
        steps = 0 if self.step is None else self.step.size
        return places + self.values.payload + FLOAT_BYTES * steps

    def decoded(self) -> NDArray[np.float32]:
        """The weight."""
        flat = np.zeros(self._size, np.float32)
        flat[self.places] = self.values.decoded()
        whole = flat.reshape(self.shape)
        return whole if self.step is None else self.step * whole

    def write(self, additions: Additions, name: str) -> None:
        """The values and their places, brought together."""
        values = f"{name}/values"
        self.values.write(additions, values)
        flat = self._by_mask if self._mask_is_shorter else self._by_gaps
        shape = additions.constant(integers(*self.shape))
        last = name if self.step is None else None
        whole = additions.node("Reshape", flat(additions, values), shape, output=last)
        if self.step is not None:
            additions.node("Mul", whole, additions.constant(self.step), output=name)

    def _by_mask(self, additions: Additions, values: str) -> str:
        """Element i is the value of number (ones of the mask up to i), or the zero before all."""
        mask = np.zeros(self._size, np.int64)
        mask[self.places] = 1
        # NonZero would be shorter, but ONNX Runtime does not fold it.
        ones = write_digits(additions, mask, 2)
        count = additions.node("CumSum", ones, additions.constant(np.array(0, np.int64)))
        index = additions.node("Mul", count, ones)
        zero = additions.constant(np.zeros(1, np.float32))
        return additions.node("Gather", additions.node("Concat", zero, values, axis=0), index)

    def _by_gaps(self, additions: Additions, values: str) -> str:
        gaps = write_digits(additions, self._gaps, self._gap_base)
        places = additions.node("CumSum", gaps, additions.constant(np.array(0, np.int64)))
        zero = additions.constant(np.zeros(1, np.float32))
        zeros = additions.node("Expand", zero, additions.constant(integers(self._size)))
        return additions.node("ScatterElements", zeros, places, values)

    @property
    def _mask_is_shorter(self) -> bool:
        return packed_bytes(self._size, 2) < packed_bytes(self.places.size, self._gap_base)

    @property
    def _size(self) -> int:
        return int(np.prod(self.shape))

    @cached_property
    def _gaps(self) -> NDArray[np.int64]:
        return np.diff(self.places, prepend=0)

    @cached_property
    def _gap_base(self) -> int:
        return max(int(self._gaps.max()) + 1, 2)
