"""What the tests of the doctor share: machines that are folders."""

from __future__ import annotations

import pytest

from edge_compress.doctor.host import Host

# A desktop as Ubuntu sets it up, with its network on.
FILES = {
    "dev/shm/.keep": "",
    "proc/1/comm": "systemd",
    "proc/net/snmp": (
        "Ip: Forwarding ReasmFails\nIp: 1 7\n"
        "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\nUdp: 100 1 0 100 40"
    ),
    "proc/sys/net/core/rmem_max": "212992",
    "proc/sys/net/ipv4/ipfrag_high_thresh": "4194304",
    "proc/sys/net/ipv4/ipfrag_time": "30",
    "sys/class/net/eth0/flags": "0x1003",
    "sys/class/net/lo/flags": "0x9",
}


@pytest.fixture
def machine(tmp_path):
    """Return a function that writes files under a root, and returns the host with it."""

    def make(files=(), /, **environ):
        for name, text in {**FILES, **dict(files)}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        return Host(tmp_path, environ)

    return make


def levels(findings):
    """Return the levels by what was looked at; the last one where there are several."""
    return {finding.what: finding.level for finding in findings}


@pytest.fixture(name="levels")
def levels_fixture():
    return levels
