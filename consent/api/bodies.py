"""The body of a request: how long it is said to be, whether all of it came, and that it is sent as it is."""

from collections.abc import Iterator

from django.http import HttpRequest

from consent.errors import BadInput

PIECE = 64 * 1024  # bytes read at once


def length(said: str) -> int | None:
    """How many bytes a Content-Length announces; None where nothing, or no number, is said."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None


def refuse_packed(encoding: str) -> None:
    """Raise BadInput where a Content-Encoding says that the body is compressed."""
    if encoding.strip().lower() not in ("", "identity"):
        raise BadInput("body.encoding", "Send the body as it is, not compressed.", status=415)


def other_charset() -> BadInput:
    """What is said of a Content-Type that names another charset than UTF-8."""
    return BadInput("body.media_type", "Send the body in UTF-8, and name no other charset.", status=415)


def length_required() -> BadInput:
    """What is said of a body that announces no length."""
    return BadInput("body.length_required", "Send a Content-Length.", status=411)


def cut_off() -> BadInput:
    """What is said of a body of which not everything came."""
    return BadInput("body.cut_off", "The body ended before its Content-Length.", status=400)


def pieces(request: HttpRequest, *, most: int, too_large: BadInput) -> Iterator[bytes]:
    """A file that is the body, piece by piece. Raises BadInput where it is packed or cut off, and `too_large` where
    it has more than `most` bytes.

    Does NOT read line by line: what the web server calls `readline` loses everything after the first line.
    """
    refuse_packed(request.headers.get("Content-Encoding", ""))
    promised = length(request.headers.get("Content-Length", ""))
    if promised is None:
        raise length_required()
    if promised > most:
        raise too_large
    came = 0
    while piece := request.read(PIECE):
        came += len(piece)
        yield piece
    if came < promised:
        raise cut_off()
