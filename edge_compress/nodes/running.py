"""How every node's process starts, spins and ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any, Protocol

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from edge_compress.errors import EdgeCompressError

# How soon a signal is seen. Python runs a signal's handler only between two waits of the executor.
_WAIT_S = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Whether the process has been told to end.

    A plain flag: the lock of an event could be held already when a second signal comes.
    """

    asked = False


STOPPING = Stopping()


class RunnableNode(Protocol):
    """A node that a process can be made of.

    Attributes:
        done: the node has no more to do.
        failure: why it gave up; empty when it did not.
    """

    done: bool
    failure: str

    def close(self) -> None:
        """Free all that the node holds, and stop its threads."""
        ...

    def destroy_node(self) -> Any:
        """Free what rclpy holds."""
        ...


def run(name: str, make_node: Callable[[], Any], args: list[str] | None = None) -> int:
    """Run a node until it is done or told to stop by SIGINT or SIGTERM.

    rclpy's own handlers end the context at once, so that a node cannot say goodbye, and a second
    Ctrl-C breaks into the clean-up with a traceback. These only ask, as often as one likes.

    Returns:
        The exit code: 0, or 2 when the node could not do its work, after one line that says why.
    """
    STOPPING.asked = False

    def ask_to_stop(*_: object) -> None:
        STOPPING.asked = True

    for number in _SIGNALS:
        signal.signal(number, ask_to_stop)
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    failure = ""
    try:
        node: RunnableNode = make_node()
    except EdgeCompressError as error:
        failure = str(error)
    else:
        try:
            executor = SingleThreadedExecutor()
            executor.add_node(node)  # type: ignore[arg-type]
            while not (STOPPING.asked or node.done) and rclpy.ok():
                executor.spin_once(timeout_sec=_WAIT_S)
        finally:
            node.close()
            failure = node.failure  # which may come to light only now
            executor.shutdown()
            node.destroy_node()
    if failure:
        get_logger(name).error(failure)
    # Python gives signals back their default, deadly action while it ends; ignored ones stay so.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    rclpy.try_shutdown()
    return 2 if failure else 0
