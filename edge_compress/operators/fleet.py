"""All nodes that speak on /diagnostics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edge_compress.operators.node_record import NodeRecord
from edge_compress.operators.node_view import NodeView, Stream
from edge_compress.operators.status import Status
from edge_compress.telemetry.levels import Level

SortKey = Literal["name", "level", "rate", "latency", "drops", "power", "temperature"]
SORT_KEYS: tuple[SortKey, ...] = (
    "name",
    "level",
    "rate",
    "latency",
    "drops",
    "power",
    "temperature",
)
# Tools with a name of their own for each run come and go; they must not pile up for days.
_FORGET_OTHERS_S = 60.0


@dataclass(frozen=True)
class Picture:
    """All that is known at one moment.

    Attributes:
        views: of the nodes, in order.
        others: how many nodes of other packages are left out.
        unheard: names of nodes that publish on /diagnostics, but of which nothing has come.
    """

    views: Sequence[NodeView]
    others: int = 0
    unheard: Sequence[str] = ()


class Fleet:
    """Takes reports as they come, and gives the picture of any moment."""

    def __init__(self, stale_s: float = 5.0, namespaces: Sequence[str] = ()) -> None:
        """Begin without a node.

        Args:
            stale_s: seconds without a report after which a node is silent.
            namespaces: only nodes in these, or of these names; empty for all.
        """
        self._stale_s = stale_s
        self._namespaces = tuple(name.strip("/") for name in namespaces)
        self._records: dict[str, NodeRecord] = {}

    def hear(self, statuses: Iterable[Status], now_s: float) -> None:
        """Take a report.

        Args:
            statuses: of one message.
            now_s: seconds of a clock that never jumps.
        """
        by_node: defaultdict[str, list[Status]] = defaultdict(list)
        for status in statuses:
            if status.node and self._wanted(status.node):
                by_node[status.node].append(status)
        for name, own in by_node.items():
            self._records.setdefault(name, NodeRecord(name)).hear(own, now_s)

    def picture(
        self,
        now_s: float,
        key: SortKey = "name",
        reporters: Mapping[str, int] | None = None,
        *,
        all_kinds: bool = False,
    ) -> Picture:
        """Return every node that was ever heard.

        Args:
            now_s: by the same clock as for `hear`.
            key: what to sort by.
            reporters: how many publishers of /diagnostics there are by name of node, without the
                leading slash; None when unknown.
            all_kinds: nodes of other packages, too.
        """
        for name, record in list(self._records.items()):
            if record.kind == "other" and now_s - record.heard_s > _FORGET_OTHERS_S:
                del self._records[name]
        views = [
            record.view(
                now_s,
                self._stale_s,
                None if reporters is None else name not in reporters,
                None if reporters is None else reporters.get(name, 0),
            )
            for name, record in self._records.items()
        ]
        wanted = [view for view in views if all_kinds or view.kind != "other"]
        unheard = [name for name in reporters or () if name not in self._records]
        return Picture(
            views=_sorted(wanted, key),
            others=len(views) - len(wanted),
            unheard=sorted(filter(self._wanted, unheard)),
        )

    def _wanted(self, name: str) -> bool:
        return not self._namespaces or any(
            name == wanted or name.startswith(f"{wanted}/") for wanted in self._namespaces
        )


def _sorted(views: Iterable[NodeView], key: SortKey) -> list[NodeView]:
    """Return the nodes with the worst first: slowest, hottest; nodes that do not tell come last."""
    worth = _WORTH[key]
    ranked = [(worth(view), view) for view in views]
    return [
        view for _, view in sorted(ranked, key=lambda r: (r[0] is None, r[0] or 0.0, r[1].name))
    ]


def _worth_of(figure: Callable[[Stream], float | None], sign: int) -> Callable[..., float | None]:
    def worth(view: NodeView) -> float | None:
        told = [number for stream in view.streams if (number := figure(stream)) is not None]
        return min((sign * number for number in told), default=None)

    return worth


def _down(number: float | None) -> float | None:
    return None if number is None else -number


_SEVERITY = {Level.ERROR: 0.0, Level.STALE: 1.0, Level.WARN: 2.0, Level.OK: 3.0}
_WORTH: Mapping[SortKey, Callable[[NodeView], float | None]] = {
    "name": lambda _: 0.0,
    "level": lambda view: _SEVERITY[view.level],
    "rate": _worth_of(lambda stream: stream.rate_hz, 1),
    "latency": _worth_of(lambda stream: stream.latency_p99_ms, -1),
    "drops": _worth_of(lambda stream: stream.drops_per_s, -1),
    "power": lambda view: _down(view.power_w),
    "temperature": lambda view: _down(view.celsius),
}
