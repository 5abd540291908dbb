"""NVIDIA TensorRT 8.5 to 11, used directly: engines built once, kept, and run without copies.

Nothing here imports TensorRT or CUDA before a session is opened. No engine of this code has been
built on hardware yet; what it calls is checked against NVIDIA's published bindings.
"""
