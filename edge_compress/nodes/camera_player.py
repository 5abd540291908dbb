"""Sends frames in time: one a period, or with the gaps that they were recorded with."""

from __future__ import annotations

from typing import Protocol

from rclpy.clock import Clock
from rclpy.node import Node

from edge_compress.bags.read_ahead import ReadAhead
from edge_compress.nodes.camera_clock import RecordedClock
from edge_compress.nodes.camera_frames import CameraFrame
from edge_compress.nodes.camera_pace import RecordedPace

# How soon it is looked again for subscribers, or for a frame that is not ready when it is due.
_POLL_S = 0.01


class Stage(Protocol):
    """What a player plays on."""

    def ready(self) -> bool:
        """Whether the first frame may be sent."""
        ...

    def send(self, frame: CameraFrame) -> None:
        """Publish a frame."""
        ...

    def end(self) -> None:
        """Do what is to be done after the last frame; called again and again."""
        ...


class Player(Protocol):
    """Sends frames by a timer.

    Attributes:
        rate: frames per second that it aims at; None while that is not known.
        late: how often a frame was not ready when it was due.
    """

    late: int

    @property
    def rate(self) -> float | None:
        """Frames per second."""
        ...


class SteadyPlayer:
    """Sends a frame a period; see `Player`."""

    def __init__(
        self, node: Node, frames: ReadAhead[CameraFrame], stage: Stage, clock: Clock, rate: float
    ) -> None:
        """Start the timer.

        Args:
            node: that plays.
            frames: to send.
            stage: where to.
            clock: that time is told by.
            rate: frames per second.
        """
        self.late = 0
        self.rate: float | None = rate
        self._frames = frames
        self._stage = stage
        self._begun = False
        node.create_timer(1.0 / rate, self._tick, clock=clock)

    def _tick(self) -> None:
        if not self._begun and not self._stage.ready():
            return
        frame = self._frames.take()
        if frame is not None:
            self._begun = True
            self._stage.send(frame)
        elif self._frames.finished:
            self._stage.end()
        elif self._begun:
            self.late += 1


class RecordedPlayer:
    """Sends each frame as long after the one before as it was recorded; see `Player`."""

    def __init__(
        self,
        node: Node,
        frames: ReadAhead[CameraFrame],
        stage: Stage,
        clock: Clock,
        recorded_clock: RecordedClock | None,
    ) -> None:
        """Start the timer.

        Args:
            node: that plays.
            frames: to send.
            stage: where to.
            clock: that time is told by.
            recorded_clock: told up to when time goes on between two frames.
        """
        self.late = 0
        self._frames = frames
        self._stage = stage
        self._clock = clock
        self._recorded_clock = recorded_clock
        self._pace = RecordedPace()
        self._begun = False
        self._waited = False
        self._next: CameraFrame | None = None
        self._timer = node.create_timer(_POLL_S, self._tick, clock=clock)

    @property
    def rate(self) -> float | None:
        """Frames per second, on average so far."""
        return self._pace.rate

    def _tick(self) -> None:
        if self._begun or self._stage.ready():
            self._play()
        else:
            self._again_in(_POLL_S)

    def _play(self) -> None:
        while (frame := self._take()) is not None:
            now_ns = self._clock.now().nanoseconds
            wait_s = (self._pace.due_ns(frame.time_ns, now_ns) - now_ns) / 1e9
            if wait_s > 0:
                self._again_in(wait_s)
                return
            self._begun, self._next, self._waited = True, None, False
            self._pace.on_sent(frame.time_ns, now_ns)
            self._stage.send(frame)
        self._again_in(_POLL_S)
        if self._frames.finished:
            self._stage.end()

    def _take(self) -> CameraFrame | None:
        if self._next is None:
            self._next = self._frames.take()
            if self._next is not None:
                self.late += self._waited and self._is_late(self._next)
                if self._recorded_clock is not None:
                    self._recorded_clock.until(self._next.time_ns)
            else:
                self._waited = self._begun
        return self._next

    def _is_late(self, frame: CameraFrame) -> bool:
        now_ns = self._clock.now().nanoseconds
        return self._pace.due_ns(frame.time_ns, now_ns) < now_ns

    def _again_in(self, seconds: float) -> None:
        self._timer.timer_period_ns = max(1, round(seconds * 1e9))
        self._timer.reset()
