"""The noise of a camera's amplifier."""

from __future__ import annotations

from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

# Of a standard normal distribution; to look them up takes half as long as to draw new ones.
_LEVELS = 1 << 16


class ImageNoise:
    """Gaussian noise, for each pixel its own and for each frame another; repeatable.

    One value is added to all three channels of a pixel, as Gazebo does (gaussian_noise_fs.glsl of
    gz-rendering, which moreover raises it to the power of 2.1; SDFormat knows nothing of that).
    """

    def __init__(self, mean: float, stddev: float, seed: int) -> None:
        """Set the noise, in parts of white, and what it is drawn from."""
        self._none = mean == 0 and stddev == 0
        self._seed = seed
        quantile = NormalDist(255 * mean, 255 * (stddev or 1e-9)).inv_cdf
        self._levels = np.array([quantile((i + 0.5) / _LEVELS) for i in range(_LEVELS)], np.float32)

    def added(self, image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        """Return the frame of a number with its noise, uint8 [height, width, 3]."""
        if self._none:
            return image
        height, width = image.shape[:2]
        drawn = np.random.Generator(np.random.SFC64([self._seed, number])).bytes(2 * height * width)
        values = self._levels[np.frombuffer(drawn, np.uint16).reshape(height, width)]
        # OpenCV rounds and clips, without a larger copy for each step.
        noisy = cv2.add(image, cv2.merge([values, values, values]), dtype=cv2.CV_8U)
        return np.asarray(noisy, np.uint8)
