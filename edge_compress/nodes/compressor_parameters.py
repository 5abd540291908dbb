"""The compressor's parameters."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter

COMPRESSOR_PARAMETERS = (
    Parameter("recipe", "", "Recipe (YAML) that says which model to compress, and how.", path=True),
    Parameter("output", "", "Folder of the bundle to write, such as people.bundle.", path=True),
    Parameter(
        "resume", True, "Go on after the last finished pass of an interrupted run of this recipe."
    ),
    Parameter("overwrite", False, "Replace the bundle if it exists."),
    Parameter("exit_when_done", False, "End the process when the bundle is written."),
    Parameter(
        "diagnostics_period_s",
        1.0,
        "Seconds between two reports.",
        low=0.05,
        high=60,
    ),
)
