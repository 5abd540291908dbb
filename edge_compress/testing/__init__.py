"""Tests of a bundle for a team's own CI: fly it in simulation, and score what it saw."""
