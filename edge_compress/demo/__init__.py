"""`make demo`: the whole road once, on a real detector and real footage."""
