"""NNCF's post-training quantization with its defaults; run by the Python of its own environment."""

import sys

import nncf
import numpy as np
import onnx


def main() -> None:
    """`nncf_int8.py FLOAT.onnx FRAMES.npy INT8.onnx`."""
    source, frames, target = sys.argv[1:]
    model = onnx.load(source)
    name = model.graph.input[0].name
    dataset = nncf.Dataset([{name: frame[None]} for frame in np.load(frames)])
    onnx.save(nncf.quantize(model, dataset), target)


if __name__ == "__main__":
    main()
