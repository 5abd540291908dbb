"""All that can be looked at without ROS."""

from __future__ import annotations

from edge_compress.doctor import (
    clock,
    discovery,
    kernel,
    middleware,
    runtimes,
    shared_memory,
    state,
)
from edge_compress.doctor.finding import Finding
from edge_compress.doctor.host import Host


def examine(host: Host) -> list[Finding]:
    """Look at everything, in the order in which a frame meets it."""
    looks = (middleware, discovery, shared_memory, kernel, clock, runtimes, state)
    return [finding for module in looks for finding in module.look(host)]
