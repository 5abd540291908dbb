"""The camera's parameters."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter

CAMERA_PARAMETERS = (
    Parameter(
        "source",
        "",
        "Video file, folder of images taken in order of their names, or rosbag2 bag: its folder, "
        "a .mcap or a .db3 file.",
        path=True,
    ),
    Parameter("topic", "", "The bag's topic with images; empty for the only one."),
    Parameter(
        "rate",
        0.0,
        "Frames per second; 0 for the video's own, the gaps of the bag, or 10 for images.",
        low=0,
        high=1000,
    ),
    Parameter("loop", True, "Begin again at the end."),
    Parameter(
        "encoding",
        "",
        "Pixel format of image_raw; empty for that of the bag, else bgr8.",
        choices=("", "bgr8", "rgb8", "bgra8", "rgba8", "mono8"),
    ),
    Parameter(
        "frame_id",
        "",
        "frame_id of every image; empty for that of the bag, else camera_optical_frame.",
    ),
    Parameter(
        "stamps",
        "sent",
        "Stamp of an image: the time at which it is sent, or the one recorded in the bag.",
        choices=("sent", "recorded"),
    ),
    Parameter(
        "publish_clock",
        False,
        "Publish /clock in the time of the bag, for nodes with use_sim_time; stamps are the "
        "recorded ones then.",
    ),
    Parameter("width", 0, "Resize to this width in pixels; 0 keeps it.", low=0, high=16384),
    Parameter("height", 0, "Resize to this height in pixels; 0 keeps it.", low=0, high=16384),
    Parameter(
        "image_transport",
        "raw",
        "raw publishes image_raw, compressed publishes image_raw/compressed (JPEG).",
        choices=("raw", "compressed", "both"),
    ),
    Parameter("jpeg_quality", 90, "Quality of the JPEG.", low=1, high=100),
    Parameter(
        "wait_for_subscribers",
        0,
        "Begin when this many subscribe, so that none misses the first frames.",
        low=0,
        high=1000,
    ),
    Parameter("exit_at_end", True, "Without loop, end the process after the last frame."),
    Parameter(
        "diagnostics_period_s",
        1.0,
        "Seconds between two reports.",
        low=0.05,
        high=60,
    ),
)
