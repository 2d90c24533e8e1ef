"""Feeds of site gateways: frames in a chain, on a clock of their own, also when they come late."""
