"""The detector's input: images out of the middleware, and counts of all that do not come."""

import ctypes
import gc
import itertools
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from edge_compress.nodes import distributions, taking
from edge_compress.nodes.c_images import CMessages
from edge_compress.nodes.frame_input import FrameInput
from edge_compress.nodes.messages import byte_array
from edge_compress.nodes.vitals import CameraVitals
from edge_compress.vision.encodings import EncodingError

HEADER = Header(stamp=Time(sec=-3, nanosec=999_999_999), frame_id="Kamera-ä")
_topics = (f"/frame_input_{number}/image_raw" for number in itertools.count())


def image(number=0):
    data = byte_array(np.full(60, number, np.uint8))
    return Image(header=HEADER, height=4, width=5, encoding="bgr8", step=15, data=data)


class Camera:
    """A publisher, and the input that listens to it."""

    def __init__(self, probe, transport="raw"):
        topic = next(_topics)
        self.frames = []
        self.vitals = CameraVitals(10.0)
        arguments = (probe.node, topic, transport, "reliable", self.vitals, self.frames.append)
        self.input = FrameInput(*arguments)
        self._looks = 0
        receive = self.input._thread._on_ready

        def look():
            receive()
            self._looks += 1

        self.input._thread._on_ready = look
        message_type, suffix = (
            (Image, "") if transport == "raw" else (CompressedImage, "/compressed")
        )
        self._probe = probe
        self._publisher = probe.publisher(message_type, topic + suffix)

    def publish(self, message):
        self._publisher.publish(message)

    def offer(self, message):
        """Publish a message, and wait until it was looked at, be it a frame or not."""
        looks = self._looks
        self.publish(message)
        self._probe.until(lambda: self._looks > looks, "a look at the message")

    def play(self, message):
        """Publish a message and return the frame that comes."""
        count = len(self.frames)
        self.offer(message)
        self._probe.until(lambda: len(self.frames) > count, "a frame")
        return self.frames.pop()

    def figures(self):
        """Return all counts; what is missing is counted by the second report."""
        self.input.settle()
        self.input.settle()
        return self.vitals.frames()

    def close(self):
        self.input.close()
        self._probe.node.destroy_publisher(self._publisher)


@pytest.fixture(params=["rcl", "rclpy"])
def camera(probe, request, monkeypatch):
    """Return a function that starts a camera; frames are taken in one of both ways."""
    if request.param == "rclpy":
        monkeypatch.setattr(taking, "c_messages", lambda message_type: None)
    started = []

    def start(*arguments):
        started.append(Camera(probe, *arguments))
        way = taking.RclTaker if request.param == "rcl" else taking.RclpyTaker
        assert isinstance(started[-1].input._taker, way)
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.mark.parametrize("message_type", [Image, CompressedImage])
def test_images_are_laid_out_in_c_as_they_are_thought_to_be(message_type):
    assert CMessages(message_type).fits()


@pytest.mark.parametrize("message_type", [Image, CompressedImage])
def test_another_layout_is_noticed(message_type, monkeypatch):
    messages = CMessages(message_type)
    header, *others = messages.struct._fields_
    for new in (ctypes.c_uint32, ctypes.c_void_p):
        for fields in (
            (header, ("new", new), *others),
            (header, *others[:-1], ("new", new), others[-1]),
        ):
            other = type("Other", (ctypes.Structure,), {"_fields_": fields})
            monkeypatch.setattr(messages, "struct", other)
            assert not messages.fits()


@pytest.mark.parametrize("transport", ["raw", "compressed"])
def test_each_frame_comes_with_all_its_fields(camera, transport):
    sent = CompressedImage(header=HEADER, format="jpeg", data=b"\xff\xd8\xff")
    sent = image(7) if transport == "raw" else sent
    frame = camera(transport).play(sent)
    read = frame.read()
    for name in sent.get_fields_and_field_types():
        if name != "data":
            assert getattr(read, name) == getattr(sent, name)
    assert bytes(read.data) == sent.data.tobytes()
    assert abs(frame.arrived_ns - time.time_ns()) < 60e9


def test_pixels_stay_as_long_as_anybody_looks_at_them(camera):
    one = camera()
    pixels = [np.frombuffer(one.play(image(n)).read().data, np.uint8) for n in range(3)]
    gc.collect()
    one.play(image(99))
    assert [set(values.tolist()) for values in pixels] == [{0}, {1}, {2}]
    assert not pixels[0].flags.writeable


def test_messages_that_are_cut_short_come_as_far_as_they_go(camera):
    one = camera()
    one.play(image())
    for _ in range(4):
        one.offer(bytes(serialize_message(image()))[:50])
    refused = int(isinstance(one.input._taker, taking.RclTaker))  # the first one
    assert len(one.frames) == 4 - refused
    for frame in one.frames:
        with pytest.raises(EncodingError, match="cut short"):
            frame.read()
    for number in range(3):
        assert set(one.play(image(number)).read().data) == {number}
    figures = one.figures()
    assert figures.received == 8 - refused
    if one.input._numbers.known:
        assert figures.dropped["overwritten"] == refused


def test_what_a_newer_frame_replaced_is_counted(camera, monkeypatch):
    one = camera()
    one.play(image())
    take = one.input._taker.take
    monkeypatch.setattr(one.input._taker, "take", lambda: time.sleep(0.5) or take())
    for number in range(5):
        one.publish(image(number))
        time.sleep(0.02)
    one._probe.until(
        lambda: one.frames and set(one.frames[-1].read().data) == {4}, "the newest frame"
    )
    figures = one.figures()
    if one.input._numbers.known:  # rclpy gives none before Kilted
        assert figures.received + figures.dropped["overwritten"] == 6
    assert figures.received < 6


def test_a_frame_whose_number_is_not_known_is_not_missing(camera, monkeypatch):
    monkeypatch.setattr(distributions, "source_sequence", lambda info: None)  # before Kilted
    one = camera()
    one.play(image())
    one.offer(bytes(serialize_message(image()))[:50])
    for number in range(3):
        one.play(image(number))
    refused = int(isinstance(one.input._taker, taking.RclTaker))
    figures = one.figures()
    assert (figures.received, figures.dropped["overwritten"]) == (5 - refused, refused)


@pytest.mark.parametrize("order", ["lost first", "missing first", "at once"])
def test_what_was_lost_is_not_counted_as_overwritten_too(camera, order):
    class Lost:
        total_count_change = 3

    one = camera()
    tell = [lambda: one.input._on_message_lost(Lost), lambda: one.input._count_missing((b"x", 6))]
    one.input._count_missing((b"x", 1))
    for step in tell if order == "lost first" else reversed(tell):
        step()
        if order != "at once":
            one.input.settle()
    figures = one.figures()
    assert (figures.dropped["transport"], figures.dropped["overwritten"]) == (3, 1)


def test_a_failure_of_the_middleware_is_told_and_frames_go_on(camera, monkeypatch):
    one = camera()
    told = []
    logger = one._probe.node.get_logger()
    monkeypatch.setattr(logger, "error", lambda text, **_: told.append(text))
    monkeypatch.setattr(one._probe.node, "get_logger", lambda: logger)
    take = one.input._taker.take

    def fail():
        take()
        raise RuntimeError("rcl_take returned 1")

    monkeypatch.setattr(one.input._taker, "take", fail)
    one.publish(image())
    one._probe.until(lambda: told, "a line in the log")
    assert told == [f"frames of {one.input.topic} cannot be taken: rcl_take returned 1"]
    monkeypatch.setattr(one.input._taker, "take", take)
    one.play(image())
