"""The simulated camera's parameters."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter

SIM_CAMERA_PARAMETERS = (
    Parameter(
        "world",
        "",
        "World in SDF; empty for the worlds/inspection.sdf that is installed.",
        path=True,
    ),
    Parameter("vehicle", "drone", "Model in the world that carries the camera."),
    Parameter("rate", 0.0, "Frames per second of sim time; 0 for the sensor's.", low=0, high=1000),
    Parameter("width", 0, "Of the images, pixels; 0 for the sensor's.", low=0, high=8192),
    Parameter("height", 0, "Of the images, pixels; 0 for the sensor's.", low=0, high=8192),
    Parameter("duration_s", 0.0, "Seconds of sim time to fly; 0 for ever.", low=0, high=1e6),
    Parameter(
        "seed",
        0,
        "Of the noise and of where on their ways the vehicles begin; 0 begins where the world "
        "says, as Gazebo does.",
        low=0,
        high=2**31 - 1,
    ),
    Parameter(
        "real_time_factor",
        1.0,
        "Seconds of sim time per second, at most; 0 for as fast as frames can be drawn.",
        low=0,
        high=1000,
    ),
    Parameter(
        "wait_for_subscribers",
        0,
        "Begin when image_raw and ground_truth together have so many, that none misses the first "
        "frames; a detector and an evaluator are 2.",
        low=0,
        high=1000,
    ),
    Parameter("exit_at_end", True, "End the process after duration_s."),
    Parameter("diagnostics_period_s", 1.0, "Seconds between two reports.", low=0.05, high=60),
)
