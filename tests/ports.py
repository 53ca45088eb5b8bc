"""Ports of this machine that stay free until the test that asked for one uses it."""

import random
import socket

# Below those that the system hands out by itself (Linux: from 32768 on): nothing else that runs meanwhile is given one.
_RANGE = (12_000, 30_000)
_random = random.SystemRandom()  # pytest-randomly seeds the other one alike in every process


def free() -> int:
    """A port that nobody listens at."""
    while True:
        port = _random.randint(*_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
