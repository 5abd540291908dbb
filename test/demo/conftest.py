"""A short video for the small detector of test/conftest.py."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

FRAMES = 30


@pytest.fixture
def video(tmp_path):
    """Two seconds of a red square on black."""
    path = tmp_path / "red.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15, (96, 64))
    image = np.zeros((64, 96, 3), np.uint8)
    image[24:40, 40:56, 2] = 255
    for _ in range(FRAMES):
        writer.write(image)
    writer.release()
    return path


@pytest.fixture(autouse=True)
def _own_domain(own_domain):
    pass
