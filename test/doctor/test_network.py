"""Domains, discovery, and what the kernel holds."""

from __future__ import annotations

import pytest

from edge_compress.doctor import discovery, kernel


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("", "OK"),
        ("0", "OK"),
        ("101", "OK"),
        ("102", "WARN"),
        ("215", "OK"),
        ("233", "ERROR"),
        ("-1", "ERROR"),
        ("robot", "ERROR"),
    ],
)
def test_a_domain_is_a_number_that_leaves_other_ports_alone(machine, levels, value, level):
    assert levels(discovery.look(machine(ROS_DOMAIN_ID=value)))["ROS_DOMAIN_ID"] == level


@pytest.mark.parametrize(
    ("environ", "level", "said"),
    [
        ({"ROS_LOCALHOST_ONLY": "1"}, "WARN", "ROS_LOCALHOST_ONLY"),
        ({"ROS_LOCALHOST_ONLY": "1", "ROS_DISTRO": "jazzy"}, "WARN", "deprecated"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, "OK", "this machine"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}, "WARN", "nobody"),
        (
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF", "ROS_STATIC_PEERS": "10.0.0.2"},
            "WARN",
            "nobody is found",
        ),
        (
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_STATIC_PEERS": "10.0.0.2"},
            "OK",
            "this machine and 10.0.0.2",
        ),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "NEAR"}, "WARN", "NEAR"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "ROS_DISTRO": "humble"}, "WARN", "Humble"),
        ({"ROS_DISCOVERY_SERVER": "10.0.0.1:11811"}, "OK", "10.0.0.1:11811"),
        (
            {
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
                "FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA",
            },
            "ERROR",
            "no images",
        ),
        (
            {
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
                "FASTDDS_BUILTIN_TRANSPORTS": "DEFAULT?sockets_size=4MB",
            },
            "WARN",
            "has no effect",
        ),
    ],
)
def test_who_is_searched_for_is_said(machine, environ, level, said):
    found = [f for f in discovery.look(machine(**environ)) if f.what == "discovery"]
    assert found[-1].level == level
    assert said in found[-1].found
    assert found[-1].remedy


def test_nothing_is_said_of_discovery_that_is_as_it_comes(machine, levels):
    assert "discovery" not in levels(discovery.look(machine(ROS_LOCALHOST_ONLY="0")))


def test_other_machines_need_a_network_with_multicast(machine, levels):
    assert levels(discovery.look(machine()))["network interfaces"] == "OK"
    for flags in ("0x1002", "0x3"):  # down; up without multicast
        down = machine({"sys/class/net/eth0/flags": flags})
        assert levels(discovery.look(down))["network interfaces"] == "WARN"


def test_ubuntus_receive_buffer_is_small_and_the_remedy_is_named(machine, levels):
    small, fragments = kernel.look(machine())
    assert (small.level, fragments.level) == ("WARN", "OK")
    assert "208 KiB" in small.found
    assert "sudo sysctl -w net.core.rmem_max=" in small.remedy
    assert "ipfrag_time=3" in fragments.remedy
    tuned = machine(
        {
            "proc/sys/net/core/rmem_max": 2147483647,
            "proc/sys/net/ipv4/ipfrag_high_thresh": 134217728,
            "proc/sys/net/ipv4/ipfrag_time": 3,
        }
    )
    assert {(finding.level, finding.remedy) for finding in kernel.look(tuned)} == {("OK", "")}


def test_a_small_fragment_buffer_is_a_warning(machine):
    _, fragments = kernel.look(machine({"proc/sys/net/ipv4/ipfrag_high_thresh": 262144}))
    assert fragments.level == "WARN"


def test_a_container_that_hides_the_buffer_is_sent_to_its_host(machine, tmp_path):
    host = machine()
    (tmp_path / "proc/sys/net/core/rmem_max").unlink()
    receive, _ = kernel.look(host)
    assert receive.level == "OK"
    assert "host" in receive.remedy


def test_losses_are_those_between_two_readings(machine):
    before = kernel.udp_counters(machine())
    assert (before.packets, before.frames) == (40, 7)
    assert [f.level for f in kernel.look_at_losses(before, before)] == ["OK"]
    after = kernel.udp_counters(
        machine({"proc/net/snmp": "Ip: A ReasmFails\nIp: 1 9\nUdp: RcvbufErrors\nUdp: 52"})
    )
    (found,) = kernel.look_at_losses(before, after)
    assert found.level == "WARN"
    assert "12 packets" in found.found
    assert "2 messages" in found.found
    assert found.remedy


def test_no_counters_are_no_finding(machine):
    assert kernel.udp_counters(machine({"proc/net/snmp": ""})) is None
    assert kernel.look_at_losses(None, None) == []
