"""A camera in a process of its own that costs little: its frames are serialized beforehand.

A driver in C++ costs as much: the pixels are copied into a message, and that into the middleware.
What the camera node of this package does besides (decode, resize, convert) would share two cores
with what is measured.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import rclpy
from sensor_msgs.msg import Image

from benchmarks.runtime.frames import read_pictures, serialize, stamped
from edge_compress.nodes import qos
from edge_compress.nodes.memory import keep_memory

_PICTURES = 16
_TIMEOUT_S = 60.0
_AWAKE_S = 0.0005
_ANNOUNCED_S = 0.5
_SETTLE_S = 3.0  # a publisher may know of its subscriber before the subscriber knows of it


class Camera:
    """The process, as the benchmark sees it."""

    def __init__(self, video: Path) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.runtime.camera", str(video)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ.copy(),
        )

    def play(
        self,
        topics: Sequence[str],
        rate_hz: float,
        seconds: float,
        size: tuple[int, int] = (640, 480),
        *,
        in_step: bool = False,
        wait: bool = True,
    ) -> None:
        """Begin to publish; `published` tells when it is done.

        Args:
            topics: of images.
            rate_hz: of each topic.
            seconds: how long.
            size: width and height in pixels.
            in_step: all topics at the same time, else in turns at even distances.
            wait: for a subscriber of each topic.
        """
        how = {"size": size, "in_step": in_step, "wait": wait}
        order = {"topics": topics, "rate": rate_hz, "seconds": seconds}
        _write(self._process.stdin, order | how)

    def published(self) -> int | None:
        """How many frames were published in all, or None while it is at it."""
        out = self._process.stdout
        if out is None or not select.select([out], [], [], 0)[0]:
            return None
        line = out.readline()
        if not line:
            raise RuntimeError("the camera's process has ended")
        return int(json.loads(line)["published"])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Player:
    def __init__(self, video: Path) -> None:
        self._video = video
        self._node = rclpy.create_node("benchmark_camera")
        self._publishers: dict[str, Any] = {}
        self._frames: dict[tuple[int, int], list[bytes]] = {}

    def play(self, order: dict[str, Any]) -> int:
        width, height = order["size"]
        if (width, height) not in self._frames:
            pictures = read_pictures(self._video, (width, height), _PICTURES)
            self._frames[width, height] = [serialize(picture) for picture in pictures]
        frames = self._frames[width, height]
        known = len(self._publishers)
        publishers = [self._publisher(topic, wait=order["wait"]) for topic in order["topics"]]
        if len(self._publishers) > known:
            time.sleep(_SETTLE_S if order["wait"] else _ANNOUNCED_S)
        rate, apart = order["rate"], 0.0 if order["in_step"] else 1 / len(publishers)
        begin, count = time.monotonic(), 0
        for number in range(round(rate * order["seconds"])):
            for place, publisher in enumerate(publishers):
                # A driver stamps a frame where it lies. A copy with another stamp is made here, so
                # it is made before its time has come, as long as the camera is not behind.
                due = begin + (number + place * apart) / rate
                left = max(0.0, due - time.monotonic())
                frame = stamped(frames[count % len(frames)], time.time_ns() + round(left * 1e9))
                _wait_until(due)
                publisher.publish(frame)
                count += 1
        return count

    def _publisher(self, topic: str, *, wait: bool) -> Any:
        if topic not in self._publishers:
            publisher = self._node.create_publisher(Image, topic, qos.CAMERA)
            self._publishers[topic] = publisher
            end = time.monotonic() + _TIMEOUT_S
            while wait and not publisher.get_subscription_count():
                if time.monotonic() > end:
                    raise TimeoutError(f"nobody subscribes to {topic}")
                time.sleep(0.05)
        return self._publishers[topic]


def _wait_until(due: float) -> None:
    """Sleep, but not over it: a sleep ends up to a quarter of a millisecond late."""
    time.sleep(max(0.0, due - time.monotonic() - _AWAKE_S))
    while time.monotonic() < due:
        pass


def main() -> int:
    """Play what each line of standard input orders."""
    keep_memory()  # as our own camera node does
    rclpy.init()
    player = _Player(Path(sys.argv[1]))
    for line in sys.stdin:
        _write(sys.stdout, {"published": player.play(json.loads(line))})
    rclpy.try_shutdown()
    return 0


def _write(file: IO[str] | None, content: dict[str, Any]) -> None:
    if file is not None:
        file.write(json.dumps(content) + "\n")
        file.flush()


if __name__ == "__main__":
    sys.exit(main())
