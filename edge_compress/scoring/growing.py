"""An array that grows at its end."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

ScalarT = TypeVar("ScalarT", bound=np.generic)


class Growing(Generic[ScalarT]):
    """Numbers of one type, as compact as an array, however many come one after the other."""

    def __init__(self, dtype: type[ScalarT]) -> None:
        """Begin empty."""
        self._room: NDArray[ScalarT] = np.empty(1024, dtype)
        self._length = 0

    def extend(self, values: ArrayLike) -> None:
        """Add values, which are converted to the type."""
        added = np.asarray(values)
        end = self._length + added.size
        if end > len(self._room):
            room = np.empty(max(end, len(self._room) * 3 // 2), self._room.dtype)
            room[: self._length] = self.values
            self._room = room
        self._room[self._length : end] = added
        self._length = end

    @property
    def values(self) -> NDArray[ScalarT]:
        """A view of all values so far, valid until more are added."""
        return self._room[: self._length]

    def __len__(self) -> int:
        return self._length
