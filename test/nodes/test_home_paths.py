"""Paths as parameters: ~ is a home wherever no shell has seen to it."""

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import rclpy
from rclpy.parameter import Parameter as RosParameter

from edge_compress.nodes.camera_parameters import CAMERA_PARAMETERS
from edge_compress.nodes.compressor_parameters import COMPRESSOR_PARAMETERS
from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
from edge_compress.nodes.evaluator_parameters import EVALUATOR_PARAMETERS
from edge_compress.nodes.parameters import Parameter, Parameters
from edge_compress.nodes.sim_camera_parameters import SIM_CAMERA_PARAMETERS

TABLE = (
    Parameter("bundle", "", "A folder.", when="always", path=True),
    Parameter("trusted_keys", [], "Files.", when="always", path=True),
    Parameter("cameras", [], "No files.", when="always"),
)


@pytest.fixture
def parameters(probe, monkeypatch):
    """Return a function that declares the table on a node with values from a command line."""
    monkeypatch.setenv("HOME", "/home/robot")
    nodes = []

    def parameters(on_change=lambda _: None, **values):
        overrides = [RosParameter(name, value=value) for name, value in values.items()]
        nodes.append(rclpy.create_node("homes", parameter_overrides=overrides))
        return nodes[-1], Parameters(nodes[-1], TABLE, on_change=on_change)

    yield parameters
    for node in nodes:
        node.destroy_node()


def test_a_home_is_put_in_for_what_is_a_path(parameters):
    _, settings = parameters(
        bundle="~/people.bundle", trusted_keys=["~/a.pem", "/etc/~.pem"], cameras=["~/front"]
    )
    assert settings["bundle"] == "/home/robot/people.bundle"
    assert settings["trusted_keys"] == ["/home/robot/a.pem", "/etc/~.pem"]
    assert settings["cameras"] == ["~/front"]
    _, settings = parameters(bundle="~nobody-of-this-name/people.bundle")
    assert settings["bundle"] == "~nobody-of-this-name/people.bundle"  # said when it is opened
    _, settings = parameters()
    assert (settings["bundle"], settings["trusted_keys"]) == ("", [])


def test_and_for_what_is_set_while_the_node_runs(parameters):
    seen = []
    node, settings = parameters(seen.append)
    (result,) = node.set_parameters([RosParameter("bundle", value="~/other.bundle")])
    assert result.successful
    assert seen == [{"bundle": "/home/robot/other.bundle"}]
    assert settings.changed(seen[0])("bundle") == settings["bundle"] == seen[0]["bundle"]


@pytest.mark.parametrize(
    ("table", "paths"),
    [
        (CAMERA_PARAMETERS, {"source"}),
        (SIM_CAMERA_PARAMETERS, {"world"}),
        (COMPRESSOR_PARAMETERS, {"recipe", "output"}),
        (EVALUATOR_PARAMETERS, {"report"}),
        (DETECTOR_PARAMETERS, {"bundle", "trusted_keys", "tensorrt.cache"}),
    ],
)
def test_what_is_a_path(table, paths):
    assert {parameter.name for parameter in table if parameter.path} == paths


def test_a_node_looks_into_the_home_and_says_so(start, tmp_path):
    node = start("camera", source="~/gone.avi", env={"HOME": str(tmp_path)})
    assert node.wait() == 2
    assert f"{tmp_path}/gone.avi: no such file or folder" in node.log
