"""The copy of a CDMO's own quality system: who masters which field, and where both say different things."""
