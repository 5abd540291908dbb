"""Footage is decoded before any work begins, and what cannot be decoded is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pytest

from edge_compress.compress.footage import FootageError, Frames, open_footage
from edge_compress.compress.recipe import FramesConfig


class Notes:
    """Remembers what a run says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def track(self, items: Iterable, what: str, total: int) -> Iterator:
        yield from items

    def note(self, text: str) -> None:
        self.lines.append(text)


def config(path, learn=(0, 6), held_out=(6, 6)) -> FramesConfig:
    return FramesConfig(
        frames=path,
        learn={"start": learn[0], "count": learn[1]},
        held_out={"start": held_out[0], "count": held_out[1]},
    )


@pytest.fixture
def video(tmp_path):
    """20 frames; frame i is grey of brightness 10 i."""
    path = tmp_path / "grey.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for i in range(20):
        writer.write(np.full((48, 64, 3), 10 * i, np.uint8))
    writer.release()
    return path


def brightness(frames: Frames) -> list[int]:
    return [round(float(frame.mean()) / 10) for frame in frames]


def test_a_video_is_split_by_frame_numbers(video):
    learn, held_out = open_footage(config(video, (2, 3), (15, 4)))
    assert brightness(learn) == [2, 3, 4]
    assert brightness(held_out) == [15, 16, 17, 18]
    assert held_out.indices == (15, 16, 17, 18)
    assert held_out.name == "grey.avi"


def test_frames_beyond_the_memory_bound_are_decoded_again(video):
    learn, held_out = open_footage(config(video, (0, 10), (10, 10)), memory_bytes=4 * 48 * 64 * 3)
    assert brightness(held_out) == list(range(10, 20))
    assert brightness(learn.subset([9, 0, 5])) == [9, 0, 5]
    assert brightness(learn[::-3]) == [9, 6, 3, 0]


def test_seeking_in_real_footage_gives_the_same_frames_as_reading_through(vtest_video):
    bound = config(vtest_video, (0, 5), (200, 5))
    through, _ = open_footage(bound)
    _, sought = open_footage(bound)
    _, again = open_footage(bound, memory_bytes=0)
    assert all(np.array_equal(a, b) for a, b in zip(sought, again, strict=True))
    assert not np.array_equal(through[0], sought[0])


def test_one_frame_serves_many_readers_so_it_cannot_be_written(images):
    learn, _ = open_footage(config(images))
    with pytest.raises(ValueError, match="read-only"):
        learn[0][:] = 0


def test_a_folder_is_read_in_the_order_of_its_names(images):
    learn, held_out = open_footage(config(images))
    assert np.array_equal(held_out[0], cv2.imread(str(images / "06.png")))
    assert (len(learn), len(held_out)) == (6, 6)


def test_a_broken_image_is_left_out_named_and_counted(images):
    whole = cv2.imencode(".jpg", np.zeros((40, 40, 3), np.uint8))[1].tobytes()
    (images / "02a.jpg").write_bytes(whole[: len(whole) // 2])
    (images / "03.png").write_bytes(b"not a picture")
    notes = Notes()
    learn, _ = open_footage(config(images, (0, 6)), progress=notes)
    assert len(learn) == 4
    assert learn.skipped == ("02a.jpg", "03.png")
    assert learn.indices == (0, 1, 2, 5)
    (line,) = notes.lines
    assert line.startswith("2 of 12 images left out")
    assert "02a.jpg" in line
    assert "03.png" in line


def test_a_range_of_nothing_but_broken_images_is_an_error(images):
    for i in range(6, 12):
        (images / f"{i:02d}.png").write_bytes(b"")
    with pytest.raises(FootageError, match=r"data\.held_out"):
        open_footage(config(images))


def test_a_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(FootageError, match=r"data\.frames.*no images"):
        open_footage(config(tmp_path))


def test_a_range_that_does_not_fit_is_told_with_key_and_numbers(images, video):
    with pytest.raises(FootageError, match=r"`data\.held_out` asks for frame 12.*there are 12"):
        open_footage(config(images, (0, 6), (6, 7)))
    with pytest.raises(FootageError, match=r"grey\.avi.*`data\.learn`.*frame 29.*there are 20"):
        open_footage(config(video, (20, 10), (0, 5)))


@pytest.mark.parametrize("content", [b"", b"RIFF not really", bytes(10_000)])
def test_an_unreadable_video_is_an_error(tmp_path, content):
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    with pytest.raises(FootageError, match=r"bad\.mp4.*not a video"):
        open_footage(config(path))


def test_a_video_that_ends_too_early_is_an_error(tmp_path, video):
    cut = tmp_path / "cut.avi"
    cut.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with pytest.raises(FootageError, match=r"cut\.avi"):
        open_footage(config(cut, (0, 10), (10, 10)))


def test_frames_can_be_made_from_arrays():
    frames = Frames.of([np.full((4, 4, 3), i, np.uint8) for i in range(3)], "made")
    assert [int(f[0, 0, 0]) for f in frames[1:]] == [1, 2]
    assert frames.name == "made"
