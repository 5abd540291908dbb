"""The detector's states, its start, and what it does when something does not fit."""

import signal

import cv2
import numpy as np
import pytest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification, Detection2DArray

from edge_compress.nodes.messages import byte_array


@pytest.fixture
def change(probe):
    def change(node, transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return probe.call(ChangeState, f"{node.name}/change_state", request).success

    return change


@pytest.fixture
def state(probe):
    def state(node):
        return probe.call(GetState, f"{node.name}/get_state", GetState.Request()).current_state.id

    return state


@pytest.fixture
def feed(probe):
    """Return a function that publishes a message until something comes back."""

    def feed(node, message_type, topic, message, results):
        publisher = probe.publisher(message_type, f"{node.namespace}/{topic}", 1)

        def answered():
            publisher.publish(message)
            probe.spin(0.1)
            return results

        probe.until(answered, "a result")
        probe.node.destroy_publisher(publisher)

    return feed


def test_every_transition(start, probe, change, state, feed, make_bundle, make_image, squares):
    node = start("detector", bundle=make_bundle(), autostart=False, diagnostics_period_s=0.2)
    assert state(node) == State.PRIMARY_STATE_UNCONFIGURED
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/detections")
    images = f"{node.namespace}/image_raw"
    for _ in range(2):  # what cleanup frees can be had again
        assert change(node, Transition.TRANSITION_CONFIGURE)
        assert state(node) == State.PRIMARY_STATE_INACTIVE
        probe.until(lambda: not probe.node.count_subscribers(images), "nobody to take images")
        assert change(node, Transition.TRANSITION_ACTIVATE)
        assert state(node) == State.PRIMARY_STATE_ACTIVE
        feed(node, Image, "image_raw", make_image(squares()), results)
        assert change(node, Transition.TRANSITION_DEACTIVATE)
        probe.spin(0.3)
        results.clear()
        assert change(node, Transition.TRANSITION_ACTIVATE)
        feed(node, Image, "image_raw", make_image(squares()), results)
        assert change(node, Transition.TRANSITION_DEACTIVATE)
        assert change(node, Transition.TRANSITION_CLEANUP)
        assert state(node) == State.PRIMARY_STATE_UNCONFIGURED
        probe.spin(0.3)
        results.clear()
    assert probe.set_parameter(node.name, "threads", 1).successful  # read on the next configure
    assert change(node, Transition.TRANSITION_CONFIGURE)
    assert change(node, Transition.TRANSITION_ACTIVATE)
    assert change(node, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert state(node) == State.PRIMARY_STATE_FINALIZED
    assert node.stop(signal.SIGTERM) == 0
    assert "Traceback" not in node.log


def test_a_bad_bundle_is_said_once_and_the_node_lives_on(start, probe, change, state, make_bundle):
    bundle = make_bundle("damaged")
    model = bundle / "model.fp32.onnx"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    node = start("detector", bundle=bundle, diagnostics_period_s=0.2)
    probe.until_level(f"{node.status_name}: state", b"\x02")
    level, message, values = probe.status(f"{node.status_name}: state")
    assert (level, values["state"]) == (b"\x02", "unconfigured")
    assert "model.fp32.onnx" in message
    assert node.log.count("[ERROR]") == 1
    assert state(node) == State.PRIMARY_STATE_UNCONFIGURED
    model.write_bytes(whole)
    assert change(node, Transition.TRANSITION_CONFIGURE)
    probe.until_level(f"{node.status_name}: state", b"\x00")
    assert node.stop() == 0


def test_no_bundle_is_said(start, probe):
    node = start("detector", diagnostics_period_s=0.2)
    name = f"{node.status_name}: state"
    probe.until(
        lambda: name in probe.statuses and probe.statuses[name].level == b"\x02", "an error"
    )
    assert "bundle:=" in probe.statuses[name].message


def test_a_bad_value_at_the_start_is_one_line_and_code_2(start):
    node = start("detector", confidence_threshold=1.5)
    assert node.wait() == 2
    assert node.log.count("\n") == 1
    assert "confidence_threshold" in node.log


def test_a_parameter_that_is_misspelt_is_told_with_the_right_name(start, probe):
    node = start("detector", confidence_treshold=0.4, use_sim_time=False, of_another_node=1)
    probe.until(lambda: f"{node.status_name}: state" in probe.statuses, "the first report")
    probe.until(lambda: "confidence_treshold" in node.log, "the warning")
    assert "`confidence_treshold`, it is passed over; did you mean `confidence_threshold`" in (
        node.log
    )
    assert node.log.count("did you mean") == 1


def test_compressed_images_and_broken_ones(start, probe, make_bundle, squares, feed):
    node = start(
        "detector", bundle=make_bundle(), image_transport="compressed", diagnostics_period_s=0.2
    )
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/detections")
    jpeg = cv2.imencode(".jpg", squares(scale=4), [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
    header = Header(frame_id="jpeg")
    broken = CompressedImage(header=header, format="jpeg", data=byte_array(jpeg[: len(jpeg) // 2]))
    told = []

    def bad():
        status = probe.statuses.get(f"{node.status_name}: frames")
        told[:] = [v.value for v in status.values if v.key == "last_error"] if status else []
        return told

    topic = f"{node.namespace}/image_raw/compressed"
    publisher = probe.publisher(CompressedImage, topic, 1)
    probe.until(lambda: publisher.publish(broken) or probe.spin(0.1) or bad(), "the broken one")
    assert "cut short" in told[0]
    whole = CompressedImage(header=header, format="jpeg", data=byte_array(jpeg))
    feed(node, CompressedImage, "image_raw/compressed", whole, results)
    (found,) = results[0].detections
    assert results[0].header.frame_id == "jpeg"
    assert found.bbox.center.position.x == pytest.approx(176, abs=1)


def test_a_classifier_publishes_classifications(start, probe, make_bundle, make_image, feed):
    node = start("detector", bundle=make_bundle(task="classification"))
    results, _ = probe.listen(Classification, f"{node.namespace}/classification")
    green = np.zeros((64, 96, 3), np.uint8)
    green[:] = (0, 255, 0)
    feed(node, Image, "image_raw", make_image(green, frame_id="meadow"), results)
    assert results[0].header.frame_id == "meadow"
    assert results[0].results[0].class_id == "green"
    assert results[0].results[0].score > 0.9


def test_a_publisher_whose_qos_does_not_match_is_named_with_the_remedy(start, probe, make_bundle):
    settings = {"stale_s": 0.0, "diagnostics_period_s": 0.2}  # staleness would hide the rest
    node = start("detector", bundle=make_bundle(), input_qos="reliable", **settings)
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = probe.node.create_publisher(Image, f"{node.namespace}/image_raw", best_effort)
    name = f"{node.status_name}: frames"
    probe.until(
        lambda: name in probe.statuses and probe.statuses[name].level == b"\x02", "an error"
    )
    message = probe.statuses[name].message
    assert "offers RELIABILITY BEST_EFFORT but this node asks RELIABLE" in message
    assert "input_qos:=sensor_data" in message
    assert message in node.log
    probe.node.destroy_publisher(publisher)
    probe.until_level(name, b"\x01")  # nobody publishes any more: that is all


def test_nobody_publishing_is_said(start, probe, make_bundle):
    node = start("detector", bundle=make_bundle(), stale_s=0.0, diagnostics_period_s=0.2)
    level, message, _ = probe.status(f"{node.status_name}: frames")
    assert level == b"\x01"
    assert f"{node.namespace}/image_raw" in message
    probe.until(lambda: "runs on cpu" in node.log, "the start")


@pytest.mark.slow
def test_sim_time_that_jumps_back_forgets_the_old_latencies(
    start, probe, make_bundle, make_image, squares
):
    from builtin_interfaces.msg import Time
    from rosgraph_msgs.msg import Clock

    node = start(
        "detector",
        bundle=make_bundle(),
        use_sim_time=True,
        window_s=600.0,
        diagnostics_period_s=0.2,
    )
    name = f"{node.status_name}: latency"
    clock = probe.node.create_publisher(Clock, "/clock", 10)
    images = probe.node.create_publisher(Image, f"{node.namespace}/image_raw", 1)

    def run(now_s, stamp_s, test, why):
        def reached():
            clock.publish(Clock(clock=Time(sec=now_s)))
            image = make_image(squares(), sec=int(stamp_s))
            image.header.stamp.nanosec = round(stamp_s % 1 * 1e9)
            images.publish(image)
            probe.spin(0.1)
            status = probe.statuses.get(name)
            values = {v.key: float(v.value) for v in status.values} if status else {}
            return "age_p50_ms" in values and test(values)

        probe.until(reached, why)

    run(500, 100, lambda values: values["age_p99_ms"] == 400_000, "ages by the simulation's clock")
    run(100, 99, lambda values: values["age_p99_ms"] == 1000, "the old ages to be forgotten")
    run(50, 50.5, lambda values: values["age_p99_ms"] == 0, "a frame that overtook the clock")
    run(20, 25, lambda values: values["age_p99_ms"] == -5000, "stamps of another clock to be seen")
    probe.node.destroy_publisher(clock)  # other tests' nodes must not take this for a simulation


def test_loss_in_transport_is_counted_and_the_remedy_said(start, probe, make_bundle, tmp_path):
    large = tmp_path / "large"
    large.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    cv2.imwrite(str(large / "0.bmp"), noise)
    detector = start(
        "detector", bundle=make_bundle(), transports="DEFAULT", diagnostics_period_s=0.2
    )
    start("camera", namespace=detector.namespace, transports="DEFAULT", source=large, rate=15.0)
    name = f"{detector.status_name}: frames"
    values = probe.until_value(
        name, lambda values: int(values["dropped_transport"]) > 3, f"losses\n{detector.log}"
    )
    assert int(values["processed"]) <= int(values["received"])
    assert "FASTDDS_BUILTIN_TRANSPORTS" in detector.log
    assert "lost in transport" in probe.statuses[name].message
