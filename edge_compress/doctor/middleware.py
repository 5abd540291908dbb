"""Which middleware the nodes speak by, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from edge_compress.doctor import cyclone_dds, fast_dds
from edge_compress.doctor.finding import Finding
from edge_compress.doctor.host import Host

# Where packages register a middleware: ament's resource index.
_INDEX = "share/ament_index/resource_index/rmw_typesupport"


def look(host: Host) -> list[Finding]:
    """Look at the middleware that is asked for, and at its own settings."""
    findings = [_which(host)]
    if host.rmw.startswith("rmw_fastrtps"):
        findings += fast_dds.look(host)
    elif host.rmw == "rmw_cyclonedds_cpp":
        findings += cyclone_dds.look(host)
    elif host.rmw == "rmw_zenoh_cpp":
        findings.append(
            Finding(
                "Zenoh router",
                "OK",
                "nodes find each other only while a router runs",
                "ros2 run rmw_zenoh_cpp rmw_zenohd, once on each machine",
            )
        )
    return findings


def _which(host: Host) -> Finding:
    asked = host.environ.get("RMW_IMPLEMENTATION", "")
    installed = _installed(host)
    if installed and host.rmw not in installed:
        package = f"ros-{host.distribution or 'DISTRO'}-{host.rmw.replace('_', '-')}"
        return Finding(
            "middleware",
            "ERROR",
            f"{host.rmw} is not installed; there are {', '.join(sorted(installed))}",
            f"sudo apt install {package}, or set RMW_IMPLEMENTATION to one that is there",
        )
    found = f"{host.rmw}, by RMW_IMPLEMENTATION" if asked else f"{host.rmw}, the default"
    return Finding("middleware", "OK", f"{found}; it must be the same for all nodes")


def _installed(host: Host) -> set[str]:
    """Return the middlewares in the workspaces that were sourced; empty where none was."""
    prefixes = host.environ.get("AMENT_PREFIX_PATH", "").split(":")
    folders = [Path(prefix) / _INDEX for prefix in prefixes if prefix]
    return {entry.name for folder in folders if folder.is_dir() for entry in folder.iterdir()}
