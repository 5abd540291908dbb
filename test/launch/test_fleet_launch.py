"""fleet.launch.xml and its Python part: what they start for a list."""

from __future__ import annotations

import json
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "launch" / "fleet.launch.py"
CONFIG = ROOT / "config" / "detector.yaml"

FLEET = """
defaults: {bundle: tiny.bundle, providers: [cpu], parameters: {threads: 1, classes: []}}
robots:
  - {namespace: robot1, image: camera/image_raw}
  - namespace: drone
    processes: per_camera
    cameras: [front, {name: down, parameters: {max_rate: 5}}]
"""


@pytest.fixture
def fleet(tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)
    return path


@pytest.fixture
def launched():
    """Return a function that gives the nodes which a list starts, without starting them."""
    pytest.importorskip("launch_ros", reason="needs launch, which comes with a ROS distribution")
    from launch.actions import OpaqueFunction

    from launch import LaunchContext

    describe = runpy.run_path(str(FILE))["generate_launch_description"]

    def launched(path, robots=""):
        context = LaunchContext()
        settings = {"params_file": str(CONFIG), "respawn": "false", "log_level": "info"}
        context.launch_configurations.update(fleet=str(path), robots=robots, **settings)
        (function,) = (e for e in describe().entities if isinstance(e, OpaqueFunction))
        return dict(given(node, context) for node in function.execute(context))

    def given(node, context):
        node._perform_substitutions(context)
        files = [path for path, is_file in node._Node__expanded_parameter_arguments if is_file]
        assert files[0] == str(CONFIG)
        (named,) = yaml.safe_load(Path(files[1]).read_text()).values()
        remappings = dict(node.expanded_remapping_rules or ())
        return node.expanded_node_namespace, (named["ros__parameters"], remappings)

    return launched


def test_each_robot_and_camera_gets_its_node(launched, fleet):
    own = {"bundle": str(fleet.parent / "tiny.bundle"), "providers": ["cpu"], "threads": 1}
    nodes = launched(fleet)
    assert {name: parameters for name, (parameters, _) in nodes.items()} == {
        "/robot1": own,
        "/drone/front": own,
        "/drone/down": {**own, "max_rate": 5},
    }
    assert nodes["/robot1"][1]["image_raw"] == "camera/image_raw"
    assert nodes["/drone/front"][1] == {}
    assert set(launched(fleet, "drone")) == {"/drone/front", "/drone/down"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("threads: 1", "thread: 1", "has no parameter `thread`; did you mean `threads`?"),
        ("threads: 1", "threads: -1", "`threads` must be from 0 to 256, got -1"),
        ("max_rate: 5", "max_rate: fast", "drone/down/detector: `max_rate` must be a number"),
        ("image: camera", "picture: camera", "`robots[0].picture`: unknown key"),
        ("image:", "params_file: none.yaml, image:", "none.yaml is not there"),
    ],
)
def test_a_wrong_list_is_told_of_in_one_line(launched, fleet, before, after, said):
    fleet.write_text(FLEET.replace(before, after))
    with pytest.raises(RuntimeError) as error:
        launched(fleet)
    assert str(fleet) in str(error.value)
    assert said in str(error.value)


LAUNCH = """
import sys
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch_ros.substitutions import FindPackageShare
from launch import LaunchDescription, LaunchService
file = [FindPackageShare("edge_compress"), "/launch/fleet.launch.xml"]
fleet = {"fleet": sys.argv[1]}.items()
source = AnyLaunchDescriptionSource(file)
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=fleet)])
)
sys.exit(service.run())
"""


@pytest.mark.slow
def test_the_whole_fleet_comes_up_and_ends(fleet, make_bundle, own_domain):
    pytest.importorskip("launch_ros", reason="needs launch, which comes with a ROS distribution")
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix

    try:
        get_package_prefix("edge_compress")
    except PackageNotFoundError:
        pytest.skip("needs edge_compress installed: colcon build, then source install/setup.bash")
    make_bundle()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(fleet)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        nodes = wait_until_active(3)
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert set(nodes) == {"robot1/detector", "drone/front/detector", "drone/down/detector"}, output
    assert output.count("process has finished cleanly") == 3, output


def wait_until_active(count):
    """Return the states of the nodes, as the monitor sees them."""
    monitor = [sys.executable, "-m", "edge_compress.cli.main", "monitor", "--once", "--json"]
    end = time.monotonic() + 60
    while True:
        done = subprocess.run([*monitor, "--seconds", "3"], capture_output=True)
        nodes = json.loads(done.stdout)["nodes"] if done.stdout else []
        active = {node["name"] for node in nodes if node.get("state") == "active"}
        if len(active) == count or time.monotonic() > end:
            return active
