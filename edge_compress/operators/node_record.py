"""What is remembered of one node from report to report."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from edge_compress.operators.drop_rate import DropRate
from edge_compress.operators.node_view import Complaint, Kind, NodeView, Stream
from edge_compress.operators.status import Status
from edge_compress.operators.streams import camera_stream, detector_stream
from edge_compress.telemetry.levels import Level, worst

_PERIODS = 2.5
_ORDER = (Level.ERROR, Level.STALE, Level.WARN)


class NodeRecord:
    """The newest statuses of a node, and since when they are what they are."""

    def __init__(self, name: str) -> None:
        """Begin without a report.

        Args:
            name: of the node, without the leading slash.
        """
        self.name = name
        self.heard_s = float("-inf")
        self._pauses: deque[float] = deque(maxlen=3)
        self._statuses: dict[str, Status] = {}
        self._bad_since: dict[str, float] = {}
        self._drops: dict[str, DropRate] = {}

    def hear(self, statuses: Sequence[Status], now_s: float) -> None:
        """Take what the node says.

        Args:
            statuses: of one message, all of this node.
            now_s: seconds of a clock that never jumps.
        """
        self._pauses.append(now_s - self.heard_s)
        self.heard_s = now_s
        if all(status.hardware_id == self.name for status in statuses):
            # A node of ours tells all it knows in each message; others may tell a part.
            self._statuses.clear()
        self._statuses |= {status.task: status for status in statuses}
        self._bad_since = {
            task: self._bad_since.get(task, now_s)
            for task, status in self._statuses.items()
            if status.level is not Level.OK
        }
        streams = list(self._streams())
        self._drops = {one.camera: self._drops.get(one.camera, DropRate()) for one in streams}
        for stream in streams:
            self._drops[stream.camera].add(now_s, stream.dropped)

    @property
    def kind(self) -> Kind:
        """What the node is, by what its statuses hold."""
        has = self._statuses
        if "accuracy" in has:
            return "evaluator"
        if "state" in has and has["state"].hardware_id == self.name:
            return "detector"
        if "run" in has and "step_total" in has["run"].values:
            return "compressor"
        if "frames" in has and "frames_published" in has["frames"].values:
            return "camera"
        return "other"

    def view(
        self, now_s: float, stale_s: float, gone: bool | None, namesakes: int | None
    ) -> NodeView:
        """Return what is to be shown now.

        Args:
            now_s: by the same clock as for `hear`.
            stale_s: seconds without a report after which the node is silent; longer for one that
                reports more seldom.
            gone: whether its publisher is not there any more; None when unknown.
            namesakes: how many nodes publish under its name; None when unknown.
        """
        age = now_s - self.heard_s
        silent = age > max(stale_s, self._patience_s)
        complaints = self._complaints(now_s, namesakes)
        if silent:
            why = "it has ended, or the network is cut" if gone else "it hangs, or reports are lost"
            text = f"silent: no report for {age:.0f} s; {why}"
            complaints = [Complaint("", Level.STALE, text, age), *complaints]
        load, heat = self._find("load"), self._find("heat")
        model, state = self._find("model"), self._find("state")
        throttled = heat.number("throttled")
        return NodeView(
            name=self.name,
            kind=self.kind,
            level=Level.STALE if silent else worst(c.level for c in complaints),
            age_s=age,
            silent=silent,
            gone=gone,
            message=complaints[0].message if complaints else self._message(),
            state=state.text("state") or self._find("run").text("state"),
            provider=model.text("provider"),
            variant=model.text("variant"),
            precision=model.text("precision"),
            bundle=model.text("bundle"),
            power_w=load.number("power_total_w"),
            energy_mj=load.number("energy_per_inference_mj"),
            celsius=heat.number("temperature_max_c"),
            throttled=None if throttled is None else bool(throttled),
            streams=tuple(
                replace(stream, level=Level.STALE if silent else self._level(stream.camera))
                for stream in self._streams()
            ),
            complaints=tuple(complaints),
            namesakes=namesakes,
        )

    @property
    def _patience_s(self) -> float:
        """How long a node may be quiet that reports more seldom than others do."""
        usual = min(self._pauses)
        return _PERIODS * usual if math.isfinite(usual) else 0.0

    def _find(self, task: str) -> Status:
        return self._statuses.get(task, Status())

    def _complaints(self, now_s: float, namesakes: int | None) -> list[Complaint]:
        found = [
            Complaint(task, status.level, status.message, now_s - self._bad_since[task])
            for task, status in self._statuses.items()
            if status.level is not Level.OK and not self._is_echo(task, status)
        ]
        if namesakes is not None and namesakes > 1 and self.kind != "other":
            text = f"{namesakes} nodes have this name, and their figures are mixed: "
            found.append(Complaint("", Level.WARN, f"{text}give each a namespace", 0.0))
        return sorted(found, key=lambda complaint: _ORDER.index(complaint.level))

    def _is_echo(self, task: str, status: Status) -> bool:
        """Whether it says once more that no input comes: latency is stale because frames are."""
        camera, _, name = task.rpartition("/")
        frames = self._find(f"{camera}/frames" if camera else "frames")
        return name == "latency" and status.level is frames.level is Level.STALE

    def _level(self, camera: str) -> Level:
        """Return how a camera stands: the statuses of other cameras do not count."""
        return worst(
            status.level
            for task, status in self._statuses.items()
            if task.rpartition("/")[0] in ("", camera)
        )

    def _message(self) -> str:
        for task in ("accuracy", "run", "frames", "state"):
            if task in self._statuses:
                return self._statuses[task].message
        return next((status.message for status in self._statuses.values()), "")

    def _streams(self) -> Iterator[Stream]:
        for task, frames in self._statuses.items():
            camera, _, name = task.rpartition("/")
            if name != "frames":
                continue
            rate = self._drops.get(camera)
            per_s = None if rate is None else rate.per_s
            if "frames_published" in frames.values:
                yield camera_stream(camera, frames, per_s)
            elif "processed" in frames.values:
                latency = self._find(f"{camera}/latency" if camera else "latency")
                yield detector_stream(camera, frames, latency, per_s)
