"""A video or a folder as a camera."""

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.bags.read_ahead import ReadAhead
from edge_compress.nodes.camera_source import CameraSource, SourceError


def test_a_video_is_played_once_in_order_and_the_process_ends(start, probe, video):
    images, _ = probe.listen(Image, "/once/image_raw")
    node = start(
        "camera", namespace="/once", source=video, loop=False, wait_for_subscribers=1, rate=20.0
    )
    probe.until_ended(node)
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
    probe.until_ended(node)
    assert node.wait() == 0
    assert len(images) == 2
    assert [image.data[0] for image in images] == [10, 30]
    assert "2.jpg" in node.log


def test_what_is_not_there_or_no_file_is_named_and_skipped(tmp_path):
    (tmp_path / "1.png").symlink_to(tmp_path / "never fetched")
    (tmp_path / "2.png").mkdir()
    cv2.imwrite(str(tmp_path / "3.png"), np.full((8, 8, 3), 30, np.uint8))
    told = []
    source = CameraSource(tmp_path, loop=False, on_skip=told.append)
    told.clear()  # what the check on opening has met
    assert [image[0, 0, 0] for image in source] == [30]
    assert source.skipped == 2
    assert told == [
        f"{tmp_path}/1.png: No such file or directory",
        f"{tmp_path}/2.png: Is a directory",
    ]
    (tmp_path / "3.png").unlink()
    with pytest.raises(SourceError, match="none of its images can be read"):
        CameraSource(tmp_path, loop=True, on_skip=told.append)


def test_images_that_go_while_they_are_played_end_the_camera(tmp_path):
    image = tmp_path / "1.png"
    cv2.imwrite(str(image), np.zeros((8, 8, 3), np.uint8))
    frames = ReadAhead(CameraSource(tmp_path, loop=True, on_skip=lambda _: None))
    image.unlink()
    with pytest.raises(SourceError, match="none of its images can be read"):
        list(frames)


@pytest.mark.slow
def test_a_skipped_image_is_told_with_its_cause_and_then_all_is_well(start, probe, tmp_path):
    for number in range(20):
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "15.png").write_bytes(b"no image")
    settings = {"loop": False, "wait_for_subscribers": 1, "diagnostics_period_s": 0.3}
    node = start("camera", source=tmp_path, **settings)
    probe.listen(Image, f"{node.namespace}/image_raw")
    name = f"{node.status_name}: frames"
    assert probe.until_told(name, "images cannot be read") == b"\x01"
    probe.until_level(name, b"\x00")
    level, message, values = probe.status(name)
    assert (level, values["images_skipped"]) == (b"\x00", "1")
    assert "cannot" not in message


@pytest.mark.slow
def test_frames_that_are_late_are_told_with_their_cause(start, probe, video):
    settings = {"width": 3000, "height": 2000, "image_transport": "compressed", "rate": 1000.0}
    node = start("camera", source=video, diagnostics_period_s=0.3, **settings)
    name = f"{node.status_name}: frames"
    probe.until_level(name, b"\x01")
    assert probe.statuses[name].message == "publishing; frames are not ready in time"


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
