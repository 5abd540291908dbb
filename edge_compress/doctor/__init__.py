"""What on this machine keeps frames, figures or speed away, and what helps; no ROS in here."""
