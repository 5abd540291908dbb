"""Quality of service of the topics, and what to do when it does not match."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
    qos_policy_name_from_kind,
)

# REP-2003: a source of sensor data offers reliable, which serves best-effort subscribers as well.
RESULTS = QoSProfile(depth=10)
IMAGES = QoSProfile(depth=1)
# A queue of one would make reliable mean little: a frame that has to be sent again is gone by then.
CAMERA = QoSProfile(depth=10)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

# For FASTDDS_BUILTIN_TRANSPORTS: by itself Fast DDS makes room for half a megabyte in shared
# memory, less than one frame of 640 x 480.
TRANSPORTS = "DEFAULT?sockets_size=4MB"
TRANSPORT_REMEDY = (
    f"set FASTDDS_BUILTIN_TRANSPORTS='{TRANSPORTS}' in the environment of the camera; "
    "over a weak network, LARGE_DATA on both sides"
)


def input_profile(name: str) -> QoSProfile:
    """Return the profile for an `input_qos`: only the newest frame is ever of use."""
    reliability = (
        ReliabilityPolicy.RELIABLE if name == "reliable" else ReliabilityPolicy.BEST_EFFORT
    )
    return QoSProfile(depth=1, reliability=reliability)


def mismatch(node: Node, topic: str, asked: QoSProfile, policy_kind: Any) -> str:
    """Say which publisher does not match, in what, and what to set."""
    kind = QoSPolicyKind(int(policy_kind))
    policy = qos_policy_name_from_kind(kind)
    offers = sorted(
        {
            _policy(info.qos_profile, policy)
            for info in node.get_publishers_info_by_topic(node.resolve_topic_name(topic))
        }
        - {_policy(asked, policy)}
    )
    remedy = (
        "set input_qos:=sensor_data"
        if policy == "RELIABILITY"
        else f"make the publisher offer {policy} {_policy(asked, policy)}"
    )
    return (
        f"a publisher of {node.resolve_topic_name(topic)} offers {policy} "
        f"{' or '.join(offers) or 'other'} but this node asks {_policy(asked, policy)}, so none of "
        f"its frames arrives: {remedy}"
    )


def all_match(node: Node, topic: str, asked: QoSProfile) -> bool:
    """Whether every publisher of a topic, by its full name, offers what is asked for."""
    return all(
        qos_check_compatible(info.qos_profile, asked)[0] != QoSCompatibility.ERROR
        for info in node.get_publishers_info_by_topic(topic)
    )


def _policy(profile: QoSProfile, policy: str) -> str:
    value = getattr(profile, policy.lower(), "")
    return str(getattr(value, "name", value))
