"""Static INT8 quantization of an exported ONNX graph, one file a step."""
