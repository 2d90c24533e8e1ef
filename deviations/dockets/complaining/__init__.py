"""Complaints: what came in about a batch, looked into by the CDMO, closed by who received it."""
