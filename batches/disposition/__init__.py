"""What becomes of a batch: a chain of named, signed steps per market, by the clauses of the agreement."""
