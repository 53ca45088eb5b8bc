"""Taking in the stops that waited on disk while the database refused them."""

import time

from django.http import Http404

from consent import spool
from consent.preferences import arriving, entry, keeping, pages, stop_links

EVERY = 1.0  # seconds

_last = 0.0


def drain() -> int:
    """Record what waits on disk, as of when it was said. Returns how much that was."""
    global _last
    if time.monotonic() - _last < EVERY:
        return 0
    _last = time.monotonic()
    return spool.drain(keeping.DOOR, _take_in)


def _take_in(content: bytes) -> None:
    address, said, how = keeping.read(content)
    kind, _slash, token = address.partition("/")
    try:
        if kind == "stop":
            stop_links.stop(token, said["key"], how)
        elif kind == arriving.NUMBER:
            arriving.take_in(token, said, how)
        elif kind == arriving.NAMED:
            arriving.take_in_named(token, said, how)
        else:
            pages.take_in(token, said, how)
    except (Http404, entry.Over):
        return  # the address was ours, but nothing is held under it: there is nothing to stop
