"""What can be wrong with a device table."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class DeviceTableError(EdgeCompressError):
    """A device table cannot be measured, written, read, or used for this target."""
