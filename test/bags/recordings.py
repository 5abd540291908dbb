"""Bags for tests: frames that tell their own number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge_compress.bags.writer import BagWriter

SECOND = 1_000_000_000
RAW, JPEG = "/cam/image_raw", "/cam/image_raw/compressed"
HEIGHT, WIDTH = 24, 32


def frame(number: int) -> np.ndarray:
    """Return BGR pixels whose blue is the frame's number."""
    return np.full((HEIGHT, WIDTH, 3), (number, 10, 20), np.uint8)


def numbers(images: Sequence) -> list[int]:
    """Return the number of each frame of a bag."""
    return [int(image.pixels().bgr()[0, 0, 0]) for image in images]


def write_bag(
    path: Path,
    storage: str = "mcap",
    *,
    count: int = 10,
    first: int = 0,
    topics: Sequence[str] = (RAW,),
    side: int = 1,
    frame_id: str = "left_optical",
) -> Path:
    """Write frames, 10 a second from second 100 on; their stamps are 7 ms earlier.

    Topics that end in `compressed` hold PNGs. `side` enlarges frames, so that a .mcap file has many
    chunks.
    """
    with BagWriter(path, storage) as writer:
        for topic in topics:
            writer.add(topic, f"sensor_msgs/msg/{_kind(topic)}")
        for number in range(first, first + count):
            time_ns = 100 * SECOND + number * SECOND // 10
            stamp = writer.types["builtin_interfaces/msg/Time"](
                *divmod(time_ns - 7_000_000, SECOND)
            )
            header = writer.types["std_msgs/msg/Header"](stamp, frame_id)
            pixels = frame(number).repeat(side, 0).repeat(side, 1)
            for topic in topics:
                writer.write(topic, time_ns, _message(writer.types, topic, header, pixels))
    return path


def _kind(topic: str) -> str:
    return "CompressedImage" if topic.endswith("compressed") else "Image"


def _message(types, topic: str, header, pixels: np.ndarray):
    make = types[f"sensor_msgs/msg/{_kind(topic)}"]
    if topic.endswith("compressed"):
        return make(header, "png", cv2.imencode(".png", pixels)[1].reshape(-1))
    height, width, _ = pixels.shape
    return make(header, height, width, "bgr8", 0, 3 * width, pixels.reshape(-1))
