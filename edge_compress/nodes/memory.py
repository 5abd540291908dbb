"""How a node's process deals with memory: what a frame has taken is kept for the next one.

By itself glibc hands back to the system what a large frame has taken, and has every page of the
next one faulted in anew: 4,500 page faults for a frame of 1920 x 1080 on its way through DDS and
rclpy, more time than all the work on it. See mallopt(3).
"""

from __future__ import annotations

import ctypes
from typing import Any

# Of malloc.h. The largest mmap threshold that glibc takes, and more than all frames of a moment.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGEST_FRAME, _KEPT = 32 << 20, 256 << 20


def keep_memory() -> None:
    """Keep what a frame has taken for the next one; to be called before there are threads.

    All threads take it from one heap. Otherwise each new thread gets one of its own, and a model
    that is loaded in a thread leaves pieces of itself there: a fifth more memory after a dozen.
    What a model leaves in the one heap, the next one takes. It is not given back (malloc_trim):
    that holds up all threads, and made gaps of half a second between frames.
    """
    _call("mallopt", _ARENA_MAX, 1)
    _call("mallopt", _MMAP_THRESHOLD, _LARGEST_FRAME)
    _call("mallopt", _TRIM_THRESHOLD, _KEPT)


def _call(name: str, *arguments: int) -> None:
    try:
        function: Any = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):  # another C library than glibc
        return
    function(*arguments)
