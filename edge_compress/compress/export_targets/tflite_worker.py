"""Runs in litert-torch's own environment, as a script: no edge_compress there.

python tflite_worker.py convert PROGRAM.pt2 MODEL.tflite
python tflite_worker.py run MODEL.tflite INPUT.npy OUTPUTS.npz
"""

from __future__ import annotations

import sys
from typing import Any


def convert(program: str, model: str) -> None:
    """Write a float32 .tflite of an ExportedProgram."""
    import litert_torch  # type: ignore[import-not-found]
    import torch

    loaded = torch.export.load(program)
    (names, _) = loaded.example_inputs if loaded.example_inputs else ((), {})
    litert_torch.convert(loaded.module(), tuple(names)).export(model)


def run(model: str, given: str, answers: str) -> None:
    """Run one frame, and save the outputs in the program's order as ``output_0`` and so on."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-not-found]

    interpreter: Any = Interpreter(model, num_threads=1)
    runner = interpreter.get_signature_runner("serving_default")
    (name,) = runner.get_input_details()
    found = runner(**{name: np.load(given)})
    # Named output_0, output_1, ...: the tenth must not come before the second.
    order = sorted(found, key=lambda key: int(key.rsplit("_", 1)[-1]))
    np.savez(answers, **{f"output_{i}": found[key] for i, key in enumerate(order)})


if __name__ == "__main__":
    (convert if sys.argv[1] == "convert" else run)(*sys.argv[2:])
