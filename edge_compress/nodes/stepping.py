"""Stepping down to a lighter variant of the bundle under load, and up again."""

from __future__ import annotations

from edge_compress.nodes.hot_swap import HotSwap
from edge_compress.nodes.opening import LoadError
from edge_compress.nodes.serving import Serving
from edge_compress.telemetry.load_steps import LoadSteps

# A single late frame is no load.
_LATE_SHARE = 0.1


class Stepping:
    """Watches heat and deadline, and asks for the variant that fits them."""

    def __init__(
        self, serving: Serving, swap: HotSwap, down_after_s: float, up_after_s: float
    ) -> None:
        """Begin on the variant that is running; see `LoadSteps` for the times."""
        self._serving = serving
        self._swap = swap
        self._times = (down_after_s, up_after_s)
        self._variants: tuple[str, ...] | None = None
        self._steps = LoadSteps(1, *self._times)
        self._seen = serving.punctuality

    def update(self, now_s: float) -> None:
        """Look at the load, and begin to open another variant if it is time for it."""
        loaded = self._swap.loaded
        if loaded.steps is not self._variants:  # another bundle, or another provider
            self._variants = loaded.steps
            self._steps = LoadSteps(max(1, len(loaded.steps)), *self._times)
        pressed = self._pressed()
        if self._swap.busy:
            return
        # What is running counts: an earlier step may have been refused.
        self._steps.step = loaded.step
        wanted = self._steps.update(now_s, pressed)
        if wanted != loaded.step:
            try:
                self._swap.step_to(wanted)
            except LoadError:
                return  # another bundle has just been asked for: that decides

    def _pressed(self) -> bool:
        before, self._seen = self._seen, self._serving.punctuality
        frames, late = (new - old for new, old in zip(self._seen, before, strict=True))
        return self._serving.machine.throttled or late > frames * _LATE_SHARE
