"""The one-line script that puts a form into somebody else's website."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

SCRIPT = (Path(__file__).parent / "embed.js").read_bytes()


@require_safe
def script(_request: HttpRequest) -> HttpResponse:
    """The script, at an address that never changes."""
    response = HttpResponse(SCRIPT, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is made for other websites
    return response
