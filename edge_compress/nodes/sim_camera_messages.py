"""From simulated frames to messages, as ros_gz_bridge gives them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
)

from edge_compress.nodes.messages import image_message, time_message

if TYPE_CHECKING:  # they import MuJoCo, which may be missing
    from edge_compress.simulation.camera import SimulatedFrame
    from edge_compress.simulation.camera_model import Pinhole
    from edge_compress.simulation.labelled_boxes import LabelledBox


@dataclass(frozen=True)
class SimulatedMessages:
    """All that is published of one frame; the three messages have one header.

    Attributes:
        time_ns: of the frame, sim time.
        image: rgb8.
        info: of the camera.
        truth: each labelled visual that is seen; class_id is the label's number.
    """

    time_ns: int
    image: Image
    info: CameraInfo
    truth: Detection2DArray


def make_messages(
    frames: Generator[SimulatedFrame, None, None], pinhole: Pinhole, frame_id: str
) -> Generator[SimulatedMessages, None, None]:
    """Yield the messages of each frame; to close this closes the frames."""
    with closing(frames):
        for frame in frames:
            header = Header(stamp=time_message(frame.time_ns), frame_id=frame_id)
            yield SimulatedMessages(
                frame.time_ns,
                image_message(frame.image, "rgb8", header),
                _info(pinhole, header),
                Detection2DArray(header=header, detections=[_box(b, header) for b in frame.boxes]),
            )


def clock_message(time_ns: int) -> Clock:
    """Build what /clock says."""
    return Clock(clock=time_message(time_ns))


def _info(pinhole: Pinhole, header: Header) -> CameraInfo:
    return CameraInfo(
        header=header,
        width=pinhole.width,
        height=pinhole.height,
        distortion_model="plumb_bob",
        d=pinhole.d,
        k=pinhole.k,
        r=pinhole.r,
        p=pinhole.p,
    )


def _box(box: LabelledBox, header: Header) -> Detection2D:
    detection = Detection2D(header=header)
    detection.bbox = BoundingBox2D(size_x=float(box.x2 - box.x1), size_y=float(box.y2 - box.y1))
    centre = detection.bbox.center.position
    centre.x, centre.y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    hypothesis = ObjectHypothesis(class_id=str(box.label), score=1.0)
    detection.results = [ObjectHypothesisWithPose(hypothesis=hypothesis)]
    return detection
