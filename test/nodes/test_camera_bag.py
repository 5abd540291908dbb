"""A bag as a camera, to listeners in another process."""

import os

import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from recordings import JPEG, RAW, SECOND, write_bag
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.nodes.camera_pace import RecordedPace


def nanoseconds(stamp):
    return stamp.sec * SECOND + stamp.nanosec


def recorded(number):
    """Return when a frame was recorded."""
    return 100 * SECOND + number * SECOND // 10


def play(start, probe, bag, kind=Image, name="image_raw", namespace="/bag", **settings):
    """Play a bag once; return the images, when each came, the node and its exit code."""
    came = []

    def on_image(image):
        came.append((image, probe.node.get_clock().now().nanoseconds))

    listener = probe.node.create_subscription(kind, f"{namespace}/{name}", on_image, 20)
    settings = {"loop": False, "wait_for_subscribers": 1, **settings}
    node = start("camera", namespace=namespace, source=bag, **settings)
    probe.until_ended(node)
    probe.node.destroy_subscription(listener)
    return [image for image, _ in came], [time_ns for _, time_ns in came], node


@pytest.mark.parametrize("storage", ["mcap", pytest.param("sqlite3", marks=pytest.mark.slow)])
def test_frames_come_as_they_were_recorded_and_at_that_pace(start, probe, tmp_path, storage):
    bag = write_bag(tmp_path / "drive", storage)
    images, times, node = play(start, probe, bag)
    assert node.wait() == 0
    assert [image.data[0] for image in images] == list(range(10))
    first = images[0]
    assert (first.height, first.width, first.step, first.encoding) == (24, 32, 96, "bgr8")
    assert first.header.frame_id == "left_optical"
    # Stamped when they were sent: not in the year 1970, and with the gaps of the recording.
    stamps = np.array([nanoseconds(image.header.stamp) for image in images])
    assert stamps[0] > 10**18
    assert np.median(np.diff(stamps)) == pytest.approx(SECOND / 10, rel=0.4)
    assert stamps[-1] - stamps[0] > 0.8 * SECOND
    assert times[-1] - times[0] > 0.3 * SECOND  # and they came one by one


@pytest.mark.slow
def test_recorded_stamps_in_sim_time(start, probe, tmp_path):
    clock = []
    listener = probe.node.create_subscription(
        Clock,
        "/clock",
        lambda message: clock.append(nanoseconds(message.clock)),
        QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT),
    )
    bag = write_bag(tmp_path / "drive.mcap")
    images, _, node = play(start, probe, bag, publish_clock=True, use_sim_time=True)
    probe.node.destroy_subscription(listener)
    assert node.wait() == 0
    assert [nanoseconds(image.header.stamp) for image in images] == [
        recorded(number) - 7_000_000 for number in range(10)
    ]
    assert clock == sorted(clock)
    assert recorded(0) <= clock[0]
    assert clock[-1] == recorded(9)
    assert len(clock) > 20  # it goes on between frames, too


@pytest.mark.slow
def test_of_several_topics_one_is_to_be_named(start, probe, tmp_path):
    bag = write_bag(tmp_path / "drive", topics=(RAW, JPEG))
    node = start("camera", source=bag)
    assert node.wait() == 2
    assert f"several topics have images, choose one as `topic`: {RAW} (sensor_msgs" in node.log
    node = start("camera", source=bag, topic="/front")
    assert node.wait() == 2
    assert "no topic /front; it has" in node.log
    assert node.log.count("[ERROR]") == 1
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_compressed_images_pass_or_are_decoded_as_asked_for(start, probe, tmp_path):
    bag = write_bag(tmp_path / "drive", topics=(RAW, JPEG), count=3)
    settings = {"topic": JPEG, "rate": 50.0, "frame_id": "mine"}
    images, _, _ = play(start, probe, bag, **settings)
    assert [image.data[:3].tolist() for image in images] == [[n, 10, 20] for n in range(3)]
    assert {(image.encoding, image.header.frame_id) for image in images} == {("bgr8", "mine")}
    settings |= {"image_transport": "compressed", "namespace": "/packed"}
    images, _, _ = play(start, probe, bag, CompressedImage, "image_raw/compressed", **settings)
    assert {image.format for image in images} == {"png"}  # what was recorded, not a JPEG of it
    settings |= {"namespace": "/small", "image_transport": "raw", "width": 8, "encoding": "mono8"}
    images, _, _ = play(start, probe, bag, **settings)
    assert {(image.width, image.height, image.encoding) for image in images} == {(8, 24, "mono8")}


