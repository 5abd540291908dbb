"""A fleet's list: what it stands for, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_compress.operators.fleet_nodes import detector_nodes
from edge_compress.operators.fleet_reading import FleetFileError, read_fleet

CONFIG = Path(__file__).resolve().parents[2] / "config" / "fleet.yaml"

FLEET = """
defaults:
  bundle: models/people.bundle
  providers: [cpu]
  parameters: {max_rate: 15.0, threads: 1}
robots:
  - namespace: /robot1
    image: camera/image_raw
    params_file: robot1.yaml
  - namespace: site/robot2
    name: eyes
    bundle: /opt/other.bundle
    parameters: {max_rate: 5.0}
    cameras: [front, {name: left, image: /left/image}]
  - namespace: drone
    processes: per_camera
    image_transport: compressed
    cameras:
      - {name: front, image: gimbal/image}
      - {name: down, bundle: ~/pads.bundle, parameters: {threads: 2}}
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "fleet.yaml"
        path.write_text(text)
        return path

    return write


def nodes(path, robots=()):
    found = detector_nodes(read_fleet(path), path, robots)
    return {f"{node.namespace}/{node.name}": node for node in found}


def test_one_camera_has_its_topics_in_the_robots_namespace(write, tmp_path):
    node = nodes(write(FLEET))["robot1/detector"]
    assert node.parameters == {
        "bundle": str(tmp_path / "models/people.bundle"),
        "providers": ["cpu"],
        "max_rate": 15.0,
        "threads": 1,
    }
    assert node.remappings == [
        ("image_raw", "camera/image_raw"),
        ("image_raw/compressed", "camera/image_raw/compressed"),
    ]
    assert node.params_file == tmp_path / "robot1.yaml"


def test_cameras_of_one_process_share_a_node(write):
    node = nodes(write(FLEET))["site/robot2/eyes"]
    assert node.parameters == {
        "bundle": "/opt/other.bundle",
        "providers": ["cpu"],
        "max_rate": 5.0,
        "threads": 1,
        "cameras": ["front", "left"],
    }
    assert node.remappings == [
        ("left/image_raw", "/left/image"),
        ("left/image_raw/compressed", "/left/image/compressed"),
    ]


def test_processes_for_each_camera_are_nodes_in_its_namespace(write):
    found = nodes(write(FLEET))
    front, down = found["drone/front/detector"], found["drone/down/detector"]
    # Relative to the robot, though the node is one deeper.
    assert ("image_raw", "/drone/gimbal/image") in front.remappings
    assert down.remappings == []
    assert front.parameters["image_transport"] == down.parameters["image_transport"] == "compressed"
    assert (front.parameters["threads"], down.parameters["threads"]) == (1, 2)
    assert down.parameters["max_rate"] == 15.0
    assert down.parameters["bundle"] == str(Path.home() / "pads.bundle")


def test_a_robot_starts_only_its_own(write):
    path = write(FLEET)
    assert set(nodes(path)) > set(nodes(path, ["drone"]))
    assert set(nodes(path, ["/drone", "robot1"])) == {
        "drone/front/detector",
        "drone/down/detector",
        "robot1/detector",
    }
    with pytest.raises(FleetFileError, match="no namespace robot9; it has robot1, site/robot2, dr"):
        nodes(path, ["robot9"])


def test_the_list_that_comes_along_is_right():
    assert set(nodes(CONFIG)) == {
        "robot1/detector",
        "robot2/detector",
        "drone/front/detector",
        "drone/down/detector",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have the key `robots`"),
        ("[1, 2]", "must have the key `robots`"),
        ("robots: [", "not valid YAML"),
        ("robots: []", "`robots`: List should have at least 1 item"),
        ("robot: []", "`robot`: unknown key; did you mean `robots`?"),
        ("defaults: {bundle: b}", "`robots`: this key is needed"),
        ("robots: [{bundle: b}]", "`robots[0].namespace`: this key is needed"),
        ("robots: [{namespace: r, bundel: b}]", "`robots[0].bundel`: unknown key; did you mean"),
        ("robots: [{namespace: 1r, bundle: b}]", "`robots[0].namespace`: ROS names have letters"),
        ("robots: [{namespace: 7, bundle: b}]", "`robots[0].namespace`: Input should be a valid"),
        ("robots: [{namespace: r}]", "robot r has no `bundle`"),
        (
            "robots: [{namespace: r, bundle: b, image_transport: jpeg}]",
            "`robots[0].image_transport`: Input should be 'raw' or 'compressed', got 'jpeg'",
        ),
        (
            "robots: [{namespace: r, bundle: b, providers: [gpu]}]",
            "`robots[0].providers[0]`: Input should be 'tensorrt', 'cuda' or 'cpu', got 'gpu'",
        ),
        (
            "robots: [{namespace: r, bundle: b, parameters: {roi: {x: 1}}}]",
            "`robots[0].parameters.roi`: must be a value or a list of values of one kind",
        ),
        (
            "robots: [{namespace: r, bundle: b, parameters: {roi: }}]",
            "`robots[0].parameters.roi`: must be a value",
        ),
        ("robots: [{namespace: r, bundle: b, cameras: [a, a]}]", "`robots[0]`: two cameras are c"),
        ("robots: [{namespace: r, bundle: b, cameras: []}]", "`robots[0].cameras`: List should"),
        (
            "robots: [{namespace: r, bundle: b, image: i, cameras: [a]}]",
            "`robots[0]`: `image` is for a robot without `cameras`",
        ),
        (
            "robots: [{namespace: r, bundle: b, cameras: [{name: a, parameters: {threads: 1}}]}]",
            "`robots[0]`: camera a has `parameters` of its own, but shares one node",
        ),
        (
            "robots: [{namespace: r, bundle: b}, {namespace: /r, bundle: b}]",
            "two robots have the namespace r",
        ),
        (
            "robots: [{namespace: r, processes: per_camera, cameras: [{name: a, bundle: b}, c]}]",
            "camera c of robot r has no `bundle`",
        ),
    ],
)
def test_one_message_names_file_and_key(write, text, said):
    path = write(text)
    with pytest.raises(FleetFileError) as error:
        nodes(path)
    assert str(error.value).startswith(f"{path}: ")
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_list_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FleetFileError, match="no such file; give fleet:="):
        read_fleet(tmp_path / "none.yaml")
    with pytest.raises(FleetFileError, match="cannot be read"):
        read_fleet(tmp_path)
