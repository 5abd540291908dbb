"""What matters least in a network, and how it is taken away."""
