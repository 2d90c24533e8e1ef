"""Who is on duty: rotations, stand-ins, absences and duty hours, computed from what a roster says."""
