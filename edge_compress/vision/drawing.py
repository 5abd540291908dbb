"""Boxes, labels and a status line drawn on a frame."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.detections import Detections
from edge_compress.vision.image import check_image

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# Text is laid out for frames of this height and grows with them.
_BASE_HEIGHT = 480


def draw(
    image: NDArray[np.uint8],
    detections: Detections,
    line: str = "",
    ids: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """Draw detections on a copy of the frame.

    Args:
        image: uint8 [height, width, 3], BGR; left as it is.
        detections: boxes in this image's pixels.
        line: a status line for the top left corner, such as rate and latency.
        ids: the track of each detection, as far as it has one; empty when none is tracked.

    Returns:
        A new image of the same shape.

    Raises:
        ImageError: `image` is not such an image.
    """
    check_image(image)
    canvas = image.copy()
    scale = max(0.4, 0.5 * image.shape[0] / _BASE_HEIGHT)
    thickness = max(1, round(2 * scale))
    # Worst first, so that the best are on top.
    tracks = ids or ("",) * len(detections)
    for detection, track in reversed(list(zip(detections, tracks, strict=True))):
        color = class_color(detection.class_id)
        x1, y1, x2, y2 = (round(v) for v in detection.box.tolist())
        cv2.rectangle(canvas, (x1, y1), (x2, y2), color, thickness)
        _text(
            canvas,
            " ".join(filter(None, (detection.name, track, f"{detection.score:.2f}"))),
            x1,
            y1,
            scale,
            color,
        )
    if line:
        _text(canvas, line, 0, 0, scale, _BLACK)
    return canvas


@lru_cache(maxsize=1024)
def class_color(class_id: int) -> tuple[int, int, int]:
    """Return a BGR colour that a class always has; neighbouring classes differ clearly."""
    # Steps of the golden ratio around the colour circle never come close to one another.
    red, green, blue = colorsys.hsv_to_rgb(class_id * 0.618034 % 1.0, 0.85, 0.95)
    return round(blue * 255), round(green * 255), round(red * 255)


def _text(
    canvas: NDArray[np.uint8],
    text: str,
    x: int,
    y: int,
    scale: float,
    background: tuple[int, int, int],
) -> None:
    """Write `text` on a filled strip above (x, y), or below where there is no room above."""
    (width, height), below = cv2.getTextSize(text, _FONT, scale, 1)
    strip = height + below + 2
    top = y - strip if y >= strip else y
    left = max(0, min(x, canvas.shape[1] - width))
    cv2.rectangle(canvas, (left, top), (left + width, top + strip), background, cv2.FILLED)
    foreground = _BLACK if sum(background) > 300 else _WHITE
    cv2.putText(canvas, text, (left, top + height + 1), _FONT, scale, foreground, 1, cv2.LINE_AA)
