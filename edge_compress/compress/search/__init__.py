"""Recipes and architectures found automatically, for a device and a budget."""
