"""Site events: one record in the site's own space, one impact statement per affected program."""
