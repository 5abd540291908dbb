"""A lighter variant under load, and the better one again when it is calm."""

from pathlib import Path

import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from edge_compress.bundle.combine import combine
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import LatencyStats
from edge_compress.inference.device import device_name
from edge_compress.nodes.messages import nanoseconds

pytestmark = pytest.mark.slow

FAILING_GPU = Path(__file__).parent / "material" / "failing_gpu.py"


@pytest.fixture
def ladder(make_bundle, tmp_path):
    """A bundle whose better model is many times slower than its other one, as is known of a GPU."""

    def measured(p50):
        return LatencyStats(
            p50=p50, p90=p50, p99=p50, runs=9, threads=1, provider="cuda", device=device_name()
        )

    big = make_bundle("big", slow=("fp32",), latency=measured(20.0))
    small = make_bundle("small", height=32, width=48, latency=measured(2.0))
    return combine([Bundle.open(big), Bundle.open(small)], tmp_path / "both.bundle")


def test_down_under_load_and_up_again(start, probe, ladder, make_image, squares):
    node = start(
        "detector",
        bundle=ladder,
        threads=1,
        step_down=True,
        step_down_after_s=0.6,
        step_up_after_s=1.0,
        diagnostics_period_s=0.1,
    )
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/detections")
    images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
    message = make_image(squares())

    def publish():
        message.header.stamp = probe.node.get_clock().now().to_msg()
        images.publish(message)

    timer = probe.node.create_timer(0.1, publish)
    model = f"{node.status_name}: model"
    values = probe.until_value(model, lambda v: v["variant_step"] == "0", "the best variant")
    assert (values["variant"], values["input_height_px"]) == ("model.fp32.onnx", "64")

    assert probe.set_parameter(node.name, "deadline_ms", 0.001).successful  # nothing can meet it
    values = probe.until_value(model, lambda v: v["variant_step"] == "1", "a step down")
    assert (values["variant"], values["input_height_px"]) == ("rung1.model.fp32.onnx", "32")
    assert probe.statuses[model].level == b"\x01"
    assert "stepped down" in probe.statuses[model].message
    assert values["bundle_swaps"] == "0"

    assert probe.set_parameter(node.name, "deadline_ms", 0.0).successful
    probe.until_value(model, lambda v: v["variant_step"] == "0", "a step up")
    since = probe.node.get_clock().now().nanoseconds
    probe.until(
        lambda: results and nanoseconds(results[-1].header.stamp) > since, "a result from now on"
    )
    probe.node.destroy_timer(timer)
    assert results[-1].detections[0].bbox.center.position.x == pytest.approx(88, abs=1)
    assert "stepped down under load" in node.log
    assert "stepped up again" in node.log
    assert node.stop() == 0


def test_a_provider_that_has_failed_is_not_stepped_back_to(
    start, probe, ladder, make_image, squares
):
    node = start(
        "detector",
        program=FAILING_GPU,
        env={"FAULT": "raise"},
        bundle=ladder,
        providers="[cuda, cpu]",
        threads=1,
        step_down=True,
        step_down_after_s=0.6,
        diagnostics_period_s=0.1,
    )
    model = f"{node.status_name}: model"
    images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
    message = make_image(squares())
    timer = probe.node.create_timer(0.05, lambda: images.publish(message))
    probe.until_value(model, lambda v: v["provider"] == "cpu", "the other provider")
    assert probe.set_parameter(node.name, "deadline_ms", 0.001).successful  # nothing can meet it
    values = probe.until_value(model, lambda v: v["variant_step"] == "1", "a step down")
    probe.node.destroy_timer(timer)
    assert values["provider"] == "cpu"
    assert "on cpu, since cuda:" in probe.statuses[model].message
    assert "a lighter variant" not in node.log  # refused


def test_it_is_off_by_default_and_needs_somewhere_to_go(start, probe, make_bundle):
    node = start("detector", bundle=make_bundle(), step_down=True, diagnostics_period_s=0.1)
    _, message, values = probe.status(f"{node.status_name}: model")
    assert values["variant_step"] == "0"
    assert "stepped" not in message
