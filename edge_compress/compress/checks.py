"""Mistakes in a recipe's passes, told before any long work begins."""

from __future__ import annotations

from collections.abc import Sequence

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.errors import EdgeCompressError


class PassError(EdgeCompressError):
    """A pass cannot do what it is asked for; the message names the pass and the key."""


def check_passes(passes: Sequence[Pass], candidate: Candidate, context: Context) -> None:
    """Let each pass look at its parameters, the model and the data.

    Passes after one that puts other layers in are not asked: their layers are not there yet.

    Raises:
        PassError: for the first pass that does not fit.
    """
    for index, pass_ in enumerate(passes):
        try:
            pass_.check(candidate, context)
        except (EdgeCompressError, PassFailed) as error:
            raise PassError(f"`passes.{index}` ({pass_.kind}): {error}") from error
        if pass_.replaces_layers:
            return
