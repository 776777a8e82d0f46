"""The one exception of packdepth that a user is meant to read."""


class InputError(ValueError):
    """What a user gave is wrong. The message is one line: what was wrong, what was expected, and where.

    The command line prints it alone and exits with code 2.
    """
