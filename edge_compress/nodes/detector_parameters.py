"""The detector's parameters."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter

DETECTOR_PARAMETERS = (
    Parameter("bundle", "", "Folder of the bundle to run.", when="idle"),
    Parameter(
        "providers",
        ["tensorrt", "cuda", "cpu"],
        "Runtimes in order of preference; the first that comes up is used.",
        choices=("tensorrt", "cuda", "cpu"),
        when="idle",
    ),
    Parameter(
        "threads",
        0,
        "CPU threads of one inference; 0 leaves it to the runtime.",
        low=0,
        high=256,
        when="idle",
    ),
    Parameter(
        "variant",
        "auto",
        "Model file of the bundle, or auto for the fastest one that fits the provider.",
        when="idle",
    ),
    Parameter(
        "confidence_threshold",
        0.3,
        "Objects with a lower score are left out.",
        low=0,
        high=1,
        when="always",
    ),
    Parameter(
        "nms_threshold",
        0.45,
        "IoU above which the weaker of two boxes of one class is left out.",
        low=0,
        high=1,
        when="always",
    ),
    Parameter(
        "max_detections",
        300,
        "At most this many objects a frame, best first.",
        low=1,
        high=10000,
        when="always",
    ),
    Parameter(
        "image_transport",
        "raw",
        "raw takes image_raw, compressed takes image_raw/compressed.",
        choices=("raw", "compressed"),
        when="idle",
    ),
    Parameter(
        "input_qos",
        "sensor_data",
        "sensor_data (best effort) takes frames from any publisher; reliable has lost frames sent "
        "again, which may delay the newest.",
        choices=("sensor_data", "reliable"),
        when="idle",
    ),
    Parameter(
        "window_s",
        10.0,
        "Seconds over which latency percentiles and rates are taken.",
        low=1,
        high=600,
        when="idle",
    ),
    Parameter(
        "diagnostics_period_s",
        1.0,
        "Seconds between two reports.",
        low=0.05,
        high=60,
    ),
    Parameter(
        "autostart",
        True,
        "Configure and activate without being asked, as plain `ros2 run` wants it; false under a "
        "lifecycle manager.",
    ),
)
