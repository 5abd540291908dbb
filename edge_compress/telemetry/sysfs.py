"""Reading single values from /sys and /proc."""

from __future__ import annotations

from pathlib import Path


def read_text(path: Path) -> str | None:
    """Return a file's text without white space around it, or None when it cannot be read.

    Sensor files exist and still answer EAGAIN, EIO or EACCES: absent is all that can be said then.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_int(path: Path) -> int | None:
    """Return a file's integer, or None when it cannot be read or is none."""
    text = read_text(path)
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
