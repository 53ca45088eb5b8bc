"""The public side of the log: its checkpoint, tiles and keys, as C2SP tlog-tiles has them. Nothing personal in it."""

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from consent import witnesses
from consent.log import note, published, tiles

# A full tile never changes; a checkpoint may at any moment.
FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The checkpoint last published, as it was signed, with the cosignatures that it has."""
    latest = published.latest()
    if latest is None:
        raise Http404("The log is empty; its first checkpoint comes with its first entry.")
    return HttpResponse(
        published.cosigned(latest),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def tile(_request: HttpRequest, address: str) -> HttpResponse:
    """A tile of hashes, or a bundle of entries, of the published log."""
    try:
        wanted = tiles.parse_path(f"tile/{address}")
    except tiles.TileInvalid as error:
        raise Http404(str(error)) from error
    latest = published.latest()
    if latest is None or wanted.end > latest.size:
        raise Http404("The log does not reach that far.")
    if wanted.level == tiles.ENTRIES:
        content = published.read_entries(wanted.index, wanted.width)
    else:
        content = published.read_tile(wanted.level, wanted.index, wanted.width)
    return HttpResponse(content, content_type="application/octet-stream", headers={"Cache-Control": FOR_EVER})


@require_safe
def key(_request: HttpRequest) -> HttpResponse:
    """The keys whose signature counts, one a line, as C2SP verifier keys."""
    return _lines(published.keys())


@require_safe
def witnessed_by(_request: HttpRequest) -> HttpResponse:
    """The keys of the witnesses that are asked to cosign, one a line; empty where there is none."""
    return _lines(witness.verifier for witness in witnesses.configured())


def _lines(verifiers: Iterable[note.Verifier]) -> HttpResponse:
    lines = "".join(f"{verifier}\n" for verifier in verifiers)
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("log/checkpoint", checkpoint, name="log_checkpoint"),
    path("log/key", key, name="log_key"),
    path("log/witnesses", witnessed_by, name="log_witnesses"),
    path("log/tile/<path:address>", tile, name="log_tile"),
]
