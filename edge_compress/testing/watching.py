"""Listening to nodes that were started as processes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rclpy.context import Context

from edge_compress.nodes.monitor import Monitor
from edge_compress.nodes.qos import TRANSPORTS
from edge_compress.testing.processes import NodeError, NodeProcess

START_S = 60.0


@contextmanager
def watching() -> Iterator[Monitor]:
    """Listen to /diagnostics, in a domain where no robot of the network is met.

    The domain is that of ROS_DOMAIN_ID where it is set; nodes that are started meanwhile are in it,
    too, with room for whole frames in shared memory.
    """
    os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", TRANSPORTS)
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 100)))
    context = Context()
    context.init()
    monitor = Monitor(context)
    try:
        yield monitor
    finally:
        monitor.close()
        context.try_shutdown()


def wait_until_active(monitor: Monitor, detector: NodeProcess) -> None:
    """Wait until the detector takes frames.

    Raises:
        NodeError: it ended, refused its bundle, or has not come up in a minute.
    """
    end = time.monotonic() + START_S
    while (state := monitor.status("detector: state")).values.get("state") != "active":
        detector.check()
        if state.failed:
            raise NodeError(f"the detector cannot start: {state.message}")
        if time.monotonic() > end:
            raise NodeError(f"waited {START_S:.0f} s for the detector to be active")
        monitor.listen(0.1)
