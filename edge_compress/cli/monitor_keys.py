"""Single keys from the terminal, without waiting for Enter."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any


class Keys:
    """While it is open, keys come one by one; Ctrl-C still interrupts."""

    def __init__(self) -> None:
        """Look whether there is a terminal; without one no key ever comes."""
        self._terminal = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else -1
        self._before: list[Any] = []

    def __enter__(self) -> Keys:
        """Take keys as they are pressed."""
        if self._terminal >= 0:
            self._before = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        if self._terminal >= 0:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def pressed(self) -> str:
        """Return a key that has been pressed, or nothing; never waits."""
        if self._terminal < 0 or not select.select([self._terminal], [], [], 0)[0]:
            return ""
        return os.read(self._terminal, 1).decode(errors="replace")
