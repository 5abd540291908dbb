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

START_S = 60.0  # for each step of its start: the building of an engine takes minutes, and says so


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
        NodeError: it ended, refused its bundle, or has said nothing new for a minute.
    """
    said, moved_at = "", time.monotonic()
    while (state := monitor.status("detector: state")).values.get("state") != "active":
        detector.check()
        if state.failed:
            raise NodeError(f"the detector cannot start: {state.message}")
        if state.message != said:
            said, moved_at = state.message, time.monotonic()
        elif time.monotonic() > moved_at + START_S:
            raise detector.error(
                f"is not active, and for {START_S:.0f} s says nothing but `{said}`"
                if said
                else f"has said nothing for {START_S:.0f} s"
            )
        monitor.listen(0.1)
