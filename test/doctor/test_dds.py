"""Middlewares and their settings."""

from __future__ import annotations

import pytest

from edge_compress.doctor import middleware

ADVISED = "DEFAULT?sockets_size=4MB"
PROFILE = """<?xml version="1.0"?>
<profiles xmlns="http://www.eprosima.com"><transport_descriptors><transport_descriptor>
<type>SHM</type><segment_size>{size}</segment_size></transport_descriptor></transport_descriptors>
</profiles>"""
CYCLONE = (
    '<CycloneDDS xmlns="https://cdds.io/config"><Domain><Internal>'
    '<SocketReceiveBufferSize min="{least}"/></Internal></Domain></CycloneDDS>'
)


def one(findings, what):
    (finding,) = (finding for finding in findings if finding.what == what)
    return finding


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("", "WARN"),
        (ADVISED, "OK"),
        ("LARGE_DATA", "OK"),
        ("LARGE_DATA?max_msg_size=1MB&sockets_size=1MB", "OK"),
        ("DEFAULT", "WARN"),
        ("DEFAULT?sockets_size=64KB", "WARN"),
        ("SHM?sockets_size=8MB", "OK"),
        ("UDPv4", "WARN"),
        ("NONE", "WARN"),
        ("BIG_DATA", "WARN"),
    ],
)
def test_transports_need_room_for_frames(machine, value, level):
    found = one(middleware.look(machine(FASTDDS_BUILTIN_TRANSPORTS=value)), "Fast DDS transports")
    assert found.level == level
    assert (ADVISED in found.remedy) == (level == "WARN")
    assert not value or value in found.found


def test_humble_is_sent_to_an_xml_profile(machine):
    for value in ("", ADVISED):
        host = machine(FASTDDS_BUILTIN_TRANSPORTS=value, ROS_DISTRO="humble")
        found = one(middleware.look(host), "Fast DDS transports")
        assert found.level == "WARN"
        assert "FASTRTPS_DEFAULT_PROFILES_FILE" in found.remedy
        assert "segment_size" in found.remedy


@pytest.mark.parametrize(("size", "level"), [(8_388_608, "OK"), (65_536, "WARN")])
def test_a_profile_can_give_the_room(machine, tmp_path, size, level):
    file = tmp_path / "profile.xml"
    file.write_text(PROFILE.format(size=size))
    host = machine(FASTRTPS_DEFAULT_PROFILES_FILE=str(file), ROS_DISTRO="humble")
    findings = middleware.look(host)
    assert one(findings, "Fast DDS profiles").level == "OK"
    assert one(findings, "Fast DDS transports").level == level


def test_a_profile_that_is_not_read_is_named(machine, tmp_path):
    broken = tmp_path / "broken.xml"
    broken.write_text("<profiles>")
    for file, why in ((broken, "no XML"), (tmp_path / "gone.xml", "no such file")):
        host = machine(FASTDDS_DEFAULT_PROFILES_FILE=str(file), ROS_DISTRO="kilted")
        found = one(middleware.look(host), "Fast DDS profiles")
        assert found.level == "ERROR"
        assert str(file) in found.found
        assert why in found.found
    host = machine(FASTDDS_DEFAULT_PROFILES_FILE=str(broken), ROS_DISTRO="humble")
    found = one(middleware.look(host), "Fast DDS profiles")
    assert found.level == "WARN"
    assert "set FASTRTPS_DEFAULT_PROFILES_FILE" in found.remedy


def test_a_middleware_that_is_not_installed_is_an_error(machine, tmp_path):
    index = "opt/ros/jazzy/share/ament_index/resource_index/rmw_typesupport"
    files = {f"{index}/rmw_fastrtps_cpp": "", f"{index}/rmw_implementation": ""}
    environ = {"AMENT_PREFIX_PATH": f"{tmp_path}/opt/ros/jazzy", "ROS_DISTRO": "jazzy"}
    host = machine(files, RMW_IMPLEMENTATION="rmw_cyclonedds_cpp", **environ)
    found = one(middleware.look(host), "middleware")
    assert found.level == "ERROR"
    assert "there are rmw_fastrtps_cpp" in found.found
    assert "sudo apt install ros-jazzy-rmw-cyclonedds-cpp" in found.remedy
    host = machine(files, RMW_IMPLEMENTATION="rmw_fastrtps_cpp", **environ)
    assert one(middleware.look(host), "middleware").level == "OK"


@pytest.mark.parametrize(
    ("least", "level"), [("10MB", "ERROR"), ("200kB", "OK"), ("default", "OK")]
)
def test_cyclone_does_not_start_with_a_buffer_that_the_kernel_refuses(
    machine, tmp_path, least, level
):
    cyclone = {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}
    text = CYCLONE.format(least=least)
    file = tmp_path / "cyclone.xml"
    file.write_text(text)
    for uri in (text, f"file://{file}", str(file)):
        found = one(middleware.look(machine(CYCLONEDDS_URI=uri, **cyclone)), "Cyclone DDS settings")
        assert found.level == level
        assert ("net.core.rmem_max=" in found.remedy) == (level == "ERROR")
    tuned = {"proc/sys/net/core/rmem_max": 2147483647}
    found = middleware.look(machine(tuned, CYCLONEDDS_URI=text, **cyclone))
    assert one(found, "Cyclone DDS settings").level == "OK"


def test_a_file_that_cyclone_cannot_open_is_an_error(machine):
    host = machine(RMW_IMPLEMENTATION="rmw_cyclonedds_cpp", CYCLONEDDS_URI="file:///gone.xml")
    found = one(middleware.look(host), "Cyclone DDS settings")
    assert found.level == "ERROR"
    assert "/gone.xml" in found.found
    assert "no such file" in found.found


def test_zenoh_needs_a_router(machine):
    findings = middleware.look(machine(RMW_IMPLEMENTATION="rmw_zenoh_cpp"))
    assert "rmw_zenohd" in one(findings, "Zenoh router").remedy
