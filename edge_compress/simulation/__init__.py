"""A world of Gazebo's, drawn by MuJoCo: where there is no Gazebo, and no GPU."""
