"""The parameters of status_image."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter

STATUS_IMAGE_PARAMETERS = (
    Parameter("namespaces", [], "Show only nodes in these namespaces; empty for all."),
    Parameter(
        "stale_s", 5.0, "Seconds without a report until a node is silent.", low=0.5, high=86400
    ),
    Parameter("period_s", 1.0, "Seconds between two pictures.", low=0.1, high=60),
    Parameter("width", 900, "Of the picture, in pixels.", low=100, high=4096),
    Parameter("lines", 16, "Lines of text; the last one counts what is left out.", low=2, high=200),
)
