"""The pages of the batches app."""
