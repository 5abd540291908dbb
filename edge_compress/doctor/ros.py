"""How to get at topics where ROS cannot be imported."""

from __future__ import annotations

from edge_compress.doctor.finding import Finding
from edge_compress.doctor.host import Host


def missing(host: Host, why: ImportError, topic: str) -> Finding:
    """Say that topics were not looked at, and how they can be.

    Args:
        host: where a distribution is looked for.
        why: what came of importing it.
        topic: that should have been looked at; empty when none was asked for.
    """
    found = f"topics were not looked at: {why}"
    installed = sorted((host.root / "opt/ros").glob("*/setup.bash"))
    if not installed:
        remedy = 'install ROS 2: docs.ros.org, "Installation"'
    elif host.distribution:
        remedy = (
            f"run it by the Python of {host.distribution}: python3 -m edge_compress.cli.main doctor"
        )
    else:
        name = installed[-1].parent.name
        remedy = f"source /opt/ros/{name}/setup.bash, then run this again"
    return Finding("ROS 2", "ERROR" if topic else "WARN", found, remedy)
