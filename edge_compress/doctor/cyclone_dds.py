"""Whether Cyclone DDS's settings can be read and met.

Sources: Cyclone DDS's guide to its configuration; "DDS tuning information" of docs.ros.org.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from edge_compress.doctor import kernel, xml_settings
from edge_compress.doctor.finding import Finding
from edge_compress.doctor.host import Host
from edge_compress.doctor.sizes import parse_size, show

VARIABLE = "CYCLONEDDS_URI"
_WHAT = "Cyclone DDS settings"


def look(host: Host) -> list[Finding]:
    """Look at what CYCLONEDDS_URI names: files and pieces of XML, with commas between."""
    value = host.environ.get(VARIABLE, "")
    if not value:
        found = f"{VARIABLE} is not set: the defaults"
        return [Finding(_WHAT, "OK", found)]
    return [_look_at(host, part) for part in _parts(value)]


def _parts(value: str) -> list[str]:
    # XML has commas of its own.
    return [value] if value.lstrip().startswith("<") else value.split(",")


def _look_at(host: Host, part: str) -> Finding:
    part = part.strip()
    name = f"{VARIABLE}={part if len(part) < 60 else part[:57] + '...'}"
    try:
        if part.startswith("<"):
            settings = xml_settings.parse(part)
        else:
            settings = xml_settings.read(Path(unquote(part.removeprefix("file://"))))
    except xml_settings.SettingsError as error:
        remedy = f"mend it, or unset {VARIABLE}"
        return Finding(_WHAT, "ERROR", f"{name}: {error}; no node starts with it", remedy)
    wanted, given = _least_buffer(settings), kernel.rmem_max(host)
    # Linux counts its own bookkeeping in, and so gives twice what it is asked for.
    if wanted is not None and given is not None and wanted > 2 * given:
        found = (
            f"{name} asks for a receive buffer of {show(wanted)} at least, the kernel gives "
            f"{show(2 * given)}: no node starts with it"
        )
        return Finding(_WHAT, "ERROR", found, kernel.RMEM_REMEDY)
    return Finding(_WHAT, "OK", f"read from {name}")


def _least_buffer(settings: Element) -> int | None:
    for element in settings.iter():
        if xml_settings.local_name(element) == "SocketReceiveBufferSize":
            return parse_size(element.get("min", ""))
    return None
