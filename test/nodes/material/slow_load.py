"""The real detector, which opens its first bundle, and others once the file GO_ON is there."""

import itertools
import os
import sys
import time
from pathlib import Path

from edge_compress.nodes.detector import main
from edge_compress.nodes.opening import Opening

_open, _numbers = Opening.open, itertools.count()


def slowly(self, on_build=None):
    if next(_numbers):
        while not Path(os.environ["GO_ON"]).exists():
            time.sleep(0.05)
    return _open(self, on_build)


Opening.open = slowly
sys.exit(main())
