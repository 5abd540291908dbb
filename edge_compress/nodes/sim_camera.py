"""The simulated camera: a vehicle of an SDF world, drawn where there is no Gazebo and no GPU."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2DArray

from edge_compress.bags.read_ahead import ReadAhead
from edge_compress.errors import EdgeCompressError
from edge_compress.nodes import qos
from edge_compress.nodes.audience import Audience
from edge_compress.nodes.diagnostics import OK, WARN, Reporter, status
from edge_compress.nodes.distributions import steady_clock
from edge_compress.nodes.memory import keep_memory
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.running import run
from edge_compress.nodes.sim_camera_messages import (
    SimulatedMessages,
    clock_message,
    make_messages,
)
from edge_compress.nodes.sim_camera_parameters import SIM_CAMERA_PARAMETERS
from edge_compress.nodes.sim_pace import SimPace
from edge_compress.simulation.errors import RenderError
from edge_compress.simulation.opengl import find_backend
from edge_compress.simulation.resources import shipped_world
from edge_compress.simulation.sdf_world import read_world

if TYPE_CHECKING:
    from edge_compress.simulation.camera import SimulatedCamera

# Between frames /clock goes on in steps of this, so that latencies in sim time can be told.
_TICK_S = 0.005
# Time for the middleware to hand over the last frame before the process ends.
_LINGER_S = 1.0


class SimCameraNode(Node):
    """Publishes frames, what can be seen in them, and the time of the simulation."""

    def __init__(self) -> None:
        """Read the world, and begin to draw.

        Raises:
            ParameterError: a parameter's value is refused.
            WorldError: the world cannot be shown, or has no such vehicle.
            AssetError: the world's photos cannot be had.
            RenderError: there is nothing to draw with.
        """
        super().__init__("sim_camera")
        self.done = False
        self.failure = ""
        self._settings = Parameters(self, SIM_CAMERA_PARAMETERS)
        camera, duration_s = self._camera(), self._settings["duration_s"]
        self.rate = camera.rate
        self._factor: float = self._settings["real_time_factor"]
        self._image = self.create_publisher(Image, "image_raw", qos.CAMERA)
        self._info = self.create_publisher(CameraInfo, "camera_info", qos.CAMERA)
        self._truth = self.create_publisher(Detection2DArray, "ground_truth", qos.CAMERA)
        self._audience = Audience(self._settings["wait_for_subscribers"], self._image, self._truth)
        self._clock_publisher = self.create_publisher(Clock, "/clock", qos.RESULTS)
        self._next: SimulatedMessages | None = None
        self._published = 0
        self._sim_ns = 0
        self._pace: SimPace | None = None
        self._ended_s: float | None = None
        self._last_report = (time.monotonic(), 0, 0, 0)
        self._frames: ReadAhead[SimulatedMessages] = ReadAhead(
            make_messages(camera.frames(duration_s), camera.pinhole, camera.frame_id)
        )
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)
        # Not by the node's own clock, which may be the one that is made here.
        self.create_timer(_TICK_S, self._tick, clock=steady_clock())

    def close(self) -> None:
        """Stop drawing."""
        self._frames.stop()

    def _camera(self) -> SimulatedCamera:
        settings = self._settings
        file = Path(settings["world"]) if settings["world"] else shipped_world()
        backend = find_backend()  # before MuJoCo is imported, which fails where $MUJOCO_GL does
        try:
            from edge_compress.simulation.camera import SimulatedCamera
            from edge_compress.simulation.gazebo import resource_path
        except ModuleNotFoundError as error:
            missing = f"{error.name} is missing: pip install 'edge_compress[simulation]'"
            raise RenderError(missing) from error
        folders = [Path(folder) for folder in resource_path(file).split(":") if folder]
        camera = SimulatedCamera(
            read_world(file, folders),
            settings["vehicle"],
            rate=settings["rate"],
            width=settings["width"],
            height=settings["height"],
            seed=settings["seed"],
        )
        size = f"{camera.pinhole.width}x{camera.pinhole.height}"
        self.get_logger().info(
            f"{file}: `{settings['vehicle']}`, {size} at {camera.rate:g} Hz, drawn by {backend}"
        )
        return camera

    def _tick(self) -> None:
        now = time.monotonic()
        if self._ended_s is not None:
            self.done = self._settings["exit_at_end"] and now - self._ended_s > _LINGER_S
            return
        if self._next is None:
            self._next = self._frames.take()
        if self._next is None and self._frames.finished:
            self._end()
            return
        if self._pace is None:
            if self._next is None or not self._audience.ready():
                return
            self._pace = SimPace(self._factor, now)
            self._clock_publisher.publish(clock_message(0))
        self._advance(self._pace, now)

    def _advance(self, pace: SimPace, now: float) -> None:
        due_ns = round((self._published + 1) * 1e9 / self.rate)
        sim_ns = pace.time_ns(now, due_ns, self._next is not None)
        if sim_ns > self._sim_ns:
            self._sim_ns = sim_ns
            self._clock_publisher.publish(clock_message(sim_ns))
        if self._next is not None and sim_ns >= self._next.time_ns:
            self._image.publish(self._next.image)
            self._info.publish(self._next.info)
            self._truth.publish(self._next.truth)
            self._published += 1
            self._next = None

    def _end(self) -> None:
        if isinstance(self._frames.error, EdgeCompressError):
            self.failure = str(self._frames.error)
            self.done = True
            return
        if self._frames.error is not None:
            raise self._frames.error
        self._ended_s = time.monotonic()
        self.get_logger().info(f"the simulation has ended after {self._published} frames")
        self._report()

    def _report(self) -> None:
        now = time.monotonic()
        late = self._pace.late if self._pace is not None else 0
        then, published, sim_ns, late_before = self._last_report
        self._last_report = (now, self._published, self._sim_ns, late)
        if self._ended_s is not None:
            message = "the simulation has ended"
        elif self._pace is None:
            message = "waiting for subscribers"
        else:
            message = "publishing"
        parts = [message]
        if late > late_before:
            parts.append("frames are not drawn in time, so that sim time goes slower")
        if self.count_publishers("/clock") > 1:
            parts.append("another node publishes /clock, too, so that time jumps: stop one of them")
        seconds = now - then
        values = {
            "frames_published": self._published,
            "frames_late": late,
            "subscribers": self._audience.count,
            "target_rate_hz": self.rate * self._factor or None,
            "rate_hz": (self._published - published) / seconds if seconds > 0 else None,
            "sim_time_s": self._sim_ns / 1e9,
            "real_time_factor": (self._sim_ns - sim_ns) / 1e9 / seconds if seconds > 0 else None,
        }
        self._reporter.publish(
            status("frames", WARN if parts[1:] else OK, "; ".join(parts), values)
        )


def main(args: list[str] | None = None) -> int:
    """Run the simulated camera."""
    keep_memory()
    return run("sim_camera", SimCameraNode, args)


if __name__ == "__main__":
    sys.exit(main())
