"""The layouts for RViz, PlotJuggler and Foxglove name what there is."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
STEPS = ("age", "wait", "convert", "preprocess", "infer", "postprocess", "publish", "latency")

# What RViz has of itself in Humble, Jazzy and Kilted, and of their names as it reads them.
STOCK = {
    "rviz_common/Displays",
    "rviz_common/Identity",
    "rviz_common/Time",
    "rviz_default_plugins/Image",
    "rviz_default_plugins/MoveCamera",
    "rviz_default_plugins/Orbit",
}
QOS = {
    "Depth": {1},
    "Durability Policy": {"Volatile", "Transient Local", "System Default"},
    "History Policy": {"Keep Last", "Keep All", "System Default"},
    "Reliability Policy": {"Best Effort", "Reliable", "System Default"},
}


def documented():
    """Return the keys that docs/diagnostics.md explains."""
    text = (ROOT / "docs" / "diagnostics.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    keys = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    return keys | {key.replace("STEP", step) for key in keys for step in STEPS}


def test_rviz_shows_overlay_camera_and_text_with_what_is_stock():
    text = (CONFIG / "operator.rviz").read_text()
    assert set(re.findall(r"Class: (\S+)$", text, re.M)) - {'""'} == STOCK
    displays = yaml.safe_load(text)["Visualization Manager"]["Displays"]
    assert {display["Topic"]["Value"] for display in displays} == {
        "overlay",
        "overlay/compressed",
        "image_raw",
        "/status_image",
    }
    for display in displays:
        assert display["Enabled"] == display["Value"]
        for name, known in QOS.items():
            assert display["Topic"][name] in known
    # Each that is on draws, or sends, pictures of megabytes.
    on = {display["Name"] for display in displays if display["Enabled"]}
    assert on == {"Overlay", "Status"}


def test_rviz_puts_its_windows_where_they_are_of_use():
    geometry = yaml.safe_load((CONFIG / "operator.rviz").read_text())["Window Geometry"]
    # RViz leaves these two to chance when they are missing.
    assert geometry["Hide Left Dock"] is geometry["Hide Right Dock"] is False
    state = bytes.fromhex(geometry["QMainWindow State"])
    for name in ("Displays", "Overlay", "Camera", "Status", "Time"):
        assert name.encode("utf-16-be") in state


def test_plotjuggler_has_curves_of_diagnostics_only():
    root = ElementTree.parse(CONFIG / "plotjuggler.xml").getroot()
    curves = [curve.get("name") for curve in root.iter("curve")]
    assert len(curves) == len(set(curves))
    # /diagnostics/HARDWARE_ID/STATUS/KEY, as PlotJuggler names what is in a DiagnosticArray.
    pattern = re.compile(r"/diagnostics/detector/detector: (\w+)/(\w+)")
    found = [pattern.fullmatch(curve).groups() for curve in curves]
    assert {task for task, _ in found} == {"latency", "frames", "load", "heat"}
    assert {key for _, key in found} <= documented()
    for splitter in root.iter("DockSplitter"):
        assert int(splitter.get("count")) == len(splitter) == len(splitter.get("sizes").split(";"))
    (topics,) = root.iter("selected_topics")
    assert topics.get("value") == "/diagnostics"


def test_foxglove_has_panels_that_there_are_and_paths_with_one_variable():
    layout = json.loads((CONFIG / "foxglove.json").read_text())
    panels = layout["configById"]
    assert {name.partition("!")[0] for name in panels} == {"Image", "DiagnosticSummary", "Plot"}
    assert set(leaves(layout["layout"])) == set(panels)
    assert layout["globalVariables"] == {"node": "detector"}
    paths = [path["value"] for panel in panels.values() for path in panel.get("paths", ())]
    pattern = re.compile(
        r'/diagnostics\.status\[:\]\{hardware_id==\$node\}\.values\[:\]\{key=="(\w+)"\}\.value'
    )
    assert {pattern.fullmatch(path)[1] for path in paths} <= documented()


def leaves(place):
    if isinstance(place, str):
        return [place]
    return [*leaves(place["first"]), *leaves(place["second"])]


def test_both_layouts_plot_latency_drops_power_and_heat():
    wanted = {
        "latency_p50_ms",
        "latency_p99_ms",
        "dropped_overwritten",
        "dropped_transport",
        "dropped_unreadable",
        "dropped_deadline",
        "dropped_rate_limit",
        "power_total_w",
        "energy_per_inference_mj",
        "temperature_max_c",
    }
    for name in ("plotjuggler.xml", "foxglove.json"):
        text = (CONFIG / name).read_text()
        assert {key for key in wanted if key not in text} == set()
