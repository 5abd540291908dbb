"""The detector's parameters."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter
from edge_compress.nodes.runtime_options import RUNTIME_PARAMETERS
from edge_compress.nodes.threshold_parameters import THRESHOLD_PARAMETERS

DETECTOR_PARAMETERS = (
    Parameter(
        "bundle",
        "",
        "Folder of the bundle to run; another one is opened beside it, and swapped in.",
        when="always",
        path=True,
    ),
    Parameter(
        "trusted_keys",
        [],
        "Files of Ed25519 public keys (PEM): only a bundle that one of them signed is taken; empty "
        "takes any bundle.",
        path=True,
    ),
    Parameter(
        "cameras",
        [],
        "Names of the cameras to serve, each with topics of its own under its name; empty for one "
        "camera, whose topics have no prefix.",
        when="idle",
    ),
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
        "classes",
        [],
        "Names of the classes to publish; empty for all.",
        when="always",
    ),
    Parameter(
        "roi",
        [],
        "Part of the frame that is looked at: x, y, width, height in pixels; empty for all of it.",
        low=0,
        high=2**31 - 1,
        when="always",
        items=int,
    ),
    Parameter(
        "tracking",
        False,
        "Follow objects over frames: each gets an id that stays.",
        when="always",
    ),
    Parameter(
        "max_rate",
        0.0,
        "Frames of each camera per second that are taken at most; 0 for all.",
        low=0,
        high=1000,
        when="always",
    ),
    Parameter(
        "deadline_ms",
        0.0,
        "A frame that is older when its turn comes is dropped; 0 for none.",
        low=0,
        high=1e6,
        when="always",
    ),
    Parameter(
        "watchdog_s",
        2.0,
        "An inference that takes longer has hung: the next provider takes over; 0 for no limit.",
        low=0,
        high=3600,
        when="idle",
    ),
    Parameter(
        "step_down",
        False,
        "Under heat or missed deadlines go to a faster variant of the bundle, and back up later.",
        when="idle",
    ),
    Parameter(
        "step_down_after_s",
        3.0,
        "Seconds of heat or missed deadlines before a step down.",
        low=0,
        high=3600,
        when="idle",
    ),
    Parameter(
        "step_up_after_s",
        30.0,
        "Seconds without either before a step up.",
        low=0,
        high=3600,
        when="idle",
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
    *THRESHOLD_PARAMETERS,
    *RUNTIME_PARAMETERS,
)
