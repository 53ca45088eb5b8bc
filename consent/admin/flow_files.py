"""The flow of a capture point for RapidPro and Weni, with a key of its own in it."""

import json

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from consent import catalogue
from consent.api import keys
from consent.models import ApiKey, CapturePoint
from consent.relay import flow_file


def download(request: HttpRequest, point: CapturePoint, language: str) -> HttpResponse:
    """The file to import. Each download makes a key, which hands in consents and nothing else."""
    if not request.user.has_perm("consent.add_apikey"):
        raise PermissionDenied
    ask = catalogue.ask(point.company.slug, point.slug)
    if ask is None or not ask.is_open or language not in ask.languages:
        raise Http404
    key = keys.issue(
        point.company, name=f"Flow {point.slug} {language}"[:80], scopes=[ApiKey.Scope.CONSENTS.value]
    )
    content = json.dumps(flow_file.make(ask, language=language, key=key), indent=1)
    headers = {"Content-Disposition": f'attachment; filename="{point.slug}-{language}-flow.json"'}
    return HttpResponse(content, content_type="application/json", headers=headers)
