"""Keeping it: backups that are whole or absent, and restores that are held against what others keep."""
