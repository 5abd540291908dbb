"""All passes of a candidate one after the other, without the measurements between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import restore
from edge_compress.compress.pass_base import Context, Pass
from edge_compress.compress.seeds import seed_everything
from edge_compress.compress.training.teacher import Teacher

QUARTERS = 4  # of a training: often enough to give up in time, seldom enough to cost little

Look = Callable[[str, Candidate], None]


class CarriedOut(NamedTuple):
    """What the passes have made.

    Attributes:
        candidate: the last.
        teacher: what it was taken from: the start, or what a pass that teaches has made of it.
    """

    candidate: Candidate
    teacher: Teacher


def carry_out(
    passes: Sequence[Pass], start: Candidate, context: Context, look: Look | None = None
) -> CarriedOut:
    """Run passes with the seeds and teachers that a run of the recipe gives them.

    Args:
        passes: in order.
        start: left unchanged.
        context: of the first pass, with the recipe's seed.
        look: is shown what there is at each quarter of a training and after each pass but the last,
            with the name of that place, such as ``distill 1/4``. It may raise.

    Raises:
        PassFailed: when one of them cannot be carried out.
    """
    candidate, teacher = start, context.teacher
    kinds = Counter[str]()
    for index, pass_ in enumerate(passes):
        kinds[pass_.kind] += 1
        number = f" {kinds[pass_.kind]}" if kinds[pass_.kind] > 1 else ""
        place = f"{pass_.kind}{number}"
        seed = context.seed + index
        own = replace(
            context,
            teacher=teacher,
            seed=seed,
            after_epoch=None if look is None else _quarters(place, look),
        )
        seed_everything(seed)
        candidate = pass_.run(candidate, own)
        restore(candidate.module)  # what an earlier pass was asked for
        if pass_.teaches:
            teacher = Teacher(candidate, context.learn, context.progress)
        if look is not None and index < len(passes) - 1:
            look(place, candidate)
    return CarriedOut(candidate, teacher)


def _quarters(place: str, look: Look) -> Callable[[Candidate, float], None]:
    """Show a student whenever another quarter of its training is over, but for the last one."""
    seen = 0

    def after_epoch(student: Candidate, done: float) -> None:
        nonlocal seen
        quarter = int(done * QUARTERS + 1e-9)
        if quarter < seen:  # the next training of the same pass, such as after another cut
            seen = 0
        if seen < quarter < QUARTERS:
            look(f"{place} {quarter}/{QUARTERS}", student)
        seen = quarter

    return after_epoch
