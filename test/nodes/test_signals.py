"""Every node ends cleanly, however it is told to."""

import signal
import time

import pytest


@pytest.fixture(params=["detector", "camera"])
def node(request, start, probe, make_bundle, video):
    if request.param == "detector":
        node = start("detector", bundle=make_bundle())
        probe.until(lambda: "runs on cpu" in node.log, "the detector")
    else:
        node = start("camera", source=video, loop=True)
        probe.until(lambda: "frames per second" in node.log, "the camera")
    return node


def test_sigterm(node):
    assert node.stop(signal.SIGTERM) == 0
    assert "Traceback" not in node.log


def test_one_sigint_after_the_other(node):
    while node.process.poll() is None:
        node.process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    assert node.wait() == 0
    assert "Traceback" not in node.log
    assert "Exception" not in node.log
