"""How busy the GPU is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edge_compress.telemetry.nvml import NvmlGpu
from edge_compress.telemetry.sysfs import read_int

# Where NVIDIA's kernels for Jetson have it: JetPack 4; Xavier and Orin; Orin from JetPack 6 on.
_JETSON = (
    "sys/devices/gpu.0/load",
    "sys/devices/platform/gpu.0/load",
    "sys/devices/platform/*.gpu/load",
    "sys/devices/platform/bus@0/*.gpu/load",
    "sys/devices/platform/*.ga10b/load",
    "sys/devices/platform/*.gv11b/load",
)


def read(root: Path = Path("/"), gpus: Iterable[NvmlGpu] = ()) -> dict[str, float]:
    """Return percent by GPU; empty where it cannot be read.

    Args:
        root: where ``/sys`` is looked for.
        gpus: those that NVML tells of. On a Jetson, sysfs is asked first: up to JetPack 6, NVML has
            nothing but zeros there.
    """
    for pattern in _JETSON:
        for path in sorted(root.glob(pattern)):
            permille = read_int(path)
            if permille is not None:
                return {"gpu": permille / 10}
    loads = ((gpu.name, gpu.load_percent()) for gpu in gpus)
    return {name: load for name, load in loads if load is not None}
