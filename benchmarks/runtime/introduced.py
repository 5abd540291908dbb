"""Whether a node has found its clients: the answer to one that it has not found is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rcl_interfaces.srv import GetParameters

_AGAIN_S = 1.0


def introduced(node: Any, server: str) -> Callable[[], bool]:
    """Return a test of whether a server knows all clients that a node has had until now.

    They are announced in order, so those before one that gets an answer are known.

    Args:
        node: with the clients; something spins it between two calls of the test.
        server: full name of a node that has the services of parameters.
    """
    client = node.create_client(GetParameters, f"{server}/get_parameters")
    asked: list[tuple[float, Any]] = []

    def answered() -> bool:
        now = time.monotonic()
        if client.service_is_ready() and (not asked or now > asked[-1][0] + _AGAIN_S):
            asked.append((now, client.call_async(GetParameters.Request())))
        if not any(future.done() for _, future in asked):
            return False
        node.destroy_client(client)
        return True

    return answered
