"""CAPA as records of their own: words and states, who works on them, their clocks, what a closing asks."""
