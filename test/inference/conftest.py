"""A machine with a GPU that can be made to fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Helpers that are imported by name: `from fake_provider import FakeProvider`.
sys.path.insert(0, str(Path(__file__).parent / "material"))


@pytest.fixture
def cuda(monkeypatch):
    """Return the sessions that were opened on "cuda".

    `cuda.fault` is the fault of the next one, of the file `cuda.broken` only where that is set.
    """
    from fake_provider import FakeProvider

    from edge_compress.inference import providers

    real = providers.open_session
    opened = _Opened()

    def open_session(model, provider, **settings):
        if provider != "cuda":
            return real(model, provider, **settings)
        broken = opened.broken in ("", model.name)
        opened.append(FakeProvider(model, opened.fault if broken else "", opened.largest))
        return opened[-1]

    monkeypatch.setattr(providers, "open_session", open_session)
    yield opened
    for session in opened:
        session.release.set()


class _Opened(list):
    fault = ""
    broken = ""
    largest = 64
