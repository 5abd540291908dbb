"""What single operators take on this machine, so that a workstation can predict whole models."""
