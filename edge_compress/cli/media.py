"""Reading frames from an image or a video, and writing them back, whole or not at all."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError

_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
_VIDEOS = (".mp4", ".m4v", ".mov", ".avi", ".mkv")


class MediaError(EdgeCompressError):
    """An image or a video cannot be read or written."""


@dataclass(frozen=True)
class Source:
    """An image or a video that can be read.

    Attributes:
        path: the file.
        is_video: more than one frame may come.
        frames_per_second: of a video; 1 for an image.
        frame_count: as the file says, which need not be true; 0 when it does not say.
    """

    path: Path
    is_video: bool
    frames_per_second: float = 1.0
    frame_count: int = 1

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield each frame, uint8 [height, width, 3], BGR.

        Raises:
            MediaError: not one frame can be decoded.
        """
        if not self.is_video:
            yield _read_image(self.path)
            return
        capture = cv2.VideoCapture(str(self.path))
        try:
            count = 0
            while True:
                ok, frame = capture.read()
                if not ok:
                    break
                count += 1
                yield frame  # type: ignore[misc]
            if count == 0:
                raise MediaError(f"{self.path}: a video without one frame that can be decoded")
        finally:
            capture.release()


def open_source(path: Path) -> Source:
    """Find out what a file is.

    Raises:
        MediaError: it is missing, or neither an image nor a video.
    """
    if not path.is_file():
        raise MediaError(f"{path}: no such file")
    if path.suffix.lower() in _IMAGES:
        return Source(path, is_video=False)
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise MediaError(f"{path}: neither an image nor a video that can be read")
        rate = capture.get(cv2.CAP_PROP_FPS)
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    finally:
        capture.release()
    sane_rate = rate if math.isfinite(rate) and 0 < rate <= 1000 else 25.0
    return Source(path, True, sane_rate, int(count) if math.isfinite(count) and count > 0 else 0)


class VideoFile:
    """A video that is being written; all frames are of the first one's size."""

    def __init__(self, path: Path, frames_per_second: float) -> None:
        """Get ready to write `path`; it is made with the first frame."""
        self._path = path
        self._rate = frames_per_second
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._count = 0

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Add a frame.

        Raises:
            MediaError: OpenCV cannot write such a file here.
        """
        if self._writer is None:
            self._size = (frame.shape[1], frame.shape[0])
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate, self._size)
            if not self._writer.isOpened():
                raise MediaError(f"OpenCV cannot write {self._path.suffix} video with mp4v here")
        if (frame.shape[1], frame.shape[0]) != self._size:
            frame = cv2.resize(frame, self._size)  # type: ignore[assignment]
        self._writer.write(frame)
        self._count += 1

    def close(self) -> None:
        """Write out what is left.

        Raises:
            MediaError: the file does not hold every frame, as when the disk is full; OpenCV itself
                says nothing then.
        """
        if self._writer is not None:
            self._writer.release()
            self._writer = None
            written = cv2.VideoCapture(str(self._path))
            count = int(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
            written.release()
            if count < self._count:
                raise MediaError(
                    f"only {max(count, 0)} of {self._count} frames could be written; is the disk "
                    "full?"
                )


def check_output(path: Path, source: Source) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Raises:
        MediaError: no such folder, the wrong kind of file, or the source itself.
    """
    suffixes = _VIDEOS if source.is_video else _IMAGES
    if path.suffix.lower() not in suffixes:
        kind = "a video" if source.is_video else "an image"
        raise MediaError(f"{path}: {source.path.name} is {kind}, so use {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise MediaError(f"{path.parent}: no such folder")
    if path.exists() and path.samefile(source.path):
        raise MediaError(f"{path}: is the input itself; name another file")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` when all went well, else it is removed.

    Raises:
        MediaError: the folder cannot be written, or the disk is full.
    """
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise MediaError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an image in the format of the path's suffix.

    Raises:
        MediaError: it cannot be encoded.
        OSError: it cannot be written.
    """
    ok, data = cv2.imencode(path.suffix, image)
    if not ok:
        raise MediaError(f"OpenCV cannot encode {path.suffix}")
    path.write_bytes(data.tobytes())


def _read_image(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise MediaError(f"{path}: cannot be decoded as an image")
    return image  # type: ignore[return-value]
