"""Pages of the deviations app: log one, read and move one, list them."""
