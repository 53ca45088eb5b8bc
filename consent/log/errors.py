"""Why nothing is appended to the log; every such reason says what to do."""


class LogRefuses(RuntimeError):
    """Appending now would harm the log; capture goes on, and what it records waits."""
