"""How far the build of a TensorRT engine is, shown to whoever waits for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_compress.inference.tensorrt.build_status import BuildStatus, OnBuild

LINE_SECONDS = 15.0  # between two lines where there is no terminal


@contextmanager
def build_progress(name: str) -> Iterator[OnBuild]:
    """Give an `on_build` that shows a bar on a terminal, and a line now and then on anything else.

    Nothing is shown where nothing is built. Ctrl-C is what cancels.

    Args:
        name: of what is built.
    """
    if sys.stderr.isatty():
        with ExitStack() as stack:
            yield _bar(name, stack)
    else:
        yield lines(name)


def lines(name: str) -> OnBuild:
    """Give an `on_build` that prints a line about every 15 seconds."""
    last = 0.0

    def show(status: BuildStatus) -> bool:
        nonlocal last
        if status.seconds - last >= LINE_SECONDS:
            last = status.seconds
            print(f"building {name}: {_said(status)}", file=sys.stderr, flush=True)
        return True

    return show


def _bar(name: str, stack: ExitStack) -> OnBuild:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    name_column = TextColumn("{task.description}", markup=False)  # a path may have brackets
    columns = (name_column, BarColumn(), TextColumn("{task.fields[said]}"))
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(f"building {name}", total=None, said="")

    def show(status: BuildStatus) -> bool:
        if not bar.live.is_started:
            stack.enter_context(bar)
        if status.fraction is None:
            bar.update(task, total=None, said=_said(status))
        else:
            bar.update(task, total=1.0, completed=status.fraction, said=_said(status))
        return True

    return show


def _said(status: BuildStatus) -> str:
    parts = [f"{status.seconds:.0f} s"]
    if status.fraction is not None:
        parts.append(f"{100 * status.fraction:.0f} %")
    if status.remaining_s is not None:
        parts.append(f"about {status.remaining_s:.0f} s to go")
    if status.phase:
        parts.append(status.phase)
    return ", ".join(parts)
