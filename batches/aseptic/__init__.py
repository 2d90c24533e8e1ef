"""Hands in an aseptic process: what was done during a fill, and what a media fill qualified."""
