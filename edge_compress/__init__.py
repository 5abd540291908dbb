"""Make camera models small and fast for robots, and run them as ROS 2 nodes."""

__version__ = "0.1.0"
