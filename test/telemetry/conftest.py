"""What the tests of telemetry share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# Helpers that are imported by name: `from boards import lay`.
sys.path.insert(0, str(Path(__file__).parent))


class Clock:
    """A clock that goes when it is told to."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def forbid(monkeypatch):
    """Make files that only root may read; for root itself, which may read all, by a stand-in."""
    forbidden = set()
    open_file = Path.open

    def guarded(self, *args, **kwargs):
        if self in forbidden:
            raise PermissionError(13, "Permission denied", str(self))
        return open_file(self, *args, **kwargs)

    def forbid(path):
        path.chmod(0)
        forbidden.add(path)

    if os.geteuid() == 0:
        # Before Python 3.14 both of them call Path.open, later io.open.
        monkeypatch.setattr(Path, "open", guarded)
        monkeypatch.setattr(Path, "read_text", lambda self, **how: _text(guarded, self, **how))
        monkeypatch.setattr(Path, "read_bytes", lambda self: _text(guarded, self, mode="rb"))
    return forbid


def _text(open_file, path, mode="r", **how):
    with open_file(path, mode, **how) as file:
        return file.read()
