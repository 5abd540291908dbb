"""The real detector on a machine whose GPU fails: FAULT, as of `FakeProvider`, after 5 frames."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "inference" / "material"))

from fake_provider import FakeProvider

from edge_compress.inference import providers
from edge_compress.nodes.detector import main

# Opening and warming up take some runs, too.
FRAMES = 12


class FailingGpu(FakeProvider):
    def run(self, tensor):
        if self.runs >= FRAMES:
            self.fault = os.environ["FAULT"]
        return super().run(tensor)


_open = providers.open_session


def open_session(model, provider, **settings):
    return FailingGpu(model) if provider == "cuda" else _open(model, provider, **settings)


providers.open_session = open_session
sys.exit(main())
