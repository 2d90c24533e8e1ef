"""Measures the product beside the raw limit of the same machine, in one run on a stand of its own."""
