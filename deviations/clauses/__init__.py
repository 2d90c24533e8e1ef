"""What the clauses of an agreement make of a deviation: by which rule, until when, at once."""
