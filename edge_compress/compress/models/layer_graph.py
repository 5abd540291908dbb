"""Which layer feeds which, for modules that torch.fx can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from torch import fx, nn

from edge_compress.compress.models.tuple_output import TupleOutput


class NotTraceable(Exception):
    """torch.fx cannot read the module; the message says why."""


@dataclass(frozen=True)
class LayerGraph:
    """A module and the calls that its forward makes.

    Attributes:
        root: the module whose layers the calls name; changing a layer here changes the model.
        graph: the calls in order; ``call_module`` nodes are layers of torch.nn or of an imported
            graph.
        prefix: what stands before a layer's name in the model that was given.
    """

    root: nn.Module
    graph: fx.Graph
    prefix: str = ""

    def layer(self, node: object) -> nn.Module | None:
        """The layer that a node calls; None for anything else, and where weights are shared."""
        if not isinstance(node, fx.Node) or node.op != "call_module":
            return None
        name = str(node.target)
        layer = self.root.get_submodule(name)
        shared = self._calls[name] > 1 and any(True for _ in layer.parameters())
        return None if shared else layer

    def layers(self) -> Iterator[tuple[fx.Node, nn.Module]]:
        """Each layer that `layer` gives, in order of the calls."""
        for node in self.graph.nodes:
            layer = self.layer(node)
            if layer is not None:
                yield node, layer

    def name(self, node: fx.Node) -> str:
        """The layer's name in the model that was given."""
        return f"{self.prefix}{node.target}"

    @cached_property
    def _calls(self) -> Counter[str]:
        return Counter(str(n.target) for n in self.graph.nodes if n.op == "call_module")


def layer_graph(module: nn.Module) -> LayerGraph:
    """Read the calls of a module's forward, without running it.

    Raises:
        NotTraceable: when what is called depends on the values.
    """
    prefix = ""
    while isinstance(module, TupleOutput):
        module, prefix = module.module, f"{prefix}module."
    if isinstance(module, fx.GraphModule):
        return LayerGraph(module, module.graph, prefix)
    try:
        return LayerGraph(module, fx.Tracer().trace(module), prefix)
    except Exception as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise NotTraceable(
            f"torch.fx cannot read {type(module).__name__}: {reason}; export it as ONNX and start "
            "from that file"
        ) from error
