"""Dockets: records that are worked by steps, each with words and a person: queries, changes, complaints."""
