"""The report as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_compress.compress.record import RunRecord
from edge_compress.compress.report import figures
from edge_compress.compress.report.layers import layer_pairs
from edge_compress.compress.report.plots import latency_plot, step_plots
from edge_compress.compress.report.sample_images import sample_images
from edge_compress.pages.environment import environment


def write_report(path: Path, record: RunRecord) -> None:
    """Write the page: figures, plots and sample frames in one file that needs nothing else.

    It reads on a phone, in light and in dark, and without pictures: each plot and each frame says
    in words what it shows.

    Args:
        path: the .html file.
        record: what the run has measured.
    """
    template = environment("edge_compress.compress.report").get_template("report.html.j2")
    path.write_text(template.render(**_view(record)), encoding="utf-8")


def _view(record: RunRecord) -> dict[str, Any]:
    name = figures.quality_name(record)
    return {
        "run": record,
        "speedup": figures.speedup(record),
        "size_ratio": figures.size_ratio(record),
        "quality": figures.quality(record.final),
        "quality_name": name,
        "labelled": record.final.accuracy is not None,
        "predicted": record.final.predicted,
        "latency_place": figures.latency_place(record),
        "original_p50": figures.p50(record.original),
        "final_p50": figures.p50(record.final),
        "checks": list(figures.checks(record)),
        "passes": [(outcome, figures.changes(outcome, name)) for outcome in record.outcomes],
        "variants": [
            (variant, figures.p50(variant.measured), figures.quality(variant.measured))
            for variant in record.variants
        ],
        "step_plots": step_plots(record),
        "latency_plot": latency_plot(record),
        "layers": layer_pairs(record),
        "samples": sample_images(record.samples),
    }
