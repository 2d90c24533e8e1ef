"""What keeps the product from starting, in words for the person at the terminal."""


class StartFailed(Exception):
    """Something could not be started; the message says what and where to look."""
