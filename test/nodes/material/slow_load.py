"""The real detector, for which each bundle but the first takes two seconds to open."""

import itertools
import sys
import time

from edge_compress.nodes.detector import main
from edge_compress.nodes.opening import Opening

_open, _numbers = Opening.open, itertools.count()


def slowly(self, on_build=None):
    if next(_numbers):
        time.sleep(2)
    return _open(self, on_build)


Opening.open = slowly
sys.exit(main())
