"""rosbag2 bags without ROS: read whole or cut off, and written whole or not at all."""
