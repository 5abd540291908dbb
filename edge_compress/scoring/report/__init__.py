"""An evaluation as JSON, for machines, and as one HTML page, for people."""

from edge_compress.scoring.report.write import make_folder, write_report

__all__ = ["make_folder", "write_report"]
