"""What a parameter file says holds, but for arguments that are given."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest.importorskip("launch_xml", reason="needs launch, which comes with a ROS distribution")

from launch.actions import DeclareLaunchArgument
from launch_ros.actions import Node
from launch_xml import Parser

from launch import LaunchContext

LAUNCH = Path(__file__).resolve().parents[2] / "launch"
FILE = """
/**:
  ros__parameters:
    bundle: other.bundle
    image_transport: compressed
    report: flights
"""


@pytest.fixture
def parameters(tmp_path):
    """Return a function that gives the parameters of the node that a launch file starts."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(FILE)

    def parameters(name, **arguments):
        context = LaunchContext()
        context.launch_configurations.update(
            bundle="b.bundle",
            params_file=str(mine),
            evaluator_params_file=str(mine),
            **arguments,
        )
        entity, parser = Parser.load(str(LAUNCH / name))
        told = {}
        for action in parser.parse_description(entity).entities:
            if isinstance(action, DeclareLaunchArgument):
                action.execute(context)
            elif isinstance(action, Node):
                action._perform_substitutions(context)
                for path, _ in action._Node__expanded_parameter_arguments:
                    for node in yaml.safe_load(Path(path).read_text()).values():
                        told |= node["ros__parameters"]
        return told

    return parameters


def test_the_transport_is_that_of_the_file_where_none_is_given(parameters):
    told = parameters("detector.launch.xml")
    assert (told["bundle"], told["image_transport"]) == ("b.bundle", "compressed")
    assert parameters("detector.launch.xml", image_transport="raw")["image_transport"] == "raw"


def test_the_report_is_that_of_the_file_where_none_is_given(parameters):
    assert parameters("scored_detector.launch.xml")["report"] == "flights"
    assert parameters("scored_detector.launch.xml", report="today")["report"] == "today"
