"""What can be wrong with a file or its map, in words for the person who gave them."""


class ReplayProblem(Exception):
    """The replay cannot go on; the message says why and what would help."""


class FileProblem(ReplayProblem):
    """The file cannot be read as a table."""


class MapProblem(ReplayProblem):
    """The map does not say, or wrongly says, what the file means."""


class TargetProblem(ReplayProblem):
    """The batch cannot be found or takes no readings."""
