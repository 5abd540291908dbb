"""The noise of a camera's amplifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class ImageNoise:
    """Gaussian noise, for each pixel its own and for each frame another; repeatable.

    One value is added to all three channels of a pixel, as Gazebo does (gaussian_noise_fs.glsl of
    gz-rendering, which moreover raises it to the power of 2.1; SDFormat knows nothing of that).
    """

    def __init__(self, mean: float, stddev: float, seed: int) -> None:
        """Set the noise, in parts of white, and what it is drawn from."""
        self._mean = np.float32(255 * mean)
        self._stddev = np.float32(255 * stddev)
        self._seed = seed

    def added(self, image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        """Return the frame of a number with its noise, uint8 [height, width, 3]."""
        if self._mean == 0 and self._stddev == 0:
            return image
        generator = np.random.Generator(np.random.SFC64([self._seed, number]))
        values = generator.standard_normal(image.shape[:2], np.float32)
        values *= self._stddev
        values += self._mean
        # In whole levels: then 16 bits hold all that follows, which is four times as fast.
        levels = np.rint(values, out=values).astype(np.int16)[:, :, None] + image
        return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
