"""A video or a folder as a camera."""

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image


def test_a_video_is_played_once_in_order_and_the_process_ends(start, probe, video):
    images, _ = probe.listen(Image, "/once/image_raw")
    node = start(
        "camera", namespace="/once", source=video, loop=False, wait_for_subscribers=1, rate=20.0
    )
    probe.until(lambda: node.process.poll() is not None, "the camera to end")
    assert node.wait() == 0
    assert len(images) == 10
    greys = [np.frombuffer(image.data, np.uint8).mean() for image in images]
    assert greys == sorted(greys)
    stamps = [image.header.stamp.sec * 10**9 + image.header.stamp.nanosec for image in images]
    assert stamps == sorted(set(stamps))
    assert {(i.width, i.height, i.step, i.encoding) for i in images} == {(96, 64, 288, "bgr8")}
    assert {image.header.frame_id for image in images} == {"camera_optical_frame"}
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_raw_and_compressed_at_the_videos_own_rate(start, probe, video):
    settings = {"encoding": "mono8", "frame_id": "left", "width": 48, "height": 32}
    node = start("camera", source=video, image_transport="both", **settings)
    raw, _ = probe.listen(Image, f"{node.namespace}/image_raw")
    compressed, _ = probe.listen(CompressedImage, f"{node.namespace}/image_raw/compressed")
    probe.until(lambda: len(raw) > 25 and len(compressed) > 25, "more frames than the video has")
    assert (raw[0].width, raw[0].height, raw[0].encoding, raw[0].step) == (48, 32, "mono8", 48)
    assert raw[0].header.frame_id == compressed[0].header.frame_id == "left"
    assert "jpeg" in compressed[0].format
    jpeg = cv2.imdecode(np.frombuffer(compressed[0].data, np.uint8), cv2.IMREAD_COLOR)
    assert jpeg.shape == (32, 48, 3)
    _, _, values = probe.status(f"{node.status_name}: frames")
    assert float(values["target_rate_hz"]) == 50
    assert int(values["frames_published"]) > 20


@pytest.mark.slow
def test_a_broken_image_of_a_folder_is_named_and_skipped(start, probe, tmp_path):
    for number in (1, 3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8, 3), 10 * number, np.uint8))
    (tmp_path / "2.jpg").write_bytes(b"\xff\xd8 no image")
    images, _ = probe.listen(Image, "/folder/image_raw")
    node = start("camera", namespace="/folder", source=tmp_path, loop=False, wait_for_subscribers=1)
    probe.until(lambda: node.process.poll() is not None, "the camera to end")
    assert node.wait() == 0
    assert len(images) == 2
    assert [image.data[0] for image in images] == [10, 30]
    assert "2.jpg" in node.log


@pytest.mark.parametrize("what", ["missing", "text", "empty folder", "nothing"])
def test_a_source_that_cannot_be_played_is_one_error_and_code_2(start, tmp_path, what):
    source = tmp_path / what
    if what == "text":
        source.write_text("no video")
    elif what == "empty folder":
        source.mkdir()
    node = start("camera", source="''" if what == "nothing" else f"'{source}'")
    assert node.wait() == 2
    assert node.log.count("[ERROR]") == 1
    assert (str(source) if what != "nothing" else "source:=") in node.log
    assert "Traceback" not in node.log
