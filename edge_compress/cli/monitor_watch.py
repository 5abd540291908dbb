"""The pictures of `edge_compress monitor`, one after the other."""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import ExitStack
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING

from edge_compress.cli.monitor_view import picture
from edge_compress.errors import EdgeCompressError
from edge_compress.operators.fleet import SORT_KEYS, Fleet, Picture, SortKey
from edge_compress.telemetry.levels import Level

if TYPE_CHECKING:
    from rich.console import Console

    from edge_compress.nodes.listener import Listener


class SilenceError(EdgeCompressError):
    """Nobody speaks."""


class Watch:
    """Listens, and shows the pictures."""

    def __init__(self, args: argparse.Namespace, fleet: Fleet, listener: Listener) -> None:
        """Begin to watch.

        Args:
            args: of the command.
            fleet: that takes what `listener` hears.
            listener: on /diagnostics.
        """
        self._args = args
        self._fleet = fleet
        self._listener = listener
        self._sort: SortKey = args.sort

    def once(self) -> int:
        """Show one picture.

        Returns:
            1 when a node is not well, else 0.

        Raises:
            SilenceError: no node of edge_compress speaks.
        """
        self._listener.listen_for(self._args.seconds)
        now = self._now()
        if not now.views:
            where = " in " + ", ".join(self._args.namespaces) if self._args.namespaces else ""
            also = f" ({now.others} nodes of other packages do)" if now.others else ""
            also += f"; {', '.join(now.unheard)} could, but was not heard" if now.unheard else ""
            raise SilenceError(
                f"no node of edge_compress{where} spoke on /diagnostics within "
                f"{self._args.seconds:g} s{also}: start one; if it runs, compare ROS_DOMAIN_ID "
                f"(here {_domain()}) and see: edge_compress doctor"
            )
        if self._args.json:
            self._print_json(now)
        else:
            from rich.console import Console

            self._print(Console(), now)
        return int(any(view.level in (Level.ERROR, Level.STALE) for view in now.views))

    def live(self) -> None:
        """Show pictures until the user ends it."""
        if self._args.json:
            while True:
                self._listener.listen_for(self._args.period)
                self._print_json(self._now())
        from rich.console import Console

        console = Console()
        if not console.is_terminal:
            while True:
                self._listener.listen_for(self._args.period)
                self._print(console, self._now())
        self._on_screen(console)

    def _on_screen(self, console: Console) -> None:
        from rich.live import Live

        from edge_compress.cli.monitor_keys import Keys

        with ExitStack() as stack:
            keys = stack.enter_context(Keys())
            live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
            while True:
                live.update(picture(self._now(), self._heading(), console.size), refresh=True)
                end = time.monotonic() + self._args.period
                pressed = ""
                while not pressed and (left := end - time.monotonic()) > 0:
                    self._listener.listen(min(left, 0.1))
                    pressed = keys.pressed()
                if pressed == "q":
                    return
                if pressed == "s":
                    step = SORT_KEYS.index(self._sort) + 1
                    self._sort = SORT_KEYS[step % len(SORT_KEYS)]

    def _now(self) -> Picture:
        return self._fleet.picture(
            time.monotonic(), self._sort, self._listener.reporters(), all_kinds=self._args.all
        )

    def _heading(self) -> str:
        order = "" if self._sort == "name" else f"  sorted by {self._sort}"
        return f"{time.strftime('%H:%M:%S')}  domain {_domain()}{order}"

    def _print(self, console: Console, now: Picture) -> None:
        console.print(picture(now, self._heading(), console.size, whole=True))

    def _print_json(self, now: Picture) -> None:
        told = {"time": time.time(), "domain": _domain(), "nodes": _known(now.views)}
        print(
            json.dumps({**told, "others": now.others, "unheard": now.unheard}),
            flush=True,
        )


def _domain() -> str:
    return os.environ.get("ROS_DOMAIN_ID") or "0"


def _known(value: object) -> object:
    """Return what is known, ready for JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Level):
        return value.name
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item not in (None, "")}
    if isinstance(value, (list, tuple)):
        return [_known(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value
