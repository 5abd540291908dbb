"""An axis of a drawing: where a value lies on it, and which values are written at it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator

_MOST_LINEAR = 20.0  # largest by smallest; a wider span is drawn logarithmically
_TICKS = 5


class Tick(NamedTuple):
    """A value on an axis, at this percentage of its length."""

    place: float
    text: str


class Scale:
    """From values to percentages of an axis, from its low end."""

    def __init__(self, values: Sequence[float], scale: float = 1.0) -> None:
        """Make room for values.

        Args:
            values: at least one.
            scale: what they are divided by before they are written.
        """
        shown = [value / scale for value in values]
        self._scale = scale
        self._log = min(shown) > 0 and max(shown) > _MOST_LINEAR * min(shown)
        low, high = self._of(min(shown)), self._of(max(shown))
        pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        self._low, self._high = low - pad, high + pad

    def place(self, value: float) -> float:
        """Where a value lies, in percent."""
        return self._percent(value / self._scale)

    def ticks(self) -> list[Tick]:
        """Round values to write at the axis."""
        if self._log:
            decades = range(math.floor(self._low), math.ceil(self._high) + 1)
            steps = (1, 2, 5) if self._high - self._low < 2 else (1,)
            values = [step * 10.0**decade for decade in decades for step in steps]
        else:
            values = list(MaxNLocator(_TICKS).tick_values(self._low, self._high))
        ticks = [Tick(self._percent(value), f"{value:.4g}") for value in values]
        return [tick for tick in ticks if 0 <= tick.place <= 100]

    def _of(self, shown: float) -> float:
        return math.log10(shown) if self._log else shown

    def _percent(self, shown: float) -> float:
        return 100 * (self._of(shown) - self._low) / (self._high - self._low)
