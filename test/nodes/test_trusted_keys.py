"""A detector that trusts a key runs what the key signed, and nothing else."""

import shutil

import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray

from edge_compress.bundle.checksums import SIGNATURE
from edge_compress.bundle.keys import load_private_key
from edge_compress.bundle.new_key import new_key
from edge_compress.bundle.signing import sign
from edge_compress.nodes.messages import nanoseconds

pytestmark = pytest.mark.slow


class Signer:
    def __init__(self, folder, name):
        self.private = folder / f"{name}.pem"
        self.public, self.id = new_key(self.private, b"")

    def sign(self, bundle):
        sign(bundle, load_private_key(self.private, lambda: b""))
        return bundle


@pytest.fixture
def maker(tmp_path):
    return Signer(tmp_path, "maker")


def refused(start, probe, bundle, keys):
    """Start a node on a bundle that it is to refuse; return what it says on /diagnostics."""
    node = start("detector", bundle=bundle, trusted_keys=keys, diagnostics_period_s=0.1)
    name = f"{node.status_name}: state"
    probe.until(
        lambda: name in probe.statuses and probe.statuses[name].level == b"\x02", "an error"
    )
    message = probe.statuses[name].message
    assert message in node.log
    assert "Traceback" not in node.log
    return message


def test_what_is_not_signed_by_a_trusted_key_is_not_configured(
    start, probe, make_bundle, maker, tmp_path
):
    other = Signer(tmp_path, "other")
    bundle = make_bundle()
    assert "is not signed" in refused(start, probe, bundle, [str(maker.public)])
    other.sign(bundle)
    assert f"signed by {other.id[:16]}" in refused(start, probe, bundle, [str(maker.public)])
    assert "gone.pem: the key cannot be read" in refused(
        start, probe, bundle, [str(other.public), str(tmp_path / "gone.pem")]
    )
    model = bundle / "model.fp32.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    assert "model.fp32.onnx: its sha256" in refused(start, probe, bundle, [str(other.public)])


def test_an_unsigned_bundle_is_not_swapped_in(
    start, probe, make_bundle, make_image, squares, maker
):
    first = maker.sign(make_bundle())
    node = start(
        "detector",
        bundle=first,
        trusted_keys=[str(maker.public)],
        threads=1,
        diagnostics_period_s=0.1,
    )
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/detections")
    images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
    message = make_image(squares())

    def seen():
        since = probe.node.get_clock().now().nanoseconds
        while not results or nanoseconds(results[-1].header.stamp) < since:
            message.header.stamp = probe.node.get_clock().now().to_msg()
            images.publish(message)
            probe.spin(0.1)
        return results[-1].detections[0].results[0].hypothesis.class_id

    def model(test):
        return probe.until_value(f"{node.status_name}: model", test, "the model's status")

    assert seen() == "red"
    assert model(lambda _: True)["bundle_signed_by"] == maker.id

    second = make_bundle("second", labels=("azul", "verde", "rojo"))
    assert probe.set_parameter(node.name, "bundle", str(second)).successful
    model(lambda values: values["bundles_refused"] == "1")
    status = probe.statuses[f"{node.status_name}: model"]
    assert status.level == b"\x01"
    assert "second.bundle: is not signed" in status.message
    assert seen() == "red"

    # The signature of the one that runs makes no difference.
    shutil.copy(first / SIGNATURE, second / SIGNATURE)
    answer = probe.call(Trigger, f"{node.name}/load", Trigger.Request())
    assert not answer.success
    assert "does not belong to this SHA256SUMS" in answer.message
    assert seen() == "red"

    # Nor can whoever may set parameters be trusted for it.
    request = SetParameters.Request(
        parameters=[Parameter("trusted_keys", value=[str(second)]).to_parameter_msg()]
    )
    (result,) = probe.call(SetParameters, f"{node.name}/set_parameters", request).results
    assert not result.successful

    (second / SIGNATURE).unlink()
    maker.sign(second)
    answer = probe.call(Trigger, f"{node.name}/load", Trigger.Request())
    assert answer.success, answer.message
    assert seen() == "rojo"
    assert "Traceback" not in node.log
