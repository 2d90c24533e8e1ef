"""The quality agreement as data: its rules, what is wrong with them, and what they say of a record."""
