"""ROS 2 nodes: messages in and out around what the layers below do; the only use of rclpy."""
