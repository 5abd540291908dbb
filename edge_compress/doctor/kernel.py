"""Whether the kernel holds what comes by network until it is read.

Source: "DDS tuning information" of docs.ros.org, for the values advised.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_compress.doctor.finding import Finding
from edge_compress.doctor.host import Host
from edge_compress.doctor.sizes import MIB, show
from edge_compress.telemetry.sysfs import read_int, read_text

RMEM_REMEDY = "sudo sysctl -w net.core.rmem_max=2147483647; to keep it, write it to /etc/sysctl.d/"
_FRAGMENTS_REMEDY = (
    "over a network that loses packets: sudo sysctl -w net.ipv4.ipfrag_time=3 "
    "net.ipv4.ipfrag_high_thresh=134217728"
)
_ENOUGH = 4 * MIB
_ADVISED_SECONDS = 3


def look(host: Host) -> list[Finding]:
    """Look at the buffers."""
    return [_receive(host), _fragments(host)]


def rmem_max(host: Host) -> int | None:
    """Return the largest receive buffer that a socket may ask for, in bytes."""
    return read_int(host.root / "proc/sys/net/core/rmem_max")


def _receive(host: Host) -> Finding:
    what = "kernel receive buffer"
    size = rmem_max(host)
    if size is None:
        # Network namespaces other than the first do not show it.
        found = "net.core.rmem_max cannot be read here: a container; the host's value counts"
        return Finding(what, "OK", found, "on the host: sysctl net.core.rmem_max")
    if size < _ENOUGH:
        found = (
            f"net.core.rmem_max is {show(size)}: larger frames that come from another machine, "
            "or by Cyclone DDS, are lost"
        )
        return Finding(what, "WARN", found, RMEM_REMEDY)
    return Finding(what, "OK", f"net.core.rmem_max is {show(size)}")


def _fragments(host: Host) -> Finding:
    what = "kernel fragment buffer"
    folder = host.root / "proc/sys/net/ipv4"
    size = read_int(folder / "ipfrag_high_thresh")
    seconds = read_int(folder / "ipfrag_time")
    if size is None or seconds is None:
        return Finding(what, "OK", "net.ipv4.ipfrag_* cannot be read here")
    found = f"{show(size)} for {seconds} s"
    if size < _ENOUGH:
        found += ": one lost packet of a large frame may hold up all others"
        return Finding(what, "WARN", found, _FRAGMENTS_REMEDY)
    return Finding(what, "OK", found, _FRAGMENTS_REMEDY if seconds > _ADVISED_SECONDS else "")


@dataclass(frozen=True)
class UdpCounters:
    """What the kernel threw away since boot.

    Attributes:
        packets: UDP packets that found their socket's buffer full.
        frames: messages of which a fragment never came.
    """

    packets: int
    frames: int


def udp_counters(host: Host) -> UdpCounters | None:
    """Return the counters, or None when they cannot be read."""
    rows: dict[str, dict[str, int]] = {}
    names: dict[str, list[str]] = {}
    # Two lines for each protocol: names, then values.
    for line in (read_text(host.root / "proc/net/snmp") or "").splitlines():
        protocol, _, rest = line.partition(":")
        if protocol not in names:
            names[protocol] = rest.split()
        else:
            rows[protocol] = dict(zip(names[protocol], map(int, rest.split()), strict=False))
    try:
        return UdpCounters(rows["Udp"]["RcvbufErrors"], rows["Ip"]["ReasmFails"])
    except KeyError:
        return None


def look_at_losses(before: UdpCounters | None, after: UdpCounters | None) -> list[Finding]:
    """Judge what was thrown away between two readings, while messages came in."""
    if before is None or after is None:
        return []
    packets, frames = after.packets - before.packets, after.frames - before.frames
    if packets <= 0 and frames <= 0:
        return [Finding("network losses", "OK", "none while the topic was looked at")]
    found = f"meanwhile {packets} packets found no room, {frames} messages missed a part"
    return [Finding("network losses", "WARN", found, f"{RMEM_REMEDY}; {_FRAGMENTS_REMEDY}")]
