"""How people are told: by what, when, and what they may choose of it."""
