"""The process's memory, kept flat while models come and go."""

from __future__ import annotations

import ctypes
from typing import Any

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def share_one_heap() -> None:
    """Let all threads take memory from one heap; to be called before there are threads.

    Otherwise glibc gives each new thread a heap of its own, and a model that is loaded in a thread
    leaves pieces of itself in that one: a fifth more memory after a dozen models.
    """
    _call("mallopt", _ARENA_MAX, 1)


def give_back_memory() -> None:
    """Give the system back what a freed model has left with the allocator."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    try:
        function: Any = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):  # another C library than glibc
        return
    function(*arguments)
