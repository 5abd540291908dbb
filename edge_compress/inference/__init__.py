"""On the robot: a detector from a bundle, on ONNX Runtime."""
