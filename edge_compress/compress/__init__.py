"""Offline compression: recipes, passes, measured acceptance, export and report. Needs torch."""
