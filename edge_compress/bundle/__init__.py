"""The artefact that passes from the workstation to the robot: schema, write, open, verify."""
