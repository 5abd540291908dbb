"""What the compressed model sees, as a picture and a short video."""

from __future__ import annotations

from pathlib import Path

from edge_compress.cli import media
from edge_compress.inference.detector import Detector
from edge_compress.vision.drawing import draw

VIDEO_FRAMES = 100


def draw_pictures(bundle: Path, video: Path, first: int, folder: Path) -> tuple[Path, Path]:
    """Write an annotated picture and a video of the held-out footage.

    Args:
        bundle: what detects.
        video: the footage.
        first: the frame that the video begins at; nothing was learnt from it or later ones.
        folder: where the two files go.

    Returns:
        The picture, of the frame where most is seen for sure, and the video.
    """
    source = media.open_source(video)
    picture, clip = folder / "annotated.png", folder / "annotated.mp4"
    most = -1.0
    detector = Detector.open(bundle, threads=1)
    with media.replaced(clip) as partial_clip, media.replaced(picture) as partial_picture:
        writer = media.VideoFile(partial_clip, source.frames_per_second)
        for index, frame in enumerate(source.frames()):
            if index < first:
                continue
            if index >= first + VIDEO_FRAMES:
                break
            found = detector.detect(frame)
            drawn = draw(frame, found, f"frame {index}: {len(found)} seen")
            writer.write(drawn)
            sure = float(found.scores.sum())
            if sure > most:
                most = sure
                media.write_image(partial_picture, drawn)
        writer.close()
    detector.close()
    return picture, clip
