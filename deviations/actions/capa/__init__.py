"""What people do with a CAPA: plan it, decide on it, carry it out, judge whether it worked."""
