"""Sees what nodes publish, and when: the benchmark's own node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions

from benchmarks.runtime.frames import stamp_of
from benchmarks.runtime.introduced import introduced
from benchmarks.runtime.processes import NodeProcess

TIMEOUT_S = 60.0
# Nothing may be lost on the way to the benchmark itself.
_ALL = QoSProfile(depth=1000)


@dataclass(frozen=True)
class Result:
    """One published result.

    Attributes:
        stamp_ns: the frame's.
        published_ns: when the node handed it to the middleware, which says so itself.
    """

    stamp_ns: int
    published_ns: int

    @property
    def age_ms(self) -> float:
        """Stamp to publish."""
        return (self.published_ns - self.stamp_ns) / 1e6


@dataclass(frozen=True)
class Status:
    """One report of a node on one of its tasks."""

    level: int
    message: str
    values: Mapping[str, str]

    def number(self, key: str) -> float:
        """A figure; 0 where the node does not tell it."""
        try:
            return float(self.values.get(key, 0))
        except ValueError:
            return 0.0


class Onlooker:
    """Subscribes, and keeps everything that comes.

    Attributes:
        watched: there is no use in waiting once one of these is gone.
    """

    def __init__(self) -> None:
        """Start a node; see `onlooker`, which also ends it."""
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("onlooker")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.watched: list[NodeProcess] = []
        self._reports: dict[str, list[Status]] = {}
        self._clients: dict[str, Any] = {}
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._report, _ALL)

    def results(self, kind: Any, topic: str) -> list[Result]:
        """Return a list that fills with what comes on a topic whose messages have a header."""
        found: list[Result] = []

        def take(serialized: Any, info: Any) -> None:
            found.append(Result(stamp_of(serialized), int(info["source_timestamp"])))

        self.node.create_subscription(kind, topic, take, _ALL, raw=True)
        return found

    def status(self, name: str) -> Status:
        """Return a report that is made from now on."""
        # Two: the first may have been on its way already.
        wanted = len(self.reports(name)) + 2
        self.until(lambda: len(self.reports(name)) >= wanted, f"{name} on /diagnostics")
        return self.reports(name)[-1]

    def newest(self, name: str) -> Status | None:
        """The newest report of a task; None before the first."""
        reports = self.reports(name)
        return reports[-1] if reports else None

    def reports(self, name: str) -> Sequence[Status]:
        """All reports of a task that have come."""
        return self._reports.get(name, ())

    def wait_active(self, node: str) -> None:
        """Wait until a detector takes frames."""
        self.until(
            lambda: self._state(node) == "active", f"{node} to be active; it is {self._state(node)}"
        )

    def _state(self, node: str) -> str:
        status = self.newest(f"{node}: state")
        return "silent" if status is None else status.values.get("state", "")

    def set_parameter(self, node: str, name: str, value: Any) -> Any:
        """Set a parameter and return the future of the response."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return self.call(SetParameters, f"/{node}/set_parameters", request)

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """Call a service and return the future of the response."""
        return self.ready(kind, name).call_async(request)

    def ready(self, kind: Any, name: str) -> Any:
        """Return the client of a service that is there."""
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = self.node.create_client(kind, name)
            self.until(client.service_is_ready, f"the service {name}")
            server = name.rpartition("/")[0]
            self.until(introduced(self.node, server), f"{server} to find its client")
        return client

    def until(self, test: Callable[[], object], what: str, seconds: float = TIMEOUT_S) -> None:
        """Listen until a test is true.

        Raises:
            TimeoutError: it did not become true.
            RuntimeError: one of the `watched` processes has ended meanwhile.
        """
        end = time.monotonic() + seconds
        while not test():
            for process in self.watched:
                if process.ended_by_itself:
                    raise RuntimeError(f"{process.name} has ended:\n{process.log[-2000:]}")
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
            self.spin_once()

    def spin(self, seconds: float) -> None:
        """Listen for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.spin_once()

    def spin_once(self) -> None:
        """Listen for one message, 20 ms at most."""
        self._executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        """End the node."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()

    def _report(self, message: Any) -> None:
        for one in message.status:
            values = {pair.key: pair.value for pair in one.values}
            report = Status(one.level[0], one.message, values)
            self._reports.setdefault(one.name, []).append(report)


@contextmanager
def onlooker() -> Iterator[Onlooker]:
    """An onlooker, ended at the end."""
    found = Onlooker()
    try:
        yield found
    finally:
        found.close()
