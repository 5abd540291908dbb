"""Store the weights in half precision; the runtime widens them once, when it loads the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import Context, Pass, PassFailed


class HalfWeights(Pass):
    """Halve the file: 16-bit weights with a Cast that runtimes fold away as they load.

    Nothing is computed in half precision, so the speed stays as it is. Rounding to 11 significant
    bits (IEEE 754 binary16) moves a weight by at most 1 part in 2048.
    """

    kind: Literal["half_weights"] = "half_weights"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with the plan to store it so; it is carried out at export.

        Raises:
            PassFailed: when it is stored so already.
        """
        if candidate.half_weights:
            raise PassFailed("the weights are stored in half precision already")
        return replace(candidate, half_weights=True)
