"""cameras.launch.py: what it starts, and for which cameras."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest
import yaml

from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "launch" / "cameras.launch.py"
CONFIG = ROOT / "config" / "detector.yaml"


def calls(name):
    """Return the calls of a function in the file, read without launch."""
    tree = ast.parse(FILE.read_text())
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in named if isinstance(call.func, ast.Name) and call.func.id == name]


def test_every_argument_is_declared_described_and_used():
    declared = {call.args[0].value for call in calls("DeclareLaunchArgument")}
    used = {
        call.args[0].value
        for call in calls("LaunchConfiguration")
        if isinstance(call.args[0], ast.Constant)
    }
    assert used <= declared
    # Used by a name in a variable, or in edge_compress.nodes.launching.
    by_others = {"params_file", "respawn", "log_level"}
    assert declared - used <= {"bundle", "image_transport"} | by_others
    for call in calls("DeclareLaunchArgument"):
        assert "description" in {keyword.arg for keyword in call.keywords}


def test_the_detector_declares_what_is_set():
    assert {"bundle", "cameras", "image_transport"} <= {p.name for p in DETECTOR_PARAMETERS}


@pytest.fixture
def launched():
    """Return a function that gives the nodes which some arguments start, without starting them."""
    pytest.importorskip("launch_ros", reason="needs launch, which comes with a ROS distribution")
    from launch.actions import DeclareLaunchArgument, OpaqueFunction

    from launch import LaunchContext

    describe = runpy.run_path(str(FILE))["generate_launch_description"]

    def launched(**arguments):
        context = LaunchContext()
        context.launch_configurations.update(params_file=str(CONFIG), **arguments)
        nodes = []
        for entity in describe().entities:
            if isinstance(entity, DeclareLaunchArgument) and entity.name == "params_file":
                continue  # its default needs the installed package
            result = entity.execute(context)
            if isinstance(entity, OpaqueFunction):
                nodes += result
        return dict(given(node, context) for node in nodes)

    def given(node, context):
        node._perform_substitutions(context)
        files = [path for path, is_file in node._Node__expanded_parameter_arguments if is_file]
        assert files[0] == str(CONFIG)
        (named,) = yaml.safe_load(Path(files[1]).read_text()).values()
        return node.expanded_node_namespace, named["ros__parameters"]

    return launched


def test_one_process_gets_the_names_of_all_cameras(launched):
    assert launched(bundle="b.bundle", cameras="front, left", namespace="robot1") == {
        "/robot1": {"bundle": "b.bundle", "cameras": ["front", "left"]}
    }


def test_a_process_for_each_camera_is_in_its_namespace(launched):
    own = {"bundle": "b.bundle", "image_transport": "compressed"}
    arguments = {**own, "cameras": "front,left", "processes": "per_camera"}
    assert launched(**arguments) == {"/front": own, "/left": own}
    assert launched(**arguments, namespace="robot1") == {"/robot1/front": own, "/robot1/left": own}


@pytest.mark.parametrize("cameras", ["", " , ", "front,front"])
def test_no_camera_and_one_camera_twice_are_refused(launched, cameras):
    with pytest.raises(RuntimeError, match="namespace once"):
        launched(bundle="b.bundle", cameras=cameras)
