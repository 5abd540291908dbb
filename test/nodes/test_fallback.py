"""A provider that fails in flight."""

from pathlib import Path

import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

pytestmark = pytest.mark.slow

FAILING_GPU = Path(__file__).parent / "material" / "failing_gpu.py"


@pytest.mark.parametrize(
    ("fault", "why"),
    [("raise", "fallen off the bus"), ("nan", "NaN or infinite"), ("hang", "no result in 0.5 s")],
)
def test_the_next_provider_takes_over_and_it_is_told(
    start, probe, make_bundle, make_image, squares, fault, why
):
    node = start(
        "detector",
        program=FAILING_GPU,
        env={"FAULT": fault},
        bundle=make_bundle(),
        providers="[cuda, cpu]",
        watchdog_s=0.5,
        threads=1,
        diagnostics_period_s=0.1,
    )
    model = f"{node.status_name}: model"
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/detections")
    images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
    values = probe.until_value(model, lambda _: True, "the model")
    assert (values["provider"], values["provider_switches"]) == ("cuda", "0")
    assert probe.statuses[model].level == b"\x00"
    message = make_image(squares())

    def switched():
        images.publish(message)
        probe.spin(0.05)
        return probe.statuses[model].level == b"\x01"

    probe.until(switched, "the switch")
    _, told, values = probe.status(model)
    assert (values["provider"], values["provider_switches"]) == ("cpu", "1")
    assert why in told
    results.clear()

    def answered():
        images.publish(message)
        probe.spin(0.05)
        return results

    probe.until(answered, "a result of the other provider")
    assert len(results[-1].detections) == 1
    _, _, frames = probe.status(f"{node.status_name}: frames")
    assert frames["dropped_unreadable"] == "0"  # the frame itself was run again
    assert node.log.count("switched to cpu, since cuda:") == 1
    assert node.stop() == 0
    assert "Traceback" not in node.log
