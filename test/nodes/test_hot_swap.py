"""Another bundle in the place of the running one, while frames flow."""

from pathlib import Path

import pytest
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray, LabelInfo

pytestmark = pytest.mark.slow

SLOW_LOAD = Path(__file__).parent / "material" / "slow_load.py"
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Flow:
    """A detector on a camera that never stops."""

    def __init__(self, probe, node, message):
        self.probe = probe
        self.node = node
        self.labels, self._info = probe.listen(LabelInfo, f"{node.namespace}/label_info", LATCHED)
        self._results, self._subscription = probe.listen(
            Detection2DArray, f"{node.namespace}/detections"
        )
        self._images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
        self._message = message
        self._timer = probe.node.create_timer(0.05, self._publish)

    def _publish(self):
        self._message.header.stamp = self.probe.node.get_clock().now().to_msg()
        self._images.publish(self._message)

    def next(self):
        """Return the name of what the next frame shows."""
        self._results.clear()
        self.probe.until(lambda: self._results, "a result")
        return self._results[-1].detections[0].results[0].hypothesis.class_id

    def until(self, name):
        """Wait until frames show something of a name."""
        self.probe.until(lambda: self.next() == name, f"a {name}")

    def model(self, test=lambda _: True):
        """Return the values of the model's status that pass a test, and its level."""
        name = f"{self.node.status_name}: model"
        values = self.probe.until_value(name, test, "the model's status")
        return values, self.probe.statuses[name]

    def set(self, bundle):
        return self.probe.set_parameter(self.node.name, "bundle", str(bundle))

    def load(self):
        return self.probe.call(Trigger, f"{self.node.name}/load", Trigger.Request())

    def stop(self):
        self.probe.node.destroy_timer(self._timer)


@pytest.fixture
def flow(start, probe, make_bundle, make_image, squares):
    node = start("detector", bundle=make_bundle(), threads=1, diagnostics_period_s=0.1)
    flow = Flow(probe, node, make_image(squares()))
    yield flow
    flow.stop()


def damaged(bundle):
    model = bundle / "model.fp32.onnx"
    model.write_bytes(model.read_bytes()[:-7] + b"damaged")
    return bundle


def test_a_bundle_that_is_set_takes_over_with_its_labels(flow, make_bundle):
    assert flow.next() == "red"
    other = make_bundle("other", labels=("azul", "verde", "rojo"))
    assert flow.set(other).successful
    flow.until("rojo")
    flow.probe.until(
        lambda: [c.class_name for c in flow.labels[-1].class_map] == ["azul", "verde", "rojo"],
        "the new labels",
    )
    values, _ = flow.model(lambda values: values["bundle"] == str(other))
    assert (values["bundle_swaps"], values["bundles_refused"]) == ("1", "0")
    assert "Traceback" not in flow.node.log
    assert f"swapped: model.fp32.onnx of {other} runs on cpu" in flow.node.log


def test_what_is_refused_leaves_the_old_one_running(flow, make_bundle):
    assert flow.next() == "red"
    bad = damaged(make_bundle("bad", labels=("azul", "verde", "rojo")))
    assert flow.set(bad).successful  # it is opened in the background
    values, status = flow.model(lambda values: values["bundles_refused"] == "1")
    assert "sha256" in status.message
    assert status.level == b"\x01"
    assert not values["bundle"].endswith("bad.bundle")
    assert flow.next() == "red"

    answer = flow.load()  # the parameter still names it
    assert not answer.success
    assert "sha256" in answer.message

    result = flow.set(bad.parent / "nowhere.bundle")
    assert not result.successful
    assert "no such folder" in result.reason
    flow.model(lambda values: values["bundles_refused"] == "3")

    make_bundle("bad", labels=("azul", "verde", "rojo"))  # mended: now it is taken
    answer = flow.load()
    assert answer.success, answer.message
    assert answer.message == f"model.fp32.onnx of {bad} runs on cpu"
    flow.until("rojo")
    assert "refused" not in flow.model(lambda values: values["bundle_swaps"] == "1")[1].message


def test_another_kind_of_results_is_refused(flow, make_bundle):
    assert flow.set(make_bundle("classes", task="classification")).successful
    _, status = flow.model(lambda values: values["bundles_refused"] == "1")
    assert "clean up the node" in status.message
    assert flow.next() == "red"


def test_no_frame_is_lost_for_a_swap(flow, make_bundle):
    others = [make_bundle(name, labels=("b", "g", name)) for name in ("one", "two")]
    for number in range(4):
        other = others[number % 2]
        answer = None
        while answer is None or "still opening" in answer.reason:
            answer = flow.set(other)
        assert answer.successful
        flow.until(other.stem)
    flow.stop()
    values = flow.probe.until_value(
        f"{flow.node.status_name}: frames",
        lambda values: int(values["received"]) == accounted(values),
        "every frame to be accounted for",
    )
    assert values["dropped_unreadable"] == "0"
    assert flow.node.stop() == 0
    assert "Traceback" not in flow.node.log


def accounted(values):
    causes = ("dropped_unreadable", "dropped_deadline", "dropped_rate_limit")
    # What was overwritten may have been so before it was received.
    least = int(values["processed"]) + sum(int(values[cause]) for cause in causes)
    return min(int(values["received"]), least + int(values["dropped_overwritten"]))


def test_the_node_tells_of_a_load_while_it_waits_for_it(start, probe, make_bundle, tmp_path):
    go_on = tmp_path / "go on"
    settings = {"env": {"GO_ON": str(go_on)}, "diagnostics_period_s": 0.1}
    node = start("detector", program=SLOW_LOAD, bundle=make_bundle(), **settings)
    model = f"{node.status_name}: model"
    probe.until_value(model, lambda _: True, "the model")
    client = probe.client(Trigger, f"{node.name}/load")
    answer = client.call_async(Trigger.Request())
    probe.until(lambda: "opening" in probe.statuses[model].message, "a report of the load")
    assert not answer.done()
    second = client.call_async(Trigger.Request())
    probe.until(second.done, "the second answer")
    assert "still opening" in second.result().message
    go_on.touch()
    probe.until(answer.done, "the answer")
    assert answer.result().success, answer.result().message


def test_of_what_is_set_together_all_is_done_or_nothing(flow, probe):
    assert flow.next() == "red"
    changes = {"confidence_threshold": 0.6, "bundle": "/nowhere.bundle"}
    parameters = [Parameter(name, value=value) for name, value in changes.items()]
    request = SetParametersAtomically.Request(
        parameters=[parameter.to_parameter_msg() for parameter in parameters]
    )
    name = f"{flow.node.name}/set_parameters_atomically"
    result = probe.call(SetParametersAtomically, name, request).result
    assert not result.successful
    assert "no such folder" in result.reason
    values, _ = flow.model(lambda values: values["bundles_refused"] == "1")
    assert float(values["confidence_threshold"]) == pytest.approx(0.3)


def test_load_without_anything_configured_says_so(start, probe):
    node = start("detector", autostart=False)
    answer = probe.call(Trigger, f"{node.name}/load", Trigger.Request())
    assert not answer.success
    assert "not configured" in answer.message
