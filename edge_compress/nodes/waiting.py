"""A thread that waits for the messages of one subscription, beside the node's executor.

The executor gathers all that a node has anew for each message, and calls back in its own time: a
third of a millisecond, and more while it is busy with a service or a report.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.subscription import Subscription

_FOR_EVER = -1


class EventsOnly(MutuallyExclusiveCallbackGroup):
    """Leaves a subscription's events to the executor, and its messages to somebody else."""

    def can_execute(self, entity: Any) -> bool:
        """Whether the executor may wait for this."""
        return not isinstance(entity, Subscription) and super().can_execute(entity)


class WaitingThread:
    """Calls back whenever the subscription has a message."""

    def __init__(
        self, node: Node, subscription: Subscription[Any], on_ready: Callable[[], None]
    ) -> None:
        """Begin to wait.

        Args:
            node: that has the subscription, and an executor that does not wait for it.
            subscription: in the group `EventsOnly`.
            on_ready: called in the thread, now and then without a message; it must not raise.
        """
        context: Any = node.context.handle
        self._context = context
        self._subscription = subscription
        self._on_ready = on_ready
        self._stopped = False
        with self._context:
            self._wake = _rclpy.GuardCondition(self._context)
        self._thread = threading.Thread(target=self._run, name="images", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let what is called back end, and wait no more."""
        self._stopped = True
        self._wake.trigger_guard_condition()
        self._thread.join()
        self._wake.destroy_when_not_in_use()

    def _run(self) -> None:
        handle = self._subscription.handle
        with self._context, handle, self._wake:
            wait_set = _rclpy.WaitSet(1, 1, 0, 0, 0, 0, self._context)
            while True:
                wait_set.clear_entities()
                wait_set.add_subscription(handle)
                wait_set.add_guard_condition(self._wake)
                wait_set.wait(_FOR_EVER)
                if self._stopped:
                    return
                self._on_ready()
