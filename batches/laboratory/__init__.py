"""Samples on their way through laboratories, and certificates of analysis beside the record."""
