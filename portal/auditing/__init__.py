"""The auditor: proves from outside the worker that what was due has happened, and says so when it has not."""
