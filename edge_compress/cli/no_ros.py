"""What a command says that needs ROS 2 where there is none."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class NoRosError(EdgeCompressError):
    """ROS 2 cannot be imported."""

    def __init__(self, does: str, error: ImportError) -> None:
        """Say what helps.

        Args:
            does: what the command does by ROS 2, such as ``listens``.
            error: of the import.
        """
        super().__init__(
            f"it {does} by ROS 2, which cannot be imported ({error}): run "
            "`source /opt/ros/DISTRO/setup.bash` first; `edge_compress doctor` says more"
        )
