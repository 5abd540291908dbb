"""Layers of the original and of the compressed model, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from edge_compress.compress.record import LayerRow, RunRecord


@dataclass(frozen=True)
class LayerPair:
    """One layer in both models; None where a model does not have it."""

    name: str
    before: LayerRow | None
    after: LayerRow | None

    @property
    def changed(self) -> bool:
        """Whether anything about the layer differs."""
        return self.before != self.after


def layer_pairs(record: RunRecord) -> list[LayerPair]:
    """Every layer by name, in the original's order; layers that a pass added come at the end."""
    before = {row.name: row for row in record.layers_before}
    after = {row.name: row for row in record.layers_after}
    names = [*before, *(name for name in after if name not in before)]
    return [LayerPair(name, before.get(name), after.get(name)) for name in names]
