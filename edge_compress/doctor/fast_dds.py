"""Whether Fast DDS has room for whole frames.

Sources: Fast DDS's documentation of its environment variables (2.6, 2.14, 3.2) and of the shared
memory transport.
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.doctor import xml_settings
from edge_compress.doctor.finding import Finding, Level
from edge_compress.doctor.host import Host
from edge_compress.doctor.sizes import MIB, parse_size, show

VARIABLE = "FASTDDS_BUILTIN_TRANSPORTS"
ADVISED = "DEFAULT?sockets_size=4MB"
_WHAT = "Fast DDS transports"
_PROFILES = "Fast DDS profiles"

_WITH_SHARED_MEMORY = ("DEFAULT", "DEFAULTv6", "SHM")
_BY_TCP = ("LARGE_DATA", "LARGE_DATAv6")
_WITHOUT_SHARED_MEMORY = ("UDPv4", "UDPv6", "P2P")
_KNOWN = (*_WITH_SHARED_MEMORY, *_BY_TCP, *_WITHOUT_SHARED_MEMORY, "NONE")

# What it makes by itself. A frame of 640 x 480 is 900 KiB.
_SEGMENT_DEFAULT = 512 * 1024
_SEGMENT_ENOUGH = 2 * MIB

# Fast DDS 2 reads the first, Fast DDS 3 the second.
_OLD_FILE, _NEW_FILE = "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"
_FAST_DDS_2 = ("humble", "iron", "jazzy")

_HUMBLE_REMEDY = (
    "Humble's Fast DDS takes no size in this variable: give the camera and the detector an XML "
    f"profile with a shared memory transport of segment_size 4194304 or more, by {_OLD_FILE}"
)


def look(host: Host) -> list[Finding]:
    """Look at the transports, and at the XML profiles where there are any."""
    profiles, segment = _profiles(host)
    return [_transports(host, segment), *profiles]


def _transports(host: Host, segment: int | None) -> Finding:
    """Judge the transports; `segment` is the bytes of shared memory that a profile gives them."""
    value = host.environ.get(VARIABLE, "")
    name, _, options = value.partition("?")
    set_it = f"export {VARIABLE}='{ADVISED}' for the camera and the detector"
    if segment is not None and not value:
        level: Level = "OK" if segment >= _SEGMENT_ENOUGH else "WARN"
        found = f"a profile gives {show(segment)} of shared memory"
        return Finding(_WHAT, level, found, "" if level == "OK" else _too_small(host, set_it))
    if not value:
        found = (
            f"{VARIABLE} is not set: {show(_SEGMENT_DEFAULT)} of shared memory, less than one "
            "frame of 640x480, so most frames may be lost between processes"
        )
        return Finding(_WHAT, "WARN", found, _too_small(host, set_it))
    if name not in _KNOWN:
        return Finding(
            _WHAT,
            "WARN",
            f"{VARIABLE}={value} is not known to Fast DDS, which then takes DEFAULT",
            set_it,
        )
    if name == "NONE":
        return Finding(_WHAT, "WARN", f"{value}: only what an XML profile brings", set_it)
    if name in _WITHOUT_SHARED_MEMORY:
        found = f"{value}: no shared memory, so frames of this machine go through its network stack"
        return Finding(_WHAT, "WARN", found, set_it)
    if name in _BY_TCP:
        found = f"{value}: frames go by TCP or shared memory; every node must have it"
        return Finding(_WHAT, "OK", found)
    sizes = [parse_size(o.partition("=")[2]) for o in options.split("&") if "sockets_size" in o]
    size = (sizes[0] if sizes else None) or _SEGMENT_DEFAULT
    if size < _SEGMENT_ENOUGH:
        found = f"{value}: {show(size)} of shared memory holds few frames or none"
        return Finding(_WHAT, "WARN", found, _too_small(host, set_it))
    if host.distribution == "humble":
        found = f"{value}, but Fast DDS 2.6 does not take the size from it"
        return Finding(_WHAT, "WARN", found, _HUMBLE_REMEDY)
    return Finding(_WHAT, "OK", f"{value}: room for {show(size)} at once")


def _too_small(host: Host, remedy: str) -> str:
    return _HUMBLE_REMEDY if host.distribution == "humble" else remedy


def _profiles(host: Host) -> tuple[list[Finding], int | None]:
    """Judge the XML profiles; with the shared memory that they give, in bytes, or None."""
    old = host.distribution in _FAST_DDS_2
    read, ignored = (_OLD_FILE, _NEW_FILE) if old else (_NEW_FILE, _OLD_FILE)
    findings = []
    if host.environ.get(ignored) and not host.environ.get(read) and host.distribution:
        found = f"{ignored} is set, and {host.distribution} does not read it"
        findings.append(Finding(_PROFILES, "WARN", found, f"set {read} instead"))
    file = host.environ.get(read, "")
    if not file:
        return findings, None
    try:
        profiles = xml_settings.read(Path(file))
    except xml_settings.SettingsError as error:
        found = f"{read}={file}: {error}; Fast DDS goes on without it"
        findings.append(Finding(_PROFILES, "ERROR", found, f"mend the file, or unset {read}"))
        return findings, None
    segments = [parse_size(text) or 0 for text in xml_settings.texts(profiles, "segment_size")]
    findings.append(Finding(_PROFILES, "OK", f"read from {file}"))
    return findings, max(segments, default=None)
