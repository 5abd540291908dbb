"""Boxes followed from frame to frame, by where they are and how they move."""

from edge_compress.vision.tracking.tracker import Tracker, TrackerError, TrackerSettings

__all__ = ["Tracker", "TrackerError", "TrackerSettings"]
