"""Bags in a folder of the test's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Helpers that are imported by name: `from recordings import write_bag`.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def make_bag(tmp_path):
    """Return `recordings.write_bag` for a name."""
    from recordings import write_bag

    def make(name: str = "drive", storage: str = "mcap", **settings):
        return write_bag(tmp_path / name, storage, **settings)

    return make
