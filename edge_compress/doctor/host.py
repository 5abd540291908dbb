"""The machine that is looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_RMW_DEFAULT = "rmw_fastrtps_cpp"  # of Humble, Jazzy and Kilted


@dataclass(frozen=True)
class Host:
    """A machine's files, and the environment that a node started here would have.

    Attributes:
        root: where ``/dev``, ``/opt``, ``/proc``, ``/sys`` and so on are looked for.
        environ: environment variables.
    """

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def rmw(self) -> str:
        """The middleware that is asked for, such as ``rmw_cyclonedds_cpp``."""
        return self.environ.get("RMW_IMPLEMENTATION") or _RMW_DEFAULT

    @property
    def distribution(self) -> str:
        """Such as ``humble``; empty when no setup.bash was sourced."""
        return self.environ.get("ROS_DISTRO", "")
