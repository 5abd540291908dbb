"""When to give way under load, and when to come back."""

from __future__ import annotations

# Each return that does not last makes the next one wait twice as long, up to this many times.
_MOST_PATIENCE = 8


class LoadSteps:
    """Goes down a ladder under pressure that lasts, and up again when it has long been calm.

    Calm on a lower step does not mean that the step above would do. So a return that is followed by
    pressure before it has lasted is waited for twice as long the next time.

    Attributes:
        step: the present one; 0 is the best, `last` the lightest.
        last: the number of the lightest step.
    """

    def __init__(self, steps: int, down_after_s: float, up_after_s: float) -> None:
        """Start on the best step.

        Args:
            steps: how many there are, 1 or more.
            down_after_s: seconds of pressure without a pause before a step down.
            up_after_s: seconds of calm without a pause before a step up.
        """
        self.step = 0
        self.last = steps - 1
        self._down_after_s = down_after_s
        self._up_after_s = up_after_s
        self._patience = 1
        self._since: tuple[bool, float] | None = None
        self._risen_s: float | None = None

    def update(self, now_s: float, pressed: bool) -> int:
        """Return the step to be on.

        Args:
            now_s: seconds of any clock; one that goes back starts the waiting anew.
            pressed: whether the load is too high at this moment.
        """
        if self._since is None or self._since[0] != pressed or now_s < self._since[1]:
            self._since = (pressed, now_s)
        lasted_s = now_s - self._since[1]
        if pressed and lasted_s >= self._down_after_s and self.step < self.last:
            self._on_fall(now_s)
        elif not pressed and lasted_s >= self._up_after_s * self._patience and self.step > 0:
            self.step -= 1
            self._since, self._risen_s = None, now_s
        elif self._risen_s is not None and now_s - self._risen_s > 2 * self._up_after_s:
            self._risen_s, self._patience = None, 1  # that return has lasted
        return self.step

    def _on_fall(self, now_s: float) -> None:
        self.step += 1
        if self._risen_s is not None:
            self._patience = min(2 * self._patience, _MOST_PATIENCE)
        self._since, self._risen_s = None, None
