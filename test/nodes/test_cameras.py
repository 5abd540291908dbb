"""One model, many cameras."""

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray

pytestmark = pytest.mark.slow

CAMERAS = ("front", "left", "right")


@pytest.fixture
def node(start, make_bundle):
    return start(
        "detector",
        bundle=make_bundle(),
        cameras=f"[{', '.join(CAMERAS)}]",
        threads=1,
        diagnostics_period_s=0.1,
    )


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("[front-left, right]", "'front-left' cannot be part of a topic's name"),
        ("[front, front]", "give each camera once"),
    ],
)
def test_names_that_ros_refuses_are_told(start, probe, make_bundle, names, why):
    node = start("detector", bundle=make_bundle(), cameras=names, diagnostics_period_s=0.1)
    state = f"{node.status_name}: state"
    probe.until(lambda: state in probe.statuses and why in probe.statuses[state].message, why)
    assert probe.statuses[state].level == b"\x02"
    assert why in node.log
    assert "Traceback" not in node.log
    result = probe.set_parameter(node.name, "cameras", ["front", "1"])
    assert not result.successful
    assert "'1' cannot be part" in result.reason
    assert probe.set_parameter(node.name, "cameras", ["front", "site/left"]).successful


def test_each_camera_has_topics_and_diagnostics_of_its_own(node, probe, make_image, squares):
    results = {
        name: probe.listen(Detection2DArray, f"{node.namespace}/{name}/detections")[0]
        for name in CAMERAS
    }
    images = {
        name: probe.publisher(Image, f"{node.namespace}/{name}/image_raw", 1) for name in CAMERAS
    }
    colors = dict(zip(CAMERAS, [(255, 0, 0), (0, 255, 0), (0, 0, 255)], strict=True))
    frames = {
        name: make_image(squares(color=colors[name]), frame_id=f"{name}_optical")
        for name in CAMERAS
    }

    def all_answered():
        for name in CAMERAS:
            images[name].publish(frames[name])
        probe.spin(0.1)
        return all(len(results[name]) >= 3 for name in CAMERAS)

    probe.until(all_answered, "results of all cameras")
    for name, seen in zip(CAMERAS, ("blue", "green", "red"), strict=True):
        assert {r.header.frame_id for r in results[name]} == {f"{name}_optical"}
        assert {d.results[0].hypothesis.class_id for r in results[name] for d in r.detections} == {
            seen
        }
        values = probe.until_value(
            f"{node.status_name}: {name}/frames",
            lambda values: int(values["processed"]) >= 3,
            "its frames",
        )
        assert int(values["received"]) >= int(values["processed"])
        probe.until_value(
            f"{node.status_name}: {name}/latency",
            lambda values: "infer_p50_ms" in values,
            "its latency",
        )
    topics = dict(probe.node.get_topic_names_and_types())
    assert f"{node.name}/left/latency_ms" in topics
    assert f"{node.namespace}/detections" not in topics
    assert node.stop() == 0
    assert "Traceback" not in node.log


def test_a_bad_camera_does_not_disturb_the_others(node, probe, make_image, squares):
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/left/detections")
    good = probe.publisher(Image, f"{node.namespace}/left/image_raw", 1)
    bad = probe.publisher(Image, f"{node.namespace}/right/image_raw", 1)
    frame, broken = make_image(squares()), make_image(squares(), encoding="rgb7")

    def told():
        good.publish(frame)
        bad.publish(broken)
        probe.spin(0.1)
        status = probe.statuses.get(f"{node.status_name}: right/frames")
        return len(results) >= 3 and status and "rgb7" in status.message

    probe.until(told, "the bad camera to be named")
    _, _, values = probe.status(f"{node.status_name}: left/frames")
    assert values["dropped_unreadable"] == "0"


def test_the_overlay_of_one_camera_as_jpeg(node, probe, make_image, squares):
    import cv2

    seen, _ = probe.listen(CompressedImage, f"{node.namespace}/left/overlay/compressed", 1)
    images = probe.publisher(Image, f"{node.namespace}/left/image_raw", 1)
    source = squares(scale=5)

    def shown():
        images.publish(make_image(source))
        probe.spin(0.1)
        return seen

    probe.until(shown, "an overlay")
    assert "jpeg" in seen[-1].format
    drawn = cv2.imdecode(np.frombuffer(seen[-1].data, np.uint8), cv2.IMREAD_COLOR)
    assert drawn.shape == source.shape
    _, _, values = probe.status(f"{node.status_name}: front/frames")
    assert values["overlays"] == "0"
