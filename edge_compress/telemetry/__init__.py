"""Latency, drops, power and heat; plain Python, no ROS, clock and root injected."""
