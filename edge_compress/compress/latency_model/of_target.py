"""The latency model of a target's device table, learnt once in a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from edge_compress.compress.latency_model.model import LatencyModel
from edge_compress.compress.target import Target
from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.table import load_table

_PROVIDERS = {"ort-cpu": ("cpu",), "tensorrt": ("tensorrt", "cuda")}


def latency_model(target: Target) -> LatencyModel | None:
    """What predicts latency for a target; None where latency is measured on this machine.

    Raises:
        DeviceTableError: the table cannot be read, is of another provider or number of threads, or
            of a layout that this machine's runtime does not have.
    """
    path = target.device_table
    if path is None:
        return None
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0  # to read it says what is wrong
    model = _learnt(path, changed)
    table = model.table
    if table.provider not in _PROVIDERS[target.profile]:
        raise DeviceTableError(
            f"`target.device`: {path} was measured on provider {table.provider}, which does not "
            f"run `profile: {target.profile}`; take the table of another provider, or `host`"
        )
    if table.threads != target.threads:
        raise DeviceTableError(
            f"`target.device`: {path} was measured with {table.threads} thread(s), and "
            f"`target.threads` is {target.threads}: set `threads: {table.threads}`, or measure the "
            f"table again with `--threads {target.threads}`"
        )
    return model


@lru_cache(maxsize=4)
def _learnt(path: Path, changed: int) -> LatencyModel:
    return LatencyModel(load_table(path))
