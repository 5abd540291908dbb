"""What a run has done, as one HTML page and as a table in the terminal."""

from edge_compress.compress.report.page import write_report
from edge_compress.compress.report.terminal import terminal_table

__all__ = ["terminal_table", "write_report"]
