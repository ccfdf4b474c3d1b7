"""The one error of the launcher: a sentence for the person at the terminal, with the remedy in it."""


class LaunchError(Exception):
    """Something prevents the start, or a part ended; the text says what to do."""
