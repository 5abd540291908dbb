"""What Gazebo lacks is told before it starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_compress.cli.main import main
from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.gazebo import BRIDGE, GazeboError, check_gazebo, resource_path
from edge_compress.simulation.textures import inspection_textures

WORLD = Path(__file__).resolve().parents[2] / "worlds" / "inspection.sdf"


@pytest.fixture
def machine(tmp_path):
    """Return a function that makes an environment with a `gz`, and ROS packages."""

    def machine(*packages, gz="exit 0", **more):
        (tmp_path / "bin").mkdir()
        if gz:
            program = tmp_path / "bin" / "gz"
            program.write_text(f"#!/bin/sh\n{gz}\n")
            program.chmod(0o755)
        index = tmp_path / "ros" / "share" / "ament_index" / "resource_index" / "packages"
        index.mkdir(parents=True)
        for package in packages:
            (index / package).touch()
        return {
            "PATH": f"{tmp_path / 'bin'}",
            "AMENT_PREFIX_PATH": f"/nowhere:{tmp_path / 'ros'}",
            **more,
        }

    return machine


def test_nothing_is_said_when_all_is_there(machine):
    check_gazebo(machine(BRIDGE, gz='test "$*" = "sim --versions" && echo 8.9.0'))


@pytest.mark.parametrize(
    ("packages", "gz", "what"),
    [
        ([BRIDGE], "", "no command `gz` on the PATH"),
        ([BRIDGE], "exit 255", "has no command `sim`"),
        (["ros_gz_sim"], "exit 0", "ros_gz_bridge is not in the environment"),
    ],
)
def test_what_is_missing_is_named_and_how_to_install_it(machine, packages, gz, what):
    with pytest.raises(GazeboError, match=what) as raised:
        check_gazebo(machine(*packages, gz=gz))
    message = str(raised.value)
    assert "apt-get install ros-jazzy-ros-gz` (ROS 2 Jazzy, Gazebo Harmonic)" in message
    assert "apt-get install ros-kilted-ros-gz` (ROS 2 Kilted, Gazebo Ionic)" in message
    assert "sim_camera" in message


def test_a_known_distribution_gets_its_own_command_alone(machine):
    with pytest.raises(GazeboError, match="ros-kilted-ros-gz") as raised:
        check_gazebo(machine(gz="", ROS_DISTRO="kilted"))
    assert "jazzy" not in str(raised.value)
    assert "source /opt/ros/kilted/setup.bash" in str(raised.value)


def test_the_photos_come_after_the_users_own_folders():
    root = str(inspection_textures())
    assert resource_path(WORLD, {}) == root
    assert resource_path(WORLD, {"GZ_SIM_RESOURCE_PATH": "/a::/b"}) == f"/a:/b:{root}"


def test_a_world_without_our_photos_does_not_fetch_them(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGE_COMPRESS_CACHE", "/dev/null/nowhere")
    world = tmp_path / "other.sdf"
    world.write_text("<sdf version='1.9'/>")
    assert resource_path(world, {"GZ_SIM_RESOURCE_PATH": "/a"}) == "/a"


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"\xff\xfe\x00sdf", "it is no text")]
)
def test_a_world_that_cannot_be_read_is_told(tmp_path, content, why):
    world = tmp_path / "a world.sdf"
    if content is not None:
        world.write_bytes(content)
    with pytest.raises(WorldError, match=f"a world.sdf: cannot read the world: {why}") as raised:
        resource_path(world, {})
    assert str(WORLD) in str(raised.value)


def test_the_command_prints_the_path_alone(machine, monkeypatch, capsys):
    for name, value in machine(BRIDGE, GZ_SIM_RESOURCE_PATH="/a").items():
        monkeypatch.setenv(name, value)
    assert main(["gazebo", str(WORLD)]) == 0
    assert capsys.readouterr().out == f"/a:{inspection_textures()}"


def test_the_command_names_the_world_first(machine, monkeypatch, capsys):
    monkeypatch.setenv("PATH", machine(gz="")["PATH"] + os.pathsep + "/usr/bin:/bin")
    assert main(["gazebo", "nowhere.sdf"]) == 2
    said = capsys.readouterr()
    assert "nowhere.sdf: cannot read the world" in said.err
    assert said.out == ""
