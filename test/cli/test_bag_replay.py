"""A thousand recorded frames give the detections that they always gave.

`vtest.npz` holds them as `python test/cli/test_bag_replay.py` writes it: how many there are in
each frame, and all of every fifth frame. Runtimes on other CPUs round in another way, and an object
near a threshold may then come or go; so all that is well above it has to be there, in both
directions, with its class, box and score.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.highlevel import AnyReader

from edge_compress import assets
from edge_compress.bags.writer import BagWriter
from edge_compress.cli.main import main
from edge_compress.vision.labels import load_labels

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.runtime.bundles import yolox_bundle

STORED = Path(__file__).parent / "material" / "vtest.npz"
FRAMES, SIZE, EVERY = 1000, (384, 288), 5
LEAST, SURE = 0.25, 0.35
SAME_IOU, SAME_SCORE = 0.9, 0.02
# Of two boxes that overlap about as much as NMS allows, either may stay.
MAY_DIFFER = 0.005
PERIOD_NS = 100_000_000
LABELS = {name: number for number, name in enumerate(load_labels("coco"))}


def write_bag(path: Path) -> Path:
    """Write the frames of the video as small JPEGs, from its beginning again when it ends."""
    with BagWriter(path) as writer:
        types = writer.types
        writer.add("/square/image_raw/compressed", "sensor_msgs/msg/CompressedImage")
        video = cv2.VideoCapture(str(assets.fetch("vtest.avi")))
        for number in range(FRAMES):
            there, image = video.read()
            if not there:
                video.set(cv2.CAP_PROP_POS_FRAMES, 0)
                _, image = video.read()
            jpeg = cv2.imencode(".jpg", cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA))[1]
            stamp = types["builtin_interfaces/msg/Time"](*divmod(number * PERIOD_NS, 10**9))
            header = types["std_msgs/msg/Header"](stamp, "square")
            message = types["sensor_msgs/msg/CompressedImage"](header, "jpeg", jpeg.reshape(-1))
            writer.write("/square/image_raw/compressed", number * PERIOD_NS, message)
        video.release()
    return path


def replay(folder: Path) -> list[np.ndarray]:
    """Return each frame's detections: [n, 6], x1 y1 x2 y2 score class."""
    bag, seen = write_bag(folder / "square"), folder / "seen.mcap"
    bundle = yolox_bundle(folder, "yolox")
    options = ("--confidence", str(LEAST), "--threads", "2", "--provider", "cpu")
    assert main(["detect", str(bundle), str(bag), "-o", str(seen), *options]) == 0
    frames = []
    with AnyReader([seen]) as reader:
        wanted = [c for c in reader.connections if c.topic == "/square/detections"]
        for number, (connection, time_ns, data) in enumerate(reader.messages(wanted)):
            message = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp
            assert time_ns == number * PERIOD_NS == stamp.sec * 10**9 + stamp.nanosec
            rows = [_row(element) for element in message.detections]
            frames.append(np.array(rows, np.float32).reshape(-1, 6))
    return frames


def _row(element) -> tuple[float, ...]:
    x, y = element.bbox.center.position.x, element.bbox.center.position.y
    half_x, half_y = element.bbox.size_x / 2, element.bbox.size_y / 2
    hypothesis = element.results[0].hypothesis
    box = (x - half_x, y - half_y, x + half_x, y + half_y)
    return (*box, hypothesis.score, LABELS[hypothesis.class_id])


def missing(sure: np.ndarray, among: np.ndarray) -> int:
    """Count the rows of one frame that are well above the threshold and not among others."""
    count = 0
    for row in sure[sure[:, 4] >= SURE]:
        near = among[(among[:, 5] == row[5]) & (abs(among[:, 4] - row[4]) <= SAME_SCORE)]
        count += not (iou(row, near) >= SAME_IOU).any()
    return count


def iou(row: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(row[:2], others[:, :2]), np.minimum(row[2:4], others[:, 2:4])
    shared = np.clip(high - low, 0, None).prod(1)
    areas = (others[:, 2:4] - others[:, :2]).prod(1)
    return shared / ((row[2:4] - row[:2]).prod() + areas - shared)


@pytest.mark.slow
def test_a_thousand_frames_give_what_they_always_gave(tmp_path):
    with np.load(STORED) as stored:
        counts, rows = stored["counts"], stored["rows"].astype(np.float32)
    found = replay(tmp_path)
    assert len(found) == FRAMES
    compared = np.split(rows, np.cumsum(counts[::EVERY])[:-1])
    sure = sum(int((frame[:, 4] >= SURE).sum()) for frame in compared)
    assert sure > 500
    lost = sum(missing(*pair) for pair in zip(compared, found[::EVERY], strict=True))
    new = sum(missing(*pair) for pair in zip(found[::EVERY], compared, strict=True))
    assert lost <= MAY_DIFFER * sure
    assert new <= MAY_DIFFER * sure
    # The frames between: nearly as many objects in all, and hardly a frame with others.
    now = np.array([len(frame) for frame in found])
    assert abs(int(now.sum()) - int(counts.sum())) <= MAY_DIFFER * counts.sum()
    assert (now != counts).mean() < 0.03


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        frames = replay(Path(name))
    rows = np.concatenate(frames[::EVERY]).astype(np.float16)
    counts = np.array([len(frame) for frame in frames], np.uint8)
    np.savez_compressed(STORED, counts=counts, rows=rows)
    sys.exit(f"{STORED}: {STORED.stat().st_size} bytes")
