"""Whether this machine's clock is kept: a frame's age means nothing between clocks that differ.

Source: adjtimex(2), which tells whoever asks what chrony, systemd-timesyncd, ntpd or phc2sys (PTP)
made of the clock.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

from edge_compress.doctor.finding import Finding
from edge_compress.doctor.host import Host
from edge_compress.telemetry.sysfs import read_text

_UNSYNCHRONIZED = 0x40  # STA_UNSYNC
# As /proc shows them, cut to 15 characters.
_KEEPERS = {
    "chronyd": "chrony",
    "systemd-timesyn": "systemd-timesyncd",
    "ntpd": "ntpd",
    "phc2sys": "phc2sys (PTP)",
    "ptp4l": "ptp4l (PTP)",
}
_WHAT = "clock"
_REMEDY = (
    "if the camera is on another machine: sudo apt install chrony on both, with one as the "
    "other's server; for microseconds: linuxptp"
)


@dataclass(frozen=True)
class KernelClock:
    """What the kernel says of its clock.

    Attributes:
        synchronized: something keeps it.
        error_ms: how far off it may be at most, as whatever keeps it says.
    """

    synchronized: bool
    error_ms: float


class _Timex(ctypes.Structure):
    """The beginning of struct timex; the rest is not looked at."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("max_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_clock() -> KernelClock | None:
    """Ask the kernel; None where it does not answer, as in some sandboxes."""
    libc = ctypes.CDLL(None, use_errno=True)
    told = _Timex()  # modes is 0: nothing is changed
    if libc.adjtimex(ctypes.byref(told)) < 0:
        return None
    return KernelClock(not told.status & _UNSYNCHRONIZED, told.max_error / 1000)


def look(host: Host, ask: Callable[[], KernelClock | None] = kernel_clock) -> list[Finding]:
    """Look at what keeps the clock.

    Args:
        host: whose processes are looked at.
        ask: reads the clock's state.
    """
    keepers = _keepers(host)
    by = f" by {', '.join(keepers)}" if keepers else ""
    clock = ask()
    if clock is None:
        runs = f"; {', '.join(keepers)} runs" if keepers else ""
        return [Finding(_WHAT, "OK", f"its state cannot be read here (adjtimex){runs}")]
    if clock.synchronized:
        # A container shows the host's clock, and not what keeps it.
        return [Finding(_WHAT, "OK", f"kept{by}, off by {clock.error_ms:.3g} ms at most")]
    if keepers:
        found = f"{', '.join(keepers)} runs, but the clock is not synchronized (yet)"
        remedy = "chronyc sources, timedatectl timesync-status or pmc say why"
        return [Finding(_WHAT, "WARN", found, remedy)]
    found = "nothing keeps it: frames stamped on another machine have no true age"
    return [Finding(_WHAT, "WARN", found, _REMEDY)]


def _keepers(host: Host) -> list[str]:
    running = {read_text(path) for path in (host.root / "proc").glob("[0-9]*/comm")}
    return [name for comm, name in _KEEPERS.items() if comm in running]
