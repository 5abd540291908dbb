"""What is shown of one node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edge_compress.telemetry.levels import Level

Kind = Literal["detector", "camera", "evaluator", "compressor", "other"]


@dataclass(frozen=True)
class Complaint:
    """A status that is not OK.

    Attributes:
        task: what of the node it is about.
        level: WARN, ERROR or STALE.
        message: in the node's words.
        for_s: seconds since the status left OK, as far as it was watched.
    """

    task: str
    level: Level
    message: str
    for_s: float


@dataclass(frozen=True)
class Stream:
    """The frames of one camera in a node; None for what the node does not tell.

    Attributes:
        camera: its name in a node that serves several, else empty.
        level: of this camera, and of what all cameras of the node share.
        rate_hz: results of a detector, frames of a camera, in a second.
        input_rate_hz: frames that reach a detector, or the rate that a camera is set to.
        latency_p50_ms: from stamp to publish.
        latency_p99_ms: the same.
        age_p50_ms: of frames on arrival.
        frames: all that were processed or published.
        drops: of all time, by cause; only causes that have occurred.
        drops_per_s: over the last seconds; None until there are two reports.
    """

    camera: str = ""
    level: Level = Level.OK
    rate_hz: float | None = None
    input_rate_hz: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    age_p50_ms: float | None = None
    frames: int | None = None
    drops: Mapping[str, int] = field(default_factory=dict)
    drops_per_s: float | None = None

    @property
    def dropped(self) -> int:
        """All drops together."""
        return sum(self.drops.values())


@dataclass(frozen=True)
class NodeView:
    """One node; None for what it does not tell.

    Attributes:
        name: full, without the leading slash.
        kind: told by what its statuses hold, not by its name.
        level: the worst of its statuses; STALE when it is silent.
        age_s: since its last report.
        silent: it has not reported for too long.
        gone: its publisher is not there any more: it ended, or the network is cut; None where this
            was not looked at.
        message: what it says first: a complaint, else what it is at.
        state: of the life cycle, or of a run.
        provider: that the model runs on.
        variant: of the bundle.
        precision: of the variant.
        bundle: folder.
        power_w: of the machine.
        energy_mj: for one inference.
        celsius: of the hottest zone.
        throttled: the machine holds itself back.
        streams: of a camera or a detector, one for each camera.
        complaints: the worst first.
        namesakes: how many nodes publish under this name; more than one spoil the figures.
    """

    name: str
    kind: Kind
    level: Level
    age_s: float
    silent: bool
    gone: bool | None
    message: str
    state: str | None = None
    provider: str | None = None
    variant: str | None = None
    precision: str | None = None
    bundle: str | None = None
    power_w: float | None = None
    energy_mj: float | None = None
    celsius: float | None = None
    throttled: bool | None = None
    streams: tuple[Stream, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    namesakes: int | None = None
