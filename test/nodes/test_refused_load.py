"""What becomes of a load that fails in a way that nobody foresaw."""

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from edge_compress.nodes.hot_swap import HotSwap
from edge_compress.nodes.opening import LoadError


def test_an_error_of_a_driver_is_refused_and_told_like_any_other():
    said = []

    def open_step(step, on_build):
        raise RuntimeError("the driver has gone")

    loaded = SimpleNamespace(
        steps=("big", "small"),
        step=0,
        signers=(),
        open_step=open_step,
        opening=SimpleNamespace(bundle="both.bundle"),
    )
    node = SimpleNamespace(get_logger=lambda: SimpleNamespace(error=said.append))
    serving = SimpleNamespace(detector=SimpleNamespace(switches=0))
    swap = HotSwap(node, serving, loaded)
    load = swap.step_to(1)
    load.done.wait(10)
    with pytest.raises(LoadError, match="RuntimeError: the driver has gone"):
        load.result()
    assert swap.figures.refused == 1
    assert swap.figures.last_refusal == "RuntimeError: the driver has gone"
    assert said == [
        "refused a lighter variant of both.bundle: RuntimeError: the driver has gone; "
        "the one before goes on running"
    ]
    assert swap.loaded is loaded
