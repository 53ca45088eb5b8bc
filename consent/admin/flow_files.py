"""The flow of a capture point for RapidPro and Weni, with a key of its own in it."""

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import catalogue
from consent.api import keys
from consent.capture.app import showing
from consent.models import ApiKey, CapturePoint
from consent.relay import flow_file


def download(request: HttpRequest, point: CapturePoint, language: str) -> HttpResponse:
    """The file to import. Each download makes a key, which hands in consents and nothing else."""
    if not request.user.has_perm("consent.add_apikey"):
        raise PermissionDenied
    ask = catalogue.ask(point.company.slug, point.slug)
    if ask is None or not ask.is_open or language not in ask.languages:
        raise Http404
    if len(showing.answer(ask, language, now=timezone.now())) > flow_file.MOST_BYTES:
        messages.error(
            request, _("The words of this capture point are too long for a flow: shorten the notice.")
        )
        return redirect("admin:consent_capturepoint_change", point.pk)
    key = keys.issue(
        point.company, name=f"Flow {point.slug} {language}"[:80], scopes=[ApiKey.Scope.CONSENTS.value]
    )
    content = json.dumps(flow_file.make(ask, language=language, key=key), indent=1)
    headers = {"Content-Disposition": f'attachment; filename="{point.slug}-{language}-flow.json"'}
    return HttpResponse(content, content_type="application/json", headers=headers)
