"""Whether nodes can find each other.

Sources: docs.ros.org, "The ROS_DOMAIN_ID" and "Improved Dynamic Discovery".
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_compress.doctor.finding import Finding, Level
from edge_compress.doctor.host import Host
from edge_compress.telemetry.sysfs import read_int

# With more, the ports would go beyond 65535.
_LARGEST_DOMAIN = 232
# Linux hands out ports from 32768 on to programs that ask for any: domains from here on collide.
_FIRST_EPHEMERAL, _LAST_EPHEMERAL = 102, 214

_RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")
_TRANSPORTS = "FASTDDS_BUILTIN_TRANSPORTS"
_UP, _LOOPBACK, _MULTICAST = 0x1, 0x8, 0x1000  # linux/if.h


def look(host: Host) -> list[Finding]:
    """Look at the domain, at how far is searched, and at the network's interfaces."""
    return [_domain(host), *_range(host), *_server(host), _interfaces(host)]


def _domain(host: Host) -> Finding:
    what, text = "ROS_DOMAIN_ID", host.environ.get("ROS_DOMAIN_ID", "")
    if not text:
        return Finding(what, "OK", "0, the default; it must be the same for all nodes")
    if not text.isdecimal() or int(text) > _LARGEST_DOMAIN:
        found = f"{text!r} is no domain: no node starts"
        return Finding(what, "ERROR", found, "set it to a number from 0 to 101")
    if _FIRST_EPHEMERAL <= int(text) <= _LAST_EPHEMERAL:
        found = f"{text}: Linux gives ports of this domain to other programs"
        return Finding(what, "WARN", found, "take 0 to 101, for all nodes")
    return Finding(what, "OK", f"{text}; it must be the same for all nodes")


def _range(host: Host) -> Iterator[Finding]:
    what = "discovery"
    asked = host.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    peers = host.environ.get("ROS_STATIC_PEERS", "")
    if host.environ.get("ROS_LOCALHOST_ONLY", "0") not in ("", "0"):
        found = "ROS_LOCALHOST_ONLY is set: nodes on other machines are not found"
        remedy = "unset it, if the camera is on another machine"
        if host.distribution not in ("", "humble"):
            found += "; it is deprecated and wins over ROS_AUTOMATIC_DISCOVERY_RANGE"
            remedy = "unset it; ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST says the same"
        yield Finding(what, "WARN", found, remedy)
    if not asked:
        return
    if host.distribution == "humble":
        found = "ROS_AUTOMATIC_DISCOVERY_RANGE is set, and Humble does not know it"
        yield Finding(what, "WARN", found, "ROS_LOCALHOST_ONLY=1 is what Humble has")
    elif asked not in _RANGES:
        found = f"ROS_AUTOMATIC_DISCOVERY_RANGE={asked} is not known"
        yield Finding(what, "WARN", found, f"set it to one of {', '.join(_RANGES)}, or unset it")
    elif asked in ("LOCALHOST", "OFF"):
        where = "this machine" if asked == "LOCALHOST" else "nobody"
        # OFF takes no notice of the peers.
        others = f" and {peers}" if peers and asked == "LOCALHOST" else ""
        found = f"ROS_AUTOMATIC_DISCOVERY_RANGE={asked}: {where}{others} is found"
        level: Level = "WARN" if asked == "OFF" else "OK"
        remedy = "SUBNET finds the machines of this network, ROS_STATIC_PEERS names others"
        yield Finding(what, level, found, remedy)
    if asked == "LOCALHOST" and host.environ.get(_TRANSPORTS) == "LARGE_DATA":
        found = "LARGE_DATA beside ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST lets no images through"
        yield Finding(what, "ERROR", found, "change one of them")
    if asked == "LOCALHOST" and "sockets_size" in host.environ.get(_TRANSPORTS, ""):
        # rmw_fastrtps makes transports of its own then, with Fast DDS's usual size.
        found = f"beside ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, {_TRANSPORTS} has no effect: "
        remedy = "a ROS_DOMAIN_ID of its own keeps a machine apart, too"
        yield Finding(what, "WARN", f"{found}most large frames are lost", remedy)


def _server(host: Host) -> Iterator[Finding]:
    servers = host.environ.get("ROS_DISCOVERY_SERVER", "")
    if servers:
        found = f"through the discovery server {servers}: without it, nobody is found"
        remedy = "for command line tools, and this one, also set ROS_SUPER_CLIENT=TRUE"
        super_client = host.environ.get("ROS_SUPER_CLIENT", "").lower() in ("true", "1")
        yield Finding("discovery", "OK", found, "" if super_client else remedy)


def _interfaces(host: Host) -> Finding:
    """DDS finds other machines by multicast."""
    what, found = "network interfaces", []
    for folder in sorted((host.root / "sys/class/net").glob("*")):
        flags = read_int(folder / "flags", 16) or 0
        if flags & _UP and not flags & _LOOPBACK and flags & _MULTICAST:
            found.append(folder.name)
    if found:
        return Finding(what, "OK", f"up, with multicast: {', '.join(found)}")
    return Finding(
        what,
        "WARN",
        "none is up with multicast: nodes on other machines are not found",
        "connect the network; for a container: --net=host",
    )
