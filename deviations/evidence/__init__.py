"""The evidence pack: a deviation with all that was going on around it, to be taken away by either side."""
