"""Those who are waited for before the first frame."""

from __future__ import annotations

import time
from typing import Any

# A publisher may know of its subscriber before the subscriber knows of it.
_SETTLE_S = 3.0


class Audience:
    """The subscribers of some publishers."""

    def __init__(self, wanted: int, *publishers: Any) -> None:
        """Wait for `wanted` subscribers, those of all `publishers` counted together."""
        self._wanted = wanted
        self._publishers = publishers
        self._found_s: float | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(publisher.get_subscription_count() for publisher in self._publishers)

    def ready(self) -> bool:
        """Whether those who are waited for are there, and have had time to find us in turn."""
        if self._wanted == 0:
            return True
        if self.count < self._wanted:
            self._found_s = None
            return False
        if self._found_s is None:
            self._found_s = time.monotonic()
        return time.monotonic() - self._found_s >= _SETTLE_S
