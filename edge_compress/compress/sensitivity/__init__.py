"""What pruning or quantizing each layer alone costs."""
