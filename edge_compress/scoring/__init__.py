"""Detections against ground truth: matched by stamp and box, and counted as COCO does."""
