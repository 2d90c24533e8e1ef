"""Public recalls as real deviation language: rolled up by event, and copied into a program."""
