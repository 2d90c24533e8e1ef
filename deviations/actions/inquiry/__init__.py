"""The actions on an investigation."""