@pytest.mark.slow
def test_a_bag_that_is_cut_off_is_played_as_far_as_it_goes(start, probe, tmp_path):
    bag = write_bag(tmp_path / "drive.mcap", count=40, side=8)
    os.truncate(bag, bag.stat().st_size // 2)
    images, _, node = play(start, probe, bag, rate=100.0, namespace="/cut")
    assert node.wait() == 2
    assert 8 < len(images) < 20
    assert "the bag is cut off (its end is missing)" in node.log
    assert "Traceback" not in node.log


def test_a_video_has_no_recorded_stamps(start, video):
    node = start("camera", source=video, publish_clock=True)
    assert node.wait() == 2
    assert "only a bag has recorded stamps" in node.log
    node = start("camera", source=video, topic="/cam")
    assert node.wait() == 2
    assert "`topic` is for bags" in node.log


def test_without_rosbags_it_is_said_how_to_get_it(start, tmp_path):
    (tmp_path / "rosbags.py").write_text("raise ModuleNotFoundError('gone', name='rosbags')")
    bag = write_bag(tmp_path / "drive")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    node = start("camera", source=bag, env={"PYTHONPATH": path})
    assert node.wait() == 2
    assert "install what is missing here (rosbags): pip install rosbags" in node.log
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_a_bag_of_one_image_is_no_flood_and_ends_when_asked(start, probe, tmp_path):
    images, _ = probe.listen(Image, "/one/image_raw")
    bag = write_bag(tmp_path / "drive", count=1)
    node = start("camera", namespace="/one", source=bag, wait_for_subscribers=1)
    probe.until(lambda: len(images) > 10, "it again and again")
    seconds = (nanoseconds(images[10].header.stamp) - nanoseconds(images[0].header.stamp)) / SECOND
    assert 0.8 < seconds < 8  # one for ten of them: neither a flood nor a trickle
    assert node.stop() == 0


@pytest.mark.parametrize("count", [1, 2])
def test_a_recording_in_which_no_time_passes_comes_ten_times_a_second(count):
    pace, now = RecordedPace(), 5
    pace.on_sent(recorded(0), now)
    for _ in range(3 * count):
        due = pace.due_ns(recorded(0), now)
        assert due == now + SECOND // 10
        now = due
        pace.on_sent(recorded(0), now)
    assert pace.rate is None


def test_a_late_frame_moves_those_after_it():
    tenth = SECOND // 10
    pace = RecordedPace()
    assert pace.due_ns(recorded(0), 5) == 5
    pace.on_sent(recorded(0), 5)
    assert pace.due_ns(recorded(1), 6) == 5 + tenth
    pace.on_sent(recorded(1), tenth + 50)  # a little late: no drift
    assert pace.due_ns(recorded(2), tenth + 60) == 5 + 2 * tenth
    pace.on_sent(recorded(2), 30 * tenth)  # reading took too long: no burst
    assert pace.due_ns(recorded(3), 30 * tenth) == 31 * tenth
    assert pace.rate == pytest.approx(10)
    pace.on_sent(recorded(3), 31 * tenth)
    assert pace.due_ns(recorded(0), 31 * tenth) == 32 * tenth  # the bag begins again
    pace.on_sent(recorded(0), 32 * tenth)
    for now in (7, 8):  # the clock does
        assert pace.due_ns(recorded(1), now) == 7 + tenth
