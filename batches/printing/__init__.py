"""A batch on paper: its executed record, and the certificate of what was decided of it."""
