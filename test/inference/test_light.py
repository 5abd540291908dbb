"""A robot has no PyTorch."""

from __future__ import annotations

import subprocess
import sys


def test_detecting_imports_neither_torch_nor_the_tools_of_compression(make_bundle):
    program = f"""
import sys
import numpy as np
from edge_compress.inference.detector import Detector
from edge_compress.telemetry import energy, frames, latency, power, process, thermal
from edge_compress.vision import compressed, drawing, encodings
Detector.open({str(make_bundle())!r}).detect(np.zeros((64, 96, 3), np.uint8))
heavy = ("torch", "torchvision", "onnx", "onnx2torch", "matplotlib", "rclpy", "pandas")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
