"""The executed record of a batch: who did which step, what was entered, what the samples gave."""
