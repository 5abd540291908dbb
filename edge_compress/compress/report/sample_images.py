"""Sample frames with the boxes of both models drawn in."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.record import Boxes, Sample
from edge_compress.vision.detections import Detections
from edge_compress.vision.drawing import draw

_WIDTH = 720  # pixels; two lie side by side on a page 1,100 wide, and stay sharp on a phone
_QUALITY = 80


@dataclass(frozen=True)
class SampleImages:
    """One frame twice, as JPEG data URIs, and in words what is in each."""

    frame: int
    original: str
    compressed: str
    original_sees: str
    compressed_sees: str


def sample_images(samples: tuple[Sample, ...]) -> list[SampleImages]:
    """Draw both models' boxes of each sample; a class has the same colour in both."""
    names = {name for s in samples for name in (*s.original.names, *s.compressed.names)}
    labels = tuple(sorted(names))
    drawn = []
    for sample in samples:
        image = cv2.imdecode(np.frombuffer(sample.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:  # the page is worth more than one picture
            continue
        frame = np.asarray(image, np.uint8)
        drawn.append(
            SampleImages(
                sample.frame,
                _data_uri(draw(frame, _detections(sample.original, labels))),
                _data_uri(draw(frame, _detections(sample.compressed, labels))),
                _in_words(sample.original),
                _in_words(sample.compressed),
            )
        )
    return drawn


def _detections(boxes: Boxes, labels: tuple[str, ...]) -> Detections:
    return Detections(
        np.array(boxes.boxes, np.float32).reshape(-1, 4),
        np.array(boxes.scores, np.float32),
        np.array([labels.index(name) for name in boxes.names], np.int64),
        labels,
    )


def _data_uri(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    if width > _WIDTH:
        size = (_WIDTH, round(height * _WIDTH / width))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def _in_words(boxes: Boxes) -> str:
    counts = Counter(boxes.names)
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "nothing"
