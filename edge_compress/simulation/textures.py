"""The pictures of worlds/inspection.sdf, made from assets; run as a module to prepare them."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.assets.cache import cache_folder, fetch
from edge_compress.assets.errors import AssetError
from edge_compress.simulation.photos import FOLDER, PHOTOS, Photo

GROUND = "ground.png"
_ASSET = "panel-photos"
# Raise it when the same table gives other pictures.
_VERSION = 2


def inspection_textures() -> Path:
    """Return the folder in which ``model://inspection_photos/…`` is found; make it when needed.

    What is there already is not made again. Each file appears whole or not at all, so that several
    processes may call this at once.

    Returns:
        The folder above ``inspection_photos``, for GZ_SIM_RESOURCE_PATH.

    Raises:
        AssetError: a photo cannot be had, is none, or the cache cannot be written.
    """
    # Another table is another folder, so that no old picture is taken for a new one.
    made_from = hashlib.sha256(repr((_VERSION, PHOTOS)).encode()).hexdigest()
    root = cache_folder() / f"inspection-{made_from[:8]}"
    folder = root / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for photo in PHOTOS:
            names = photo.files
            if not all((folder / name).is_file() for name in names):
                _write(folder, zip(names, _cut(photo), strict=True))
        if not (folder / GROUND).is_file():
            _write(folder, [(GROUND, _ground())])
    except OSError as error:
        raise AssetError(f"Cannot write the photos of the world to {folder}: {error}") from error
    return root


def _cut(photo: Photo) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the photo, and the object alone; uint8 [height, width, 3], BGR."""
    source = fetch(_ASSET) / photo.file
    image = cv2.imread(str(source), cv2.IMREAD_COLOR)
    if image is None:
        raise AssetError(f"{source} is no image that OpenCV reads")
    left, top, right, bottom = photo.crop
    whole = image[top:bottom, left:right].astype(np.uint8)
    left, top, right, bottom = photo.object
    return whole, whole[top:bottom, left:right]


def _ground(size: int = 512, seed: int = 6) -> NDArray[np.uint8]:
    """Return a lawn without edges where it repeats: noise of several grains, green and brown."""
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal((size, size)))
    across, down = np.fft.rfftfreq(size), np.fft.fftfreq(size)[:, None]
    height = np.zeros((size, size))
    for grain, share in ((1.0, 0.5), (3.0, 1.0), (12.0, 1.0), (48.0, 1.0)):
        # A Gaussian blur, as a product of spectra: so it goes round at the edges.
        blur = np.exp(-2 * (np.pi * grain) ** 2 * (across**2 + down**2))
        blurred = np.fft.irfft2(white * blur, (size, size))
        height += share * blurred / blurred.std()
    level = np.clip(0.5 + height[..., None] / (4 * height.std()), 0.0, 1.0)
    brown, green = np.array([58.0, 84.0, 98.0]), np.array([76.0, 132.0, 112.0])
    colors: NDArray[np.float64] = brown + level * (green - brown)
    return colors.round().astype(np.uint8)


def _write(folder: Path, images: Iterable[tuple[str, NDArray[np.uint8]]]) -> None:
    # Beside the target, so that the move at the end is atomic; removed whatever happens.
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as made:
        for name, image in images:
            part = Path(made) / name
            if not cv2.imwrite(str(part), image):
                raise OSError(f"{part} was not written")
            part.replace(folder / name)


def main(show: Callable[[str], None] = print) -> int:
    """Prepare the photos and show the folder; 2 when they cannot be had."""
    try:
        show(str(inspection_textures()))
    except AssetError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
