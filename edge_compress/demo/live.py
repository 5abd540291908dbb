"""The live table: how the detector is doing, as the nodes publish it."""

from __future__ import annotations

from rich.table import Table

from edge_compress.nodes.monitor import Monitor
from edge_compress.operators.status import Status

STEPS = (
    ("age", "age on arrival"),
    ("convert", "convert"),
    ("preprocess", "preprocess"),
    ("infer", "infer"),
    ("postprocess", "postprocess"),
    ("publish", "publish"),
    ("stamp_to_publish", "stamp to publish"),
)


def live_table(monitor: Monitor) -> Table:
    """Draw the newest figures."""
    frames, latency = monitor.status("detector: frames"), monitor.status("detector: latency")
    load, camera = monitor.status("detector: load"), monitor.status("camera: frames")
    table = Table(title="detector node", title_justify="left", show_header=False, min_width=60)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_row("frames per second", _shown(frames, "processed_rate_hz", "{:.1f}"), "")
    table.add_row("", "p50 ms", "p99 ms", style="dim")
    for step, name in STEPS:
        p50, p99 = (_shown(latency, f"{step}_{p}_ms", "{:.2f}") for p in ("p50", "p99"))
        table.add_row(f"  {name}", p50, p99)
    published = _shown(camera, "frames_published", "{:.0f}")
    table.add_row("frames published", published, "")
    table.add_row("frames processed", _shown(frames, "processed", "{:.0f}"), "")
    for cause in ("overwritten", "transport", "unreadable"):
        table.add_row(f"  dropped {cause}", _shown(frames, f"dropped_{cause}", "{:.0f}"), "")
    table.add_row("CPU", _shown(load, "cpu_percent", "{:.0f} %"), "")
    table.add_row("power", _shown(load, "power_total_w", "{:.1f} W", "not readable here"), "")
    seen = ", ".join(f"{count} {name}" for name, count in sorted(monitor.seen.items()))
    table.add_row("sees", seen or "nothing", "")
    return table


def _shown(status: Status, key: str, pattern: str, unknown: str = "-") -> str:
    number = status.number(key)
    return unknown if number is None else pattern.format(number)
