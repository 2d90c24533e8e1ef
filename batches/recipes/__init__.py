"""Master records as documents: their schema, the forms they come and go in, what changed between two."""
