"""Watch models as signed records, and what they say of running batches (`batches.watching` computes it)."""
