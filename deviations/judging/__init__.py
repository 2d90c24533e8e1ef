"""How a deviation is judged: its impact, the other batches it may touch, its class, what it is tied to."""
