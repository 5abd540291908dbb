"""A candidate together with its model files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_compress.bundle.schema import Profile
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.target import Target


@dataclass(frozen=True)
class Exported:
    """A candidate and its model files, one for each profile; the float one is always there."""

    candidate: Candidate
    files: Mapping[Profile, Path]

    def deciding(self, target: Target) -> Profile:
        """Which file the target would run: its profile's, or the float one."""
        return target.profile if target.profile in self.files else "fp32"
