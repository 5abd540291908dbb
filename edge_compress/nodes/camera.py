"""The camera node: a video file or an image folder as a camera's topic."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.nodes import qos
from edge_compress.nodes.camera_frames import CameraFrame, FrameFormat, make_frames
from edge_compress.nodes.camera_parameters import CAMERA_PARAMETERS
from edge_compress.nodes.camera_source import CameraSource, SourceError
from edge_compress.nodes.diagnostics import OK, WARN, Reporter, status
from edge_compress.nodes.memory import keep_memory
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.read_ahead import ReadAhead
from edge_compress.nodes.running import run

# Time for the middleware to hand over the last frame before the process ends.
_LINGER_S = 1.0
# A publisher may know of its subscriber before the subscriber knows of it.
_SETTLE_S = 1.0


class CameraNode(Node):
    """Publishes frames at a steady rate, each stamped when it is sent."""

    def __init__(self) -> None:
        """Open the source.

        Raises:
            ParameterError: a parameter's value is refused.
            SourceError: the source cannot be played.
        """
        super().__init__("camera")
        self.done = False
        self.failure = ""
        self._settings = Parameters(self, CAMERA_PARAMETERS)
        if not self._settings["source"]:
            raise SourceError("no source is given: set source:=VIDEO or source:=FOLDER")
        self._source = CameraSource(
            Path(self._settings["source"]),
            loop=self._settings["loop"],
            on_skip=self._warn,
        )
        self.rate = self._settings["rate"] or self._source.rate
        wanted = self._format()
        self._raw = self.create_publisher(Image, "image_raw", qos.CAMERA) if wanted.raw else None
        self._compressed = (
            self.create_publisher(CompressedImage, "image_raw/compressed", qos.CAMERA)
            if wanted.compressed
            else None
        )
        self._published = 0
        self._late = 0
        self._found_s: float | None = None
        self._ended_s: float | None = None
        self._last_report = (time.monotonic(), 0)
        self._frames: ReadAhead[CameraFrame] = ReadAhead(make_frames(self._source, wanted))
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)
        self.create_timer(1.0 / self.rate, self._tick)
        self.get_logger().info(f"{self._settings['source']} at {self.rate:g} frames per second")

    def close(self) -> None:
        """Stop reading."""
        self._frames.stop()

    def _warn(self, why: str) -> None:
        self.get_logger().warning(why)

    def _format(self) -> FrameFormat:
        transport = self._settings["image_transport"]
        return FrameFormat(
            encoding=self._settings["encoding"],
            frame_id=self._settings["frame_id"],
            width=self._settings["width"],
            height=self._settings["height"],
            raw=transport in ("raw", "both"),
            compressed=transport in ("compressed", "both"),
            jpeg_quality=self._settings["jpeg_quality"],
        )

    def _tick(self) -> None:
        if not self._published and not self._awaited():
            return
        frame = self._frames.take()
        if frame is not None:
            self._publish(frame)
        elif self._frames.finished:
            self._end()
        elif self._published:
            self._late += 1

    def _awaited(self) -> bool:
        """Whether those who are waited for are there, and have had time to find us in turn."""
        wanted = self._settings["wait_for_subscribers"]
        if wanted == 0:
            return True
        if self._subscribers() < wanted:
            self._found_s = None
            return False
        if self._found_s is None:
            self._found_s = time.monotonic()
        return time.monotonic() - self._found_s >= _SETTLE_S

    def _publish(self, frame: CameraFrame) -> None:
        stamp = self.get_clock().now().to_msg()
        if frame.raw is not None and self._raw is not None:
            frame.raw.header.stamp = stamp
            self._raw.publish(frame.raw)
        if frame.compressed is not None and self._compressed is not None:
            frame.compressed.header.stamp = stamp
            self._compressed.publish(frame.compressed)
        self._published += 1

    def _end(self) -> None:
        if self._frames.error is not None:
            self.failure = f"{self._settings['source']}: {self._frames.error}"
            self.done = True
        elif self._ended_s is None:
            self._ended_s = time.monotonic()
            self.get_logger().info(f"the source has ended after {self._published} frames")
            self._report()
        elif self._settings["exit_at_end"] and time.monotonic() - self._ended_s > _LINGER_S:
            self.done = True

    def _subscribers(self) -> int:
        publishers = (self._raw, self._compressed)
        return sum(p.get_subscription_count() for p in publishers if p is not None)

    def _report(self) -> None:
        now = time.monotonic()
        seconds, published = now - self._last_report[0], self._published - self._last_report[1]
        self._last_report = (now, self._published)
        if self._ended_s is not None:
            message = "the source has ended"
        elif not self._published:
            message = "waiting for subscribers"
        else:
            message = "publishing"
        values = {
            "frames_published": self._published,
            "frames_late": self._late,
            "images_skipped": self._source.skipped,
            "subscribers": self._subscribers(),
            "target_rate_hz": self.rate,
            "rate_hz": published / seconds if seconds > 0 else None,
        }
        bad = self._late or self._source.skipped
        self._reporter.publish(status("frames", WARN if bad else OK, message, values))


def main(args: list[str] | None = None) -> int:
    """Run the camera."""
    keep_memory()
    return run("camera", CameraNode, args)


if __name__ == "__main__":
    sys.exit(main())
