"""Queries: one side asks, the other answers in its time, the asker closes."""
