"""What goes wrong with a simulation."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class WorldError(EdgeCompressError):
    """A world cannot be read, or holds what would look otherwise than in Gazebo."""


class RenderError(EdgeCompressError):
    """There is nothing to draw with."""
