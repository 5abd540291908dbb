"""A bag as footage: numbered frames of one topic, read in any order."""

from __future__ import annotations

import os
import random

import cv2
import numpy as np
import pytest
import yaml
from recordings import JPEG, RAW, write_bag

from edge_compress.bags.errors import BagError
from edge_compress.bags.writer import BagWriter
from edge_compress.compress import pipeline
from edge_compress.compress.footage import FootageError, open_footage, open_source
from edge_compress.compress.recipe import FramesConfig, load_recipe

STORAGES = ("mcap", "sqlite3")


def config(path, learn=(0, 6), held_out=(6, 6), topic="") -> FramesConfig:
    return FramesConfig(
        frames=path,
        topic=topic,
        learn={"start": learn[0], "count": learn[1]},
        held_out={"start": held_out[0], "count": held_out[1]},
    )


def numbers(frames) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in frames]


class Notes:
    def __init__(self):
        self.lines = []

    def track(self, items, what, total):
        yield from items

    def note(self, text):
        self.lines.append(text)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("topic", [RAW, JPEG])
def test_a_topic_is_split_by_frame_numbers(tmp_path, storage, topic):
    bag = write_bag(tmp_path / "drive", storage, count=20, topics=(RAW, JPEG))
    learn, held_out = open_footage(config(bag, (2, 3), (15, 4), topic))
    assert numbers(learn) == [2, 3, 4]
    assert numbers(held_out) == [15, 16, 17, 18]
    assert held_out.name == "drive"


@pytest.mark.parametrize("storage", STORAGES)
def test_any_order_and_frames_of_one_time(tmp_path, storage):
    """Some recorders give several frames one time."""
    path = tmp_path / "drive"
    with BagWriter(path, storage) as writer:
        writer.add(JPEG, "sensor_msgs/msg/CompressedImage")
        types = writer.types
        header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](0, 0), "")
        for number in range(12):
            data = cv2.imencode(".png", np.full((4, 4, 3), number, np.uint8))[1].reshape(-1)
            message = types["sensor_msgs/msg/CompressedImage"](header, "png", data)
            writer.write(JPEG, number // 3, message)
    source = open_source(path)
    wanted = list(range(12)) * 2
    random.Random(0).shuffle(wanted)
    assert numbers(source.read(index) for index in wanted) == wanted


def test_a_recipe_names_a_bag_and_a_topic(tmp_path, write_recipe):
    write_bag(tmp_path / "drive.mcap", count=12, topics=(RAW, JPEG))
    path = write_recipe(data__frames="drive.mcap", data__topic=JPEG)
    assert yaml.safe_load(path.read_text())["data"]["frames"] == "drive.mcap"
    learn, held_out = open_footage(load_recipe(path).data)
    assert (numbers(learn), numbers(held_out)) == ([*range(6)], [*range(6, 12)])


@pytest.mark.slow
def test_a_bag_calibrates_and_judges_as_the_same_pictures_do(tmp_path, write_recipe, images):
    with BagWriter(tmp_path / "drive") as writer:
        writer.add(JPEG, "sensor_msgs/msg/CompressedImage")
        types = writer.types
        header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](0, 0), "")
        for number, file in enumerate(sorted(images.iterdir())):
            data = np.frombuffer(file.read_bytes(), np.uint8)
            message = types["sensor_msgs/msg/CompressedImage"](header, "png", data)
            writer.write(JPEG, number, message)
    models = []
    for frames in ("images", "drive"):
        recipe = load_recipe(write_recipe(data__frames=frames, judge="end"))
        finished = pipeline.run(recipe, tmp_path / f"{frames}.bundle")
        models.append({file.name: file.read_bytes() for file in finished.bundle.glob("*.onnx")})
    assert models[0]
    assert models[0] == models[1]


def test_what_is_whole_of_a_bag_that_is_cut_off_is_used_and_that_is_noted(tmp_path):
    bag = write_bag(tmp_path / "drive.mcap", count=60, side=8)
    os.truncate(bag, bag.stat().st_size // 2)
    notes = Notes()
    learn, held_out = open_footage(config(bag, (0, 10), (11, 10)), progress=notes)
    assert (numbers(learn), numbers(held_out)) == ([*range(10)], [*range(11, 21)])
    assert numbers(learn[::-1]) == [*reversed(range(10))]
    assert "the bag is cut off (its end is missing); it has" in notes.lines[0]
    with pytest.raises(FootageError, match="`data.held_out` asks for frame 59, but there are"):
        open_footage(config(bag, (0, 10), (11, 49)))


def test_mistakes_are_told(tmp_path, video_file):
    bag = write_bag(tmp_path / "drive", count=12, topics=(RAW, JPEG))
    with pytest.raises(BagError, match="several topics have images"):
        open_footage(config(bag))
    with pytest.raises(BagError, match="no topic /front; it has"):
        open_footage(config(bag, topic="/front"))
    with pytest.raises(FootageError, match="`data.topic` is for bags"):
        open_footage(config(video_file, topic="/front"))


@pytest.fixture
def video_file(tmp_path):
    path = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(12):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    return path
