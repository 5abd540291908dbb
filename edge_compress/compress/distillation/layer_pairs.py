"""Inner layers of a student that are to be like inner layers of its teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from pydantic import Field
from torch import Tensor, nn

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.distillation.error import DistillationError
from edge_compress.compress.distillation.features import captured, layers_named
from edge_compress.compress.parameter import tunable

CHANNELS = {2: 1, 3: 2, 4: 1}  # their axis, by the number of axes: vectors, tokens, feature maps


class LayerPair(StrictModel):
    """A layer of each; a pattern that fits several pairs them in their order."""

    teacher: str = Field(min_length=1, description="name, or shell-style pattern")
    student: str = Field(min_length=1, description="name, or shell-style pattern")
    weight: float = tunable(
        1.0, gt=0, search=(0.1, 100.0), log=True, description="beside the loss of the outputs"
    )


@dataclass(frozen=True)
class Match:
    """Two layers by name, with the shapes of what they give for one frame."""

    teacher: str
    student: str
    weight: float
    wanted: torch.Size
    found: torch.Size


def matches(
    pairs: Sequence[LayerPair],
    key: str,
    teacher: tuple[nn.Module, Tensor],
    student: tuple[nn.Module, Tensor],
) -> list[Match]:
    """Find the layers and see that they can be compared.

    Args:
        pairs: of the recipe.
        key: ``hints`` or ``attention``.
        teacher: its module, and one frame as it is fed.
        student: the same of the student.

    Raises:
        LayerPatternError: for a pattern that fits no layer.
        DistillationError: when two layers cannot be compared.
    """
    made = []
    for index, pair in enumerate(pairs):
        place = f"{key}.{index}"
        wanted = layers_named(teacher[0], pair.teacher, f"{place}.teacher")
        found = layers_named(student[0], pair.student, f"{place}.student")
        if len(wanted) != len(found):
            raise DistillationError(
                f"`{place}`: {pair.teacher!r} fits {len(wanted)} layers of the teacher, "
                f"{pair.student!r} {len(found)} of the student; they are paired in order"
            )
        theirs, mine = _shapes(*teacher, wanted, place), _shapes(*student, found, place)
        for one, other in zip(wanted, found, strict=True):
            match = Match(one, other, pair.weight, theirs[one], mine[other])
            _check(match, key, place)
            made.append(match)
    return made


def adapter(match: Match) -> nn.Module:
    """From the student's channels to the teacher's: nothing, a 1x1 convolution, or a linear layer.

    Romero et al., "FitNets", arXiv:1412.6550, call it the regressor.
    """
    axis = CHANNELS[len(match.found)]
    inputs, outputs = match.found[axis], match.wanted[axis]
    if inputs == outputs:
        return nn.Identity()
    return nn.Conv2d(inputs, outputs, 1) if len(match.found) == 4 else nn.Linear(inputs, outputs)


def _shapes(
    module: nn.Module, frame: Tensor, names: Sequence[str], place: str
) -> dict[str, torch.Size]:
    try:
        with torch.no_grad(), captured(module, names) as seen:
            module.eval()(frame)
    except (RuntimeError, ValueError) as error:
        size = f"{frame.shape[3]}x{frame.shape[2]}"
        raise DistillationError(
            f"`{place}`: the teacher does not run at the student's {size}: {error}"
        ) from error
    for name in names:
        if name not in seen:
            raise DistillationError(f"`{place}`: {name} is never called in the model")
    return {name: tensor.shape for name, tensor in seen.items()}


def _check(match: Match, key: str, place: str) -> None:
    both = f"{match.teacher} {list(match.wanted)} and {match.student} {list(match.found)}"
    axes = len(match.wanted)
    if key == "attention" and (axes != 4 or len(match.found) != 4):
        raise DistillationError(
            f"`{place}`: {both}: attention is compared of feature maps [n, channels, height, width]"
        )
    if axes != len(match.found) or axes not in CHANNELS:
        raise DistillationError(f"`{place}`: {both} cannot be compared: give layers of one kind")
    if axes == 3 and match.wanted[1] != match.found[1]:
        raise DistillationError(f"`{place}`: {both} cannot be compared: they have other tokens")
