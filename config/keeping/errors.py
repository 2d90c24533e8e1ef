"""What keeps a backup or a restore from happening, in words for the person at the terminal."""


class KeepingFailed(Exception):
    """Nothing was made, or nothing was changed; the message says why and what would be accepted."""
