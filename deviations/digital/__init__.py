"""The digital deviation: one published form in which a deviation travels between quality systems."""
