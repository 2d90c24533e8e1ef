"""The first command: a virtual environment, locked packages, front-end assets. Standard library only.

It runs on any Python from 3.11 on, before a single package is installed; nothing here may import one.
"""
