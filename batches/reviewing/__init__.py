"""Review of the batch record by exception, by both sides at once (21 CFR 211.192, EU GMP Annex 11 8.2)."""
