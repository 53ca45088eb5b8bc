"""The processes in which files of strangers are read: without a key, and with limits that they cannot lift."""

import os
import resource
from math import ceil

# No key, no address of a database: what reads strangers' files has nothing to give away.
_KNOWN = (
    "PATH",
    "LANG",
    "LC_ALL",
    "HOME",
    "TMPDIR",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_PROCESS_START",
)


def environment() -> dict[str, str]:
    """What of our environment such a process may know."""
    return {name: os.environ[name] for name in _KNOWN if name in os.environ}


def limit(*, memory: int, seconds: float) -> None:
    """Set the limits of the process that calls this: bytes of memory, and seconds of a processor."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(seconds), ceil(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
