"""The first command: a virtual environment, locked packages, front-end assets. Standard library only."""
