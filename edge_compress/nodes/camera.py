"""The camera node: a video file, an image folder or a bag as a camera's topic."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.bags.read_ahead import ReadAhead
from edge_compress.nodes import qos
from edge_compress.nodes.audience import Audience
from edge_compress.nodes.camera_clock import RecordedClock
from edge_compress.nodes.camera_frames import CameraFrame, FrameFormat
from edge_compress.nodes.camera_parameters import CAMERA_PARAMETERS
from edge_compress.nodes.camera_player import Player, RecordedPlayer, SteadyPlayer
from edge_compress.nodes.camera_source import SourceError, open_source
from edge_compress.nodes.diagnostics import OK, WARN, Reporter, status
from edge_compress.nodes.distributions import steady_clock
from edge_compress.nodes.memory import keep_memory
from edge_compress.nodes.messages import time_message
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.running import run

# Time for the middleware to hand over the last frame before the process ends.
_LINGER_S = 1.0


class CameraNode(Node):
    """Publishes frames in time, each stamped when it is sent or as it was recorded."""

    def __init__(self) -> None:
        """Open the source.

        Raises:
            ParameterError: a parameter's value is refused.
            EdgeCompressError: the source cannot be played.
        """
        super().__init__("camera")
        self.done = False
        self.failure = ""
        self._settings = Parameters(self, CAMERA_PARAMETERS)
        if not self._settings["source"]:
            raise SourceError(
                "no source is given: set source:=VIDEO, source:=FOLDER or source:=BAG"
            )
        self._source = open_source(
            Path(self._settings["source"]),
            self._settings["topic"],
            loop=self._settings["loop"],
            on_skip=self._warn,
        )
        self._recorded_stamps = (
            self._settings["stamps"] == "recorded" or self._settings["publish_clock"]
        )
        if self._recorded_stamps and self._source.rate:
            raise SourceError(
                f"{self._settings['source']}: only a bag has recorded stamps; leave out `stamps` "
                "and `publish_clock`"
            )
        wanted = self._format()
        self._raw = self.create_publisher(Image, "image_raw", qos.CAMERA) if wanted.raw else None
        self._compressed = (
            self.create_publisher(CompressedImage, "image_raw/compressed", qos.CAMERA)
            if wanted.compressed
            else None
        )
        self._published = 0
        publishers = [p for p in (self._raw, self._compressed) if p is not None]
        self._audience = Audience(self._settings["wait_for_subscribers"], *publishers)
        self._ended_s: float | None = None
        self._last_report = (time.monotonic(), 0, 0, 0)
        self._frames: ReadAhead[CameraFrame] = ReadAhead(self._source.frames(wanted))
        self._recorded_clock: RecordedClock | None = None
        self._player = self._play()
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)

    def close(self) -> None:
        """Stop reading."""
        self._frames.stop()
        self._source.close()

    def _play(self) -> Player:
        rate = self._settings["rate"] or self._source.rate
        pace = f"{rate:g} frames per second" if rate else "the pace of its recording"
        self.get_logger().info(f"{self._settings['source']} at {pace}")
        clock = self.get_clock()
        if self._settings["publish_clock"]:
            clock = steady_clock()  # which need not wait for itself
            self._recorded_clock = RecordedClock(self, clock)
        if rate:
            return SteadyPlayer(self, self._frames, self, clock, rate)
        return RecordedPlayer(self, self._frames, self, clock, self._recorded_clock)

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

    def ready(self) -> bool:
        """Whether those who are waited for are there."""
        return self._audience.ready()

    def send(self, frame: CameraFrame) -> None:
        """Publish a frame, and the time before it."""
        if self._recorded_clock is not None:
            self._recorded_clock.at(frame.time_ns)
        stamp = (
            time_message(frame.stamp_ns)
            if self._recorded_stamps
            else self.get_clock().now().to_msg()
        )
        if frame.raw is not None and self._raw is not None:
            frame.raw.header.stamp = stamp
            self._raw.publish(frame.raw)
        if frame.compressed is not None and self._compressed is not None:
            frame.compressed.header.stamp = stamp
            self._compressed.publish(frame.compressed)
        self._published += 1

    def end(self) -> None:
        """Say so, and when the last frame has gone out, end the process."""
        if self._frames.error is not None:
            self.failure = f"{self._settings['source']}: {self._frames.error}"
            self.done = True
        elif self._ended_s is None:
            self._ended_s = time.monotonic()
            self.get_logger().info(f"the source has ended after {self._published} frames")
            self._report()
        elif self._settings["exit_at_end"] and time.monotonic() - self._ended_s > _LINGER_S:
            self.failure = self._source.fault
            self.done = True

    def _report(self) -> None:
        now = time.monotonic()
        late, skipped = self._player.late, self._source.skipped
        then, published, late_before, skipped_before = self._last_report
        self._last_report = (now, self._published, late, skipped)
        if self._ended_s is not None:
            message = "the source has ended"
        elif not self._published:
            message = "waiting for subscribers"
        else:
            message = "publishing"
        parts = [message]
        if late > late_before:
            parts.append("frames are not ready in time")
        if skipped > skipped_before:
            parts.append("images cannot be read")
        seconds = now - then
        values = {
            "frames_published": self._published,
            "frames_late": late,
            "images_skipped": skipped,
            "subscribers": self._audience.count,
            "target_rate_hz": self._player.rate,
            "rate_hz": (self._published - published) / seconds if seconds > 0 else None,
        }
        self._reporter.publish(
            status("frames", WARN if parts[1:] else OK, "; ".join(parts), values)
        )


def main(args: list[str] | None = None) -> int:
    """Run the camera."""
    keep_memory()
    return run("camera", CameraNode, args)


if __name__ == "__main__":
    sys.exit(main())
